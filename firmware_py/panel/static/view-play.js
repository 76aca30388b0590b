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
import { SOURCES, morphing, playing, store, watch } from "./store.js";

const STATS_MS = 3000;

/** Without presets, previous and next go through the models. */
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

/** A keyboard that is mute because the box was told to follow its input: one tap lets it play. */
function keyboardHint() {
  const button = h("button", { type: "button", id: "play-keyboard",
    onclick: () => attempt(() => link.call("model", { source: "auto" })) }, "Play the keyboard");
  const root = h("p", { id: "keyboard-hint", class: "row", hidden: true },
    h("span", {}, "A keyboard is connected, but the box follows the audio input."), button);
  watch("status", ({ midi_ports: ports = [], source_mode: mode }) => {
    root.hidden = mode !== "effect" || !ports.some(({ kind }) => kind !== "virtual");
  });
  return root;
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
  const name = h("h1", { id: "instrument" }, "…");
  const preset = h("p", { class: "preset-name" });
  const range = h("p", { class: "dim" });
  const warnings = h("p", { id: "warnings", class: "problem" });
  const hint = keyboardHint();
  const canvas = h("canvas", { id: "graph", role: "img" });
  const input = meter("In");
  const output = meter("Out");
  const display = tuner();
  const small = h("p", { id: "small-print", class: "dim" });
  const graph = new Graph(canvas);
  let stats = null;
  let timer = 0;

  root.append(
    h("div", { class: "instrument" }, about, h("div", {}, name, preset, range)),
    warnings,
    h("div", { class: "stage" }, canvas, display.root),
    h("div", { class: "meters" }, input.root, output.root, small),
    h("div", { class: "side" }, hint, morphRow(), h("div", { class: "deck" },
      stepButton("previous", -1, h("span", { "aria-hidden": true }, "◀ "), "Previous"),
      stepButton("next", 1, "Next", h("span", { "aria-hidden": true }, " ▶")),
      toggle("bypass", "Bypass"), toggle("tuner", "Tuner"), toggle("freeze", "Freeze"))));

  function showInstrument() {
    const { status } = store;
    const model = playing();
    say(name, status.model_name ?? "Nothing plays");
    about.disabled = !model;
    about.setAttribute("aria-label", `Picture of ${status.model_name ?? "the instrument"}`);
    name.setAttribute("aria-busy", Boolean(status.loading));
    say(preset, status.preset ? `${status.preset}${status.edited ? " · edited" : ""}` : "");
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
    display.root.hidden = !status.tuner;
    canvas.hidden = Boolean(status.tuner);
    say(small, smallPrint(stats));
  }
  watch("settings", () => !root.hidden && store.status.morph_model && showInstrument());

  async function count() {
    stats = link.engine && !document.hidden ? await link.call("stats").catch(() => stats) : stats;
    say(small, smallPrint(stats));
  }

  watch("status", showInstrument);
  watch("models", showInstrument);
  watch("meters", (meters) => {
    if (root.hidden) return;
    input.show(meters.input_dbfs, meters.input_clip);
    output.show(meters.output_dbfs, meters.output_clip);
    if (store.status.tuner) display.show(meters);
    else graph.show(meters, store.status.settings ?? {});
  });
  return {
    enter() {
      showInstrument();
      count();
      timer = setInterval(count, STATS_MS);
    },
    leave: () => clearInterval(timer),
  };
}
