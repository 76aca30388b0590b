// Presets and models: what can be played, in which order, and what is installed.
import { ask, attempt, h } from "./dom.js";
import { link } from "./link.js";
import { learnable } from "./learn.js";
import { modelCards } from "./models.js";
import { SOURCES, refreshPresets, store, watch } from "./store.js";

/** Carry a verb out, then show the presets as they are. */
async function change(verb, details, done) {
  await attempt(() => link.call(verb, details), done);
  await refreshPresets();
}

const names = () => store.presets.presets.map((preset) => preset.name);

/** The list with one name moved by one place. */
function moved(list, at, by) {
  const copy = [...list];
  [copy[at], copy[at + by]] = [copy[at + by], copy[at]];
  return copy;
}

const small = (label, text, onclick, off = false) =>
  h("button", { type: "button", class: "small", "aria-label": label, title: label, disabled: off, onclick }, text);

function presetRow(preset, at, all) {
  const { name } = preset;
  const current = name === store.presets.preset;
  const play = h("button", { type: "button", class: "play", "aria-current": current ? "true" : null,
    disabled: Boolean(preset.problem), onclick: () => attempt(() => link.call("preset", { name })) },
    h("strong", {}, name),
    h("span", { class: "dim" }, preset.problem || `${preset.model} · ${SOURCES[preset.source]}`));
  learnable(play, { do: `preset ${name}` });
  async function rename() {
    const to = await ask(`Rename ${name}`, { entry: name, yes: "Rename" });
    if (to && to !== name) await change("preset_rename", { name, to });
  }
  async function remove() {
    if (await ask(`Remove ${name}?`, { yes: "Remove", danger: true })) await change("preset_remove", { name });
  }
  return h("li", { class: "item", "data-name": name }, play,
    h("details", { class: "more" },
      h("summary", { "aria-label": `More for ${name}` }, "⋯"),
      h("div", { class: "row" },
        small(`Move ${name} up`, "↑", () => change("preset_order", { names: moved(all, at, -1) }), at === 0),
        small(`Move ${name} down`, "↓", () => change("preset_order", { names: moved(all, at, 1) }), at === all.length - 1),
        small(`Rename ${name}`, "Rename", rename),
        small(`Remove ${name}`, "Remove", remove))));
}

async function save() {
  const name = await ask("Save what plays as", { entry: store.status.preset ?? store.status.model_name ?? "", yes: "Save" });
  if (name) await change("preset_save", { name }, "Saved");
}

function setlists(root) {
  const { setlists: lists, setlist } = store.presets;
  const select = h("select", { id: "setlist", onchange: () => change("setlist", select.value ? { name: select.value } : {}) },
    h("option", { value: "" }, "All presets"),
    Object.keys(lists).map((name) => h("option", { value: name }, name)));
  select.value = setlist ?? "";
  async function add() {
    const name = await ask("Name of the new set list", { entry: "", yes: "Make" });
    if (!name) return;
    await change("setlist_set", { name, names: names() });
    await change("setlist", { name });
  }
  root.replaceChildren(
    h("label", { for: "setlist" }, "Set list for previous and next"),
    h("div", { class: "row" }, select,
      h("button", { type: "button", id: "setlist-new", onclick: add, disabled: !names().length }, "New set list")),
    setlist && lists[setlist] ? editor(setlist, lists[setlist]) : "");
}

function editor(name, list) {
  const put = (next) => change("setlist_set", { name, names: next });
  const missing = names().filter((each) => !list.includes(each));
  async function remove() {
    if (!(await ask(`Remove the set list ${name}?`, { yes: "Remove", danger: true }))) return;
    await change("setlist", {});
    await put([]);
  }
  const rows = list.map((preset, at) => h("li", { class: "item flat" }, h("span", {}, `${at + 1}. ${preset}`),
    h("div", { class: "row" },
      small(`${preset} earlier`, "↑", () => put(moved(list, at, -1)), at === 0),
      small(`${preset} later`, "↓", () => put(moved(list, at, 1)), at === list.length - 1),
      small(`Take ${preset} out`, "✕", () => put(list.filter((_, i) => i !== at)), list.length === 1))));
  return h("details", { class: "editor" }, h("summary", {}, `Edit ${name}`),
    h("ol", { class: "list" }, rows),
    h("div", { class: "row wrap" },
      missing.map((each) => h("button", { type: "button", onclick: () => put([...list, each]) }, `+ ${each}`)),
      h("button", { type: "button", class: "danger", onclick: remove }, "Remove set list")));
}

export function build(root) {
  const list = h("ol", { class: "list", id: "preset-list" });
  const sets = h("div", { class: "sets" });
  const cards = modelCards();
  root.append(
    h("h1", {}, "Presets"),
    h("button", { type: "button", id: "save", class: "main wide", onclick: save }, "Save what plays"),
    list, sets, h("div", { class: "head" }, h("h1", {}, "Models"), cards.again), cards.root);

  /** Menus and focus stay where they were when the list is made anew. */
  function show({ presets }) {
    const open = new Set([...list.querySelectorAll("li:has(details[open])")].map((row) => row.dataset.name));
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    const all = presets.map((preset) => preset.name);
    list.replaceChildren(...(presets.length
      ? presets.map((preset, at) => presetRow(preset, at, all))
      : [h("li", { class: "empty" }, "No presets yet. Find a sound you like, then save it here.")]));
    for (const row of list.children) {
      if (open.has(row.dataset.name)) row.querySelector("details").open = true;
    }
    if (focused) list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    const editing = sets.querySelector("details")?.open;
    setlists(sets);
    const details = sets.querySelector("details");
    if (details && editing) details.open = true;
  }

  watch("presets", show);
  return { enter: cards.refresh };
}
