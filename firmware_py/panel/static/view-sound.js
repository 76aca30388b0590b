// Sound: every setting that the box has, grouped as its table says.
import { attempt, h } from "./dom.js";
import { control } from "./control.js";
import { link } from "./link.js";
import { store, watch } from "./store.js";

const GROUPS = ["Tone", "Reverb", "Effect", "MIDI"];

/** A new setting of the box finds its place by itself. */
function groupOf(name, kind) {
  if (name.startsWith("reverb_")) return "Reverb";
  if (kind.doc.startsWith("EFFECT:")) return "Effect";
  if (kind.doc.startsWith("MIDI:")) return "MIDI";
  return "Tone";
}

function sourceChoice() {
  const make = (source, label) => h("button", { type: "button", class: "toggle", "aria-pressed": "false",
    "data-source": source, onclick: () => attempt(() => link.call("model", { source })) }, label);
  const buttons = [make("effect", "Audio input"), make("synth", "MIDI keyboard")];
  watch("status", (status) => {
    for (const each of buttons) each.setAttribute("aria-pressed", status.source === each.dataset.source);
  });
  return h("div", { class: "row", role: "group", "aria-label": "Played from" }, ...buttons);
}

export function build(root) {
  const controls = new Map();
  const source = sourceChoice();
  const groups = h("div", { class: "groups" });
  root.append(h("h1", {}, "Sound"), source, groups);

  function fill() {
    groups.replaceChildren();
    controls.clear();
    for (const title of GROUPS) {
      const names = Object.keys(store.settings).filter((name) => groupOf(name, store.settings[name]) === title);
      const id = `group-${title}`;
      const box = h("section", { class: "group", "aria-labelledby": id }, h("h2", { id }, title));
      for (const name of names) {
        controls.set(name, control(name, store.settings[name]));
        box.append(controls.get(name).root);
      }
      if (title === "MIDI") {
        box.append(h("button", { type: "button", id: "tap", class: "wide",
          onclick: () => attempt(() => link.call("tap")) }, "Tap the vibrato's tempo"));
      }
      groups.append(box);
    }
  }

  function showAll(settings) {
    if (!settings) return;
    if (controls.size !== Object.keys(settings).length) fill();
    else for (const [name, each] of controls) each.show(settings[name].value);
  }

  watch("settings", showAll);
  return {};
}
