// Play: what sounds, what is heard, and the few things a foot or thumb wants on stage.
import { showAbout } from "./about.js";
import { attempt, h, say } from "./dom.js";
import { drawEmblem } from "./emblem.js";
import { Graph } from "./graph.js";
import { link } from "./link.js";
import { meter, tuner } from "./meter.js";
import { rangeOf } from "./notes.js";
import { learnable } from "./learn.js";
import { morphRow } from "./morph.js";
import { quickStrip } from "./quick.js";
import { SOURCES, morphing, playing, store, watch } from "./store.js";
import { toneBox } from "./tonebox.js";

const STATS_MS = 3000;

/** Without presets, previous and next step through the models. */
function step(by) {
  if (store.presets.presets.length) {
    return link.call(by > 0 ? "preset_next" : "preset_previous");
  }
  const names = store.models.filter((model) => model.info).map((model) => model.name);
  const at = names.indexOf(store.status.model) + by;
  return link.call("model", { name: names.at(at % names.length) });
}

/** A button for a verb that turns something on and off. */
function toggle(verb, label) {
  const button = h("button", { type: "button", id: verb, class: "toggle", "aria-pressed": "false",
    onclick: () => attempt(() => link.call(verb, { on: !store.status[verb] })) }, label);
  learnable(button, { do: verb });
  watch("status", (status) => button.setAttribute("aria-pressed", Boolean(status[verb])));
  return button;
}

function smallPrint(stats) {
  const { card = {} } = store.status;
  if (card.state !== "running") return `sound card ${card.state ?? "?"}${card.detail ? `: ${card.detail}` : ""}`;
  const xruns = stats?.stream?.xruns;
  return [`${card.rate_hz / 1000} kHz`, `${card.period} × ${card.periods}`,
    `${card.buffer_ms} ms`, xruns === undefined ? null : `${xruns} xrun${xruns === 1 ? "" : "s"}`]
    .filter(Boolean).join(" · ");
}

/** What is played but not followed, or followed but not there: one tap mends it. */
function sourceHint() {
  const button = h("button", { type: "button", id: "play-keyboard",
    onclick: () => attempt(() => link.call("model", { source: "auto" })) });
  const text = h("span", {});
  const root = h("p", { id: "keyboard-hint", class: "row", hidden: true }, text, button);
  watch("status", ({ midi_ports: ports = [], source_mode: mode }) => {
    const keyboard = ports.some(({ kind }) => kind !== "virtual");
    root.hidden = !(mode === "effect" && keyboard) && !(mode === "synth" && !keyboard);
    say(text, keyboard ? "A keyboard is connected, but the box follows the audio input." : "");
    say(button, keyboard ? "Play the keyboard" : "No keyboard is connected: follow the audio input too");
  });
  return root;
}

/** Where a preset stands in the set list, and what comes next. */
function place() {
  const { presets, setlists, setlist } = store.presets;
  const list = setlists[setlist] ?? presets.map(({ name }) => name);
  const at = list.indexOf(store.status.preset);
  if (!list.length) return "";
  const next = list[(at + 1) % list.length];
  return [at < 0 ? "" : `${at + 1} of ${list.length}${setlist ? ` in ${setlist}` : ""}`,
    list.length > 1 || at < 0 ? `next: ${next}` : ""].filter(Boolean).join(" · ");
}

/** The keyboard on the screen takes the picture's place; it is loaded when it is first wanted. */
function keysButton(stage, changed) {
  const deck = () => button.parentElement?.classList;
  let made = null;
  const button = h("button", { type: "button", id: "keys", class: "toggle", "aria-pressed": "false", onclick: async () => {
    if (!made) {
      made = (await import("./keys.js")).keyboard();
      made.root.hidden = true;
      stage.append(made.root);
    }
    show(made.root.hidden);
  } }, "Keys");
  function show(on) {
    if (!made) return;
    if (!on) made.release();
    made.root.hidden = !on;
    button.setAttribute("aria-pressed", on);
    changed(on);
    if (on) made.fill();
  }
  watch("status", (status) => {
    button.hidden = status.source_mode === "effect";
    deck()?.toggle("with-keys", !button.hidden);
    if ((button.hidden || status.tuner) && made && !made.root.hidden) show(false);
  });
  return { button, hide: () => show(false), release: () => made?.release() };
}

/** Previous and next; with a foot they go through the presets. */
function stepButton(id, by, ...text) {
  const button = h("button", { type: "button", id, class: "step", onclick: () => attempt(() => step(by)) }, ...text);
  learnable(button, { do: by > 0 ? "preset_next" : "preset_previous" });
  return button;
}

export function build(root) {
  const picture = h("canvas", { class: "emblem", "aria-hidden": true });
  const about = h("button", { type: "button", id: "about", onclick: () => playing() && showAbout(playing()) }, picture);
  const name = h("button", { type: "button", id: "choose",
    onclick: () => attempt(async () => (await import("./picker.js")).showPicker()) }, "…");
  const preset = h("p", { id: "model-name", class: "preset-name" });
  const at = h("p", { id: "place", class: "dim" });
  const range = h("p", { id: "range", class: "dim" });
  const warnings = h("p", { id: "warnings", class: "problem" });
  const hint = sourceHint();
  const canvas = h("canvas", { id: "graph", role: "img" });
  const input = meter("In");
  const output = meter("Out");
  const display = tuner();
  const small = h("p", { id: "small-print", class: "dim" });
  const graph = new Graph(canvas);
  const shift = toneBox(canvas, graph);
  let keysShown = false;
  const stage = h("div", { class: "stage" }, canvas, display.root, h("div", { class: "stage-foot" }, hint, shift));
  const keys = keysButton(stage, (on) => { keysShown = on; showInstrument(); });
  let stats = null;
  let timer = 0;

  root.append(
    h("div", { class: "instrument" }, about, h("div", {}, h("h1", { id: "instrument" }, name), preset, at, range)),
    warnings,
    stage,
    h("div", { class: "meters" }, input.root, output.root, small),
    h("div", { class: "side" }, morphRow(), quickStrip(), h("div", { class: "deck" },
      stepButton("previous", -1, h("span", { "aria-hidden": true }, "◀ "), "Previous"),
      stepButton("next", 1, "Next", h("span", { "aria-hidden": true }, " ▶")),
      toggle("bypass", "Bypass"), toggle("tuner", "Tuner"), toggle("freeze", "Freeze"), keys.button)));
  keys.button.parentElement.classList.toggle("with-keys", !keys.button.hidden);

  function showInstrument() {
    const { status } = store;
    const model = playing();
    const model_name = status.model_name ?? "Nothing plays";
    say(name, status.preset ?? model_name);
    about.disabled = !model;
    about.setAttribute("aria-label", `Picture of ${status.model_name ?? "the instrument"}`);
    name.parentElement.setAttribute("aria-busy", Boolean(status.loading));
    say(preset, status.preset ? `${model_name}${status.edited ? " · edited" : ""}` : "");
    say(at, place());
    say(range, model?.info ? `${rangeOf(model.info)} · ${SOURCES[status.source]}${status.source_mode === "auto" ? " (automatic)" : ""}` : "");
    say(warnings, (status.warnings ?? []).join(" · "));
    const title = status.model_name ?? "";
    const other = morphing();
    const drawn = JSON.stringify([title, Boolean(model), other?.title, Boolean(other?.info), other?.part]);
    if (picture.dataset.of !== drawn && picture.clientWidth) {
      picture.dataset.of = drawn;
      drawEmblem(picture, title, model?.info, other);
    }
    graph.instrument(title, model?.info ?? null, other);
    canvas.setAttribute("aria-label", model?.info
      ? `Pitch against loudness. Trained from ${rangeOf(model.info)}, ${model.info.mean_min_power_note.toFixed(0)} to ${model.info.mean_max_power_note.toFixed(0)} dB.`
      : "Pitch against loudness");
    display.open(Boolean(status.tuner));
    canvas.hidden = Boolean(status.tuner) || keysShown;
    shift.parentElement.hidden = canvas.hidden;
    say(small, smallPrint(stats));
  }
  watch("settings", () => !root.hidden && store.status.morph_model && showInstrument());

  async function count() {
    stats = link.engine && !document.hidden ? await link.call("stats").catch(() => stats) : stats;
    say(small, smallPrint(stats));
  }

  watch("status", showInstrument);
  watch("models", showInstrument);
  watch("presets", () => say(at, place()));
  watch("meters", (meters) => {
    if (root.hidden) return;
    input.show(meters.input_dbfs, meters.input_clip);
    output.show(meters.output_dbfs, meters.output_clip);
    if (store.status.tuner) display.show(meters);
    else graph.show(meters, store.status.settings ?? {});
  });
  function refresh() {
    showInstrument();
    count();
  }
  return {
    refresh,
    release: keys.release, // whose end was lost while the box was out of reach
    enter() {
      refresh();
      timer = setInterval(count, STATS_MS);
    },
    leave() {
      clearInterval(timer);
      keys.hide();
    },
  };
}
