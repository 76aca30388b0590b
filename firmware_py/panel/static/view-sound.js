// Sound: every setting that the box has, in groups; what the source has no use for is folded.
import { bindings, learnButton } from "./bindings.js";
import { attempt, h, say } from "./dom.js";
import { compare } from "./compare.js";
import { control } from "./control.js";
import { controlName, learnable } from "./learn.js";
import { link } from "./link.js";
import { morphChoice } from "./morph.js";
import { mixer } from "./parts.js";
import { refreshMappings, store, watch } from "./store.js";
import { tuningChoice } from "./tuning.js";

/** Groups in their order: of which source, and what is in them; a group without `of` has the rest of its source. */
const GROUPS = [
  { title: "Tone" },
  { title: "Reverb", of: /^reverb_/ },
  { title: "Morph", of: /^morph/ },
  { title: "Input and mix", source: "effect" },
  { title: "Scale", source: "effect", of: /^snap/ },
  { title: "Envelope", source: "synth", of: /^(attack|decay|sustain|release)$/ },
  { title: "Expression", source: "synth", of: /^(expression|vibrato|swell)/ },
  { title: "Keyboard", source: "synth" },
];
/** What the second column has on a wide screen. */
const BESIDE = new Set(["Input and mix", "Scale", "Envelope", "Expression", "Keyboard"]);
const FOR = { effect: "used with the audio input", synth: "used with a MIDI keyboard" };

/** A new setting of the box finds its place by itself. */
function groupOf(name, { doc }) {
  const source = doc.startsWith("EFFECT:") ? "effect" : doc.startsWith("MIDI:") ? "synth" : undefined;
  const there = GROUPS.filter((group) => group.source === source);
  return there.find(({ of }) => of?.test(name)) ?? there.find(({ of }) => !of);
}

function sourceChoice() {
  const make = (source, label) => h("button", { type: "button", class: "toggle", "aria-pressed": "false",
    "data-source": source, onclick: () => attempt(() => link.call("model", { source })) }, label);
  const buttons = [make("auto", "Automatic"), make("effect", "Audio input"), make("synth", "MIDI keyboard")];
  watch("status", (status) => {
    for (const each of buttons) each.setAttribute("aria-pressed", status.source_mode === each.dataset.source);
  });
  return h("div", { class: "row sources", role: "group", "aria-label": "Source" }, ...buttons);
}

export function build(root) {
  const controls = new Map();
  const folds = new Map(); // group: { root, note, chip, names }
  const left = h("div", { class: "column" });
  const right = h("div", { class: "column" });
  const knobs = bindings();
  const parts = mixer();
  let foldedFor = "";
  // On a phone this is a long way down.
  const jumps = h("nav", { class: "jumps", "aria-label": "Groups" });
  root.append(h("div", { class: "head" }, h("h1", {}, "Sound"), learnButton()), compare(), sourceChoice(), jumps,
    h("div", { class: "columns" }, left, right));

  const jump = (box) => h("button", { type: "button", onclick: () => {
    box.open = true;
    box.scrollIntoView({ block: "start" });
  } }, box.querySelector("h2").dataset.short);

  function fold(group, names) {
    const { title } = group;
    const id = `group-${title.replaceAll(" ", "-")}`;
    const note = h("span", { class: "dim" });
    const chip = h("span", { class: "chip" });
    const box = h("details", { class: "group", "aria-labelledby": id }, h("summary", {}, h("h2", { id, "data-short": title.split(" ")[0] }, title), note, chip));
    if (title === "Morph") box.append(morphChoice());
    for (const name of names) {
      controls.set(name, control(name, store.settings[name]));
      box.append(controls.get(name).root);
    }
    if (title === "Keyboard") box.append(tuningChoice());
    if (title === "Expression") {
      const tap = h("button", { type: "button", id: "tap", class: "wide",
        onclick: () => attempt(() => link.call("tap")) }, "Tap the vibrato's tempo");
      learnable(tap, { do: "tap" });
      box.append(tap);
    }
    folds.set(group, { root: box, note, chip, names });
    return box;
  }

  function fill() {
    controls.clear();
    folds.clear();
    for (const column of [left, right]) column.replaceChildren();
    for (const group of GROUPS) {
      const names = Object.keys(store.settings).filter((name) => groupOf(name, store.settings[name]) === group);
      if (names.length) (BESIDE.has(group.title) ? right : left).append(fold(group, names));
    }
    left.append(parts);
    right.append(knobs);
    jumps.replaceChildren(...[...left.children, ...right.children].map(jump));
    foldedFor = "";
    foldBySource();
    showBound(store.mappings);
  }

  /** Open is what matters for the source that plays; what a person opens stays so until the source changes. */
  function foldBySource() {
    const { source } = store.status;
    if (!source || source === foldedFor) return;
    foldedFor = source;
    for (const [group, { root: box, note }] of folds) {
      const matters = !group.source || group.source === source;
      box.open = matters;
      say(note, matters ? "" : FOR[group.source]);
    }
  }

  function showAll(settings) {
    if (!settings) return;
    if (controls.size !== Object.keys(settings).length) fill();
    else for (const [name, each] of controls) each.show(settings[name].value);
    for (const { chip, names } of folds.values()) {
      const changed = names.filter((name) => settings[name].value !== settings[name].default).length;
      say(chip, changed ? `${changed} changed` : "");
    }
    foldBySource();
  }

  /** At each setting what moves it. */
  function showBound(mappings) {
    for (const [name, each] of controls) {
      const by = mappings.filter((mapping) => mapping.active && mapping.set === name);
      each.bound(by.map((mapping) => controlName(mapping.control)).join(", "));
    }
  }

  watch("settings", showAll);
  watch("status", foldBySource);
  watch("mappings", showBound);
  return { enter: refreshMappings, refresh: refreshMappings };
}
