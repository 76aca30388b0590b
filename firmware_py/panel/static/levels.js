// The sound card's own levels: capture gain and playback volume, where it has such controls.
import { attempt, capital, h, say } from "./dom.js";
import { link } from "./link.js";
import { slider } from "./slider.js";

const PERCENT = { minimum: 0, maximum: 100, unit: "%", whole: true };
const NAMES = { capture: "Input gain", playback: "Output volume" };

const decibels = (db) => `${db > 0 ? "+" : db < 0 ? "−" : ""}${Math.abs(db).toFixed(1)} dB`;

/** Sends the newest level of a direction, one request at a time. */
function sender(direction, done) {
  let newest = null;
  let busy = false;
  return async function send(percent) {
    newest = percent;
    if (busy) return;
    busy = true;
    while (newest !== null) {
      const level = `${newest}%`;
      newest = null;
      const told = await attempt(() => link.call("audio_level", { direction, level }));
      if (newest === null) done(told);
    }
    busy = false;
  };
}

function fader(direction, answered) {
  const id = `level-${direction}`;
  const name = h("label", { for: id }, NAMES[direction]);
  const value = h("span", { class: "value" });
  const send = sender(direction, answered);
  const way = slider(PERCENT, (percent) => {
    way.show(percent);
    say(value, `${percent} %`);
    send(percent);
  }, { id });
  const root = h("div", { class: "fader", "data-level": direction }, name, way.root, value);
  return { root, show({ control, percent, db }) {
    if (way.held()) return;
    root.title = capital(control);
    // The card's steps may be coarser than the slider's: arrow keys must get past them.
    if (document.activeElement !== way.range) way.show(percent);
    say(value, db === null ? `${percent} %` : decibels(db));
  } };
}

/** `root` to place; `show(levels)` as `audio_devices` tells them; without one it is empty. */
export function cardLevels() {
  const root = h("div", { class: "stack levels", role: "group", "aria-label": "Levels of the card", hidden: true });
  const faders = {};
  let last = [];

  function show(levels) {
    last = levels;
    root.hidden = !levels.length;
    const shown = levels.map((level) => {
      const made = faders[level.direction] ??= fader(level.direction, (told) => show(told?.levels ?? last));
      made.show(level);
      return made.root;
    });
    if (shown.length !== root.children.length || shown.some((each, at) => each !== root.children[at])) root.replaceChildren(...shown);
  }
  return { root, show };
}
