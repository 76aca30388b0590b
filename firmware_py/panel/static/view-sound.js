// Sound: every setting that the box has, grouped as its table says.
import { bindings, learnButton } from "./bindings.js";
import { attempt, byId, h } from "./dom.js";
import { compare } from "./compare.js";
import { control } from "./control.js";
import { controlName, learnable } from "./learn.js";
import { link } from "./link.js";
import { morphChoice } from "./morph.js";
import { mixer } from "./parts.js";
import { refreshMappings, store, watch } from "./store.js";
import { tuningChoice } from "./tuning.js";

const GROUPS = ["Tone", "Reverb", "Morph", "Effect", "MIDI"];

/** A new setting of the box finds its place by itself. */
function groupOf(name, kind) {
  if (name.startsWith("morph")) return "Morph";
  if (name.startsWith("reverb_")) return "Reverb";
  if (kind.doc.startsWith("EFFECT:")) return "Effect";
  if (kind.doc.startsWith("MIDI:")) return "MIDI";
  return "Tone";
}

function sourceChoice() {
  const make = (source, label) => h("button", { type: "button", class: "toggle", "aria-pressed": "false",
    "data-source": source, onclick: () => attempt(() => link.call("model", { source })) }, label);
  const buttons = [make("auto", "Automatic"), make("effect", "Audio input"), make("synth", "MIDI keyboard")];
  watch("status", (status) => {
    for (const each of buttons) each.setAttribute("aria-pressed", status.source_mode === each.dataset.source);
  });
  return h("div", { class: "row wrap", role: "group", "aria-label": "Source" }, ...buttons);
}

export function build(root) {
  const controls = new Map();
  const source = sourceChoice();
  const groups = h("div", { class: "groups" });
  const knobs = bindings();
  const parts = mixer();
  // On a phone this is a long way down.
  const jumps = h("nav", { class: "jumps", "aria-label": "Groups" });
  root.append(h("div", { class: "head" }, h("h1", {}, "Sound"), learnButton()), compare(), source, jumps, groups);

  const jump = (title) => h("button", { type: "button",
    onclick: () => byId(`group-${title}`).scrollIntoView({ block: "start" }) }, title === "Controllers" ? "Knobs" : title);

  function fill() {
    groups.replaceChildren();
    controls.clear();
    for (const title of GROUPS) {
      const names = Object.keys(store.settings).filter((name) => groupOf(name, store.settings[name]) === title);
      if (!names.length) continue;
      const id = `group-${title}`;
      const box = h("section", { class: `group${names.length < 5 ? " short" : ""}`, "aria-labelledby": id }, h("h2", { id }, title));
      if (title === "Morph") box.append(morphChoice());
      for (const name of names) {
        controls.set(name, control(name, store.settings[name]));
        box.append(controls.get(name).root);
      }
      if (title === "MIDI") {
        box.append(tuningChoice());
        const tap = h("button", { type: "button", id: "tap", class: "wide",
          onclick: () => attempt(() => link.call("tap")) }, "Tap the vibrato's tempo");
        learnable(tap, { do: "tap" });
        box.append(tap);
      }
      groups.append(box);
    }
    groups.append(parts, knobs);
    jumps.replaceChildren(...[...groups.querySelectorAll("h2[id]")].map(({ id }) => jump(id.replace("group-", ""))));
    showBound(store.mappings);
  }

  function showAll(settings) {
    if (!settings) return;
    if (controls.size !== Object.keys(settings).length) fill();
    else for (const [name, each] of controls) each.show(settings[name].value);
  }

  /** At each setting what moves it. */
  function showBound(mappings) {
    for (const [name, each] of controls) {
      const by = mappings.filter((mapping) => mapping.active && mapping.set === name);
      each.bound(by.map((mapping) => controlName(mapping.control)).join(", "));
    }
  }

  watch("settings", showAll);
  watch("mappings", showBound);
  return { enter: refreshMappings };
}
