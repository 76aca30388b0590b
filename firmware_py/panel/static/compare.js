// Undo of changed settings, and two versions of a sound (A and B) that are compared with one tap.
import { attempt, h, say } from "./dom.js";
import { link } from "./link.js";
import { store, watch } from "./store.js";

const TOGETHER_MS = 800; // changes that follow each other so closely are one step: a drag
const MOST = 50;

const values = () => Object.fromEntries(Object.entries(store.settings).map(([name, { value }]) => [name, value]));
const differing = (from, to) => Object.fromEntries(Object.entries(to).filter(([name, value]) => from[name] !== value));

/** Buttons for the head of Sound. What another phone or a preset's change does is followed. */
export function compare() {
  const undoButton = h("button", { type: "button", id: "undo", disabled: true, onclick: undo }, "Undo");
  const abButton = h("button", { type: "button", id: "ab", onclick: swap }, "A / B");
  const before = []; // older values, the newest last
  let last = null;
  let changedAt = -Infinity;
  let slot = "A";
  let other = null; // the values of the version that is not heard
  let playing = "";

  /** Make these the values that sound; they are no change of their own. */
  async function apply(wanted) {
    const changes = differing(values(), wanted);
    last = { ...last, ...wanted };
    if (Object.keys(changes).length) await attempt(() => link.call("set", { values: changes }));
  }

  function undo() {
    if (before.length) apply(before.pop());
    changedAt = -Infinity;
    show();
  }

  function swap() {
    if (!store.settings) return;
    const now = values();
    const wanted = other ?? now; // B begins as a copy of A
    other = now;
    slot = slot === "A" ? "B" : "A";
    apply(wanted);
    show();
  }

  function show() {
    undoButton.disabled = !before.length;
    say(abButton, other ? `${slot} plays` : "A / B");
    abButton.setAttribute("aria-label", other ? `${slot} plays; compare with ${slot === "A" ? "B" : "A"}` : "Compare two versions of the sound");
  }

  watch("settings", (settings) => {
    if (!settings) return;
    const now = values();
    const { model, preset } = store.status;
    if (playing !== `${model} ${preset}`) { // another sound: its past is not this one's
      playing = `${model} ${preset}`;
      before.length = 0;
      [last, other, slot] = [now, null, "A"];
    } else if (last && Object.keys(differing(last, now)).length) {
      const time = performance.now();
      if (time - changedAt > TOGETHER_MS) before.push(last);
      if (before.length > MOST) before.shift();
      changedAt = time;
      last = now;
    }
    show();
  });
  return h("div", { class: "row", role: "group", "aria-label": "Undo and compare" }, undoButton, abButton);
}
