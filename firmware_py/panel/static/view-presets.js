// Presets and models: what can be played, in which order, and what is installed.
import { ask, attempt, h } from "./dom.js";
import { link } from "./link.js";
import { learnable } from "./learn.js";
import { modelCards } from "./models.js";
import { SOURCES, refreshPresets, store, watch } from "./store.js";
import { download, upload, uploader } from "./transfer.js";

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
  async function duplicate() {
    const to = await ask(`Duplicate ${name} as`, { entry: freeName(name), yes: "Duplicate" });
    if (!to) return;
    const stored = await attempt(() => link.call("preset_read", { name }));
    if (stored) await change("preset_write", { name: to, preset: stored.preset }, "Duplicated");
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
        small(`Duplicate ${name}`, "Duplicate", duplicate, Boolean(preset.problem)),
        small(`Download ${name}`, "Download", () => attempt(() => download(presetPath(name), `${name}.toml`)), Boolean(preset.problem)),
        small(`Remove ${name}`, "Remove", remove))));
}

const presetPath = (name) => `/api/presets/${encodeURIComponent(name)}`;

/** A name that no preset has: "Solo 2", "Solo 3" … */
function freeName(name) {
  const taken = new Set(names().map((each) => each.toLowerCase()));
  const stem = name.replace(/ \d+$/, "");
  let number = 2;
  while (taken.has(`${stem} ${number}`.toLowerCase())) number += 1;
  return `${stem} ${number}`;
}

/** A preset's file, stored under the file's name; one of that name is replaced only if the player says so. */
const presetUploader = () => uploader({ id: "preset-upload", label: "Upload a preset", accept: ".toml", busy: "Checking",
  async send(file, tell) {
    const name = file.name.replace(/\.toml$/i, "");
    const put = (more) => upload(`${presetPath(name)}${more}`, file, "application/toml", tell);
    const taken = names().some((each) => each.toLowerCase() === name.toLowerCase());
    if (taken && !(await ask(`Replace the preset ${name}?`, { yes: "Replace", danger: true }))) return "";
    await put(taken ? "?replace=true" : "");
    await refreshPresets();
    return `${name} is stored.`;
  } });

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
    list, presetUploader(), sets, h("div", { class: "head" }, h("h1", {}, "Models"), cards.again), cards.root);

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
  return { enter: cards.refresh, refresh: cards.refresh };
}
