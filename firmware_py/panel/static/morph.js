// Morphing: the second model, and the way from one to the other.
import { attempt, h, say } from "./dom.js";
import { colourOf } from "./emblem.js";
import { sender } from "./control.js";
import { learnable } from "./learn.js";
import { link } from "./link.js";
import { slider } from "./slider.js";
import { morphing, store, watch } from "./store.js";

/** Which model it leads to. */
export function morphChoice() {
  const select = h("select", { id: "morph-model",
    onchange: () => attempt(() => link.call("morph_model", select.value ? { name: select.value } : {})) });
  let filled = "";

  function show() {
    const usable = store.models.filter((model) => model.info && model.name !== store.status.model);
    const key = JSON.stringify(usable.map((model) => model.name));
    if (key !== filled) {
      filled = key;
      select.replaceChildren(h("option", { value: "" }, "no other model"),
        ...usable.map((model) => h("option", { value: model.name }, model.info.name)));
    }
    select.value = store.status.morph_model ?? "";
  }
  watch("models", show);
  watch("status", show);
  return h("div", { class: "choice" },
    h("div", { class: "words" }, h("label", { for: "morph-model" }, "Morph to"),
      h("p", { class: "dim" }, "Pitch, loudness, timbre and noise go from one to the other")), select);
}

/** Play's own slider: shown while there is a second model. */
export function morphRow() {
  const first = h("span", { class: "first" });
  const second = h("span", { class: "second" });
  const root = h("div", { class: "morph", hidden: true });
  let way = null;

  function show() {
    const other = morphing();
    root.hidden = !other;
    if (!other || !store.settings?.morph) return;
    if (!way) {
      const send = sender("morph");
      way = slider(store.settings.morph, (value) => { way.show(value); send(value); },
        { id: "play-morph", "aria-label": "Morph" });
      root.append(first, way.root, second);
      learnable(root, { set: "morph" });
    }
    say(first, store.status.model_name ?? "");
    say(second, other.title);
    first.style.color = colourOf(store.status.model_name ?? "");
    second.style.color = colourOf(other.title);
    if (!way.held()) way.show(other.part);
  }
  watch("status", show);
  watch("settings", show);
  watch("models", show);
  return root;
}
