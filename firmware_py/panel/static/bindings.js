// Which knob, pedal or switch does what: the list, and what is learned without touching a thing.
import { attempt, h } from "./dom.js";
import { controlName, learnMode, learning, nowLearn, targetName } from "./learn.js";
import { link } from "./link.js";
import { refreshMappings, store, watch } from "./store.js";

const KEPT = { preset: "in this preset", config: "from the configuration", device: "" };
const OTHERS = ["panic", "tap", "autofit", "preset_next", "preset_previous", "bypass", "tuner", "freeze", "pairing_unlock", "shutdown"];

function row(mapping) {
  const { control, set, do: action, range, kept, active } = mapping;
  const target = targetName({ set, do: action });
  const notes = [range ? `${range[0]} to ${range[1]}` : "", KEPT[kept] ?? kept, active ? "" : "another mapping takes precedence"];
  async function remove() {
    await attempt(() => link.call("mapping_remove", { control, set, action, keep: kept }), "Removed");
    await refreshMappings();
  }
  return h("li", { class: `item flat binding${active ? "" : " idle"}`, "data-control": control },
    h("span", {}, h("strong", {}, controlName(control)), h("span", {}, ` → ${target}`),
      h("span", { class: "dim line" }, notes.filter(Boolean).join(" · "))),
    kept === "config" ? "" : h("button", { type: "button", class: "small", "aria-label": `Remove ${controlName(control)} from ${target}`, onclick: remove }, "✕"));
}

/** The button that turns learn mode on and off. */
export function learnButton() {
  return h("button", { type: "button", id: "learn", class: "toggle", "aria-pressed": String(learning()),
    onclick: () => learnMode(!learning()) }, "Learn a knob");
}

export function bindings() {
  const list = h("ul", { class: "list", id: "bindings" });
  const what = h("select", { id: "learn-action", "aria-label": "What it should do" });
  const choices = () => [...OTHERS, ...store.presets.presets.map(({ name }) => `preset ${name}`)];

  function fill() {
    const names = choices();
    if (names.length === what.options.length) return;
    what.replaceChildren(...names.map((name) => h("option", { value: name }, targetName({ set: "", do: name }))));
  }

  watch("presets", fill);
  watch("mappings", (mappings) => list.replaceChildren(...(mappings.length ? mappings.map(row)
    : [h("li", { class: "empty" }, "Nothing is mapped yet. Tap Learn, touch a setting here or a button in Play, then move the knob.")])));
  return h("details", { class: "group", open: true, "aria-labelledby": "group-Controllers" },
    h("summary", {}, h("h2", { id: "group-Controllers", "data-short": "Knobs" }, "Knobs and switches")),
    list,
    h("div", { class: "row" }, what,
      h("button", { type: "button", id: "learn-do", onclick: () => nowLearn({ do: what.value }) }, "Learn")));
}
