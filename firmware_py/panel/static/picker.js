// The instrument picker: presets and instruments with their pictures, searched, favourites first.
import { attempt, h } from "./dom.js";
import { titleOf } from "./about.js";
import { colourOf, drawEmblem } from "./emblem.js";
import { link } from "./link.js";
import { rangeOf } from "./notes.js";
import { store } from "./store.js";

const KEY = "ddsp-edge-favourites";

function favourites() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return new Set(Array.isArray(kept) ? kept : []);
  } catch {
    return new Set();
  }
}

/** What can be played: {key, title, detail, text, model, current, play}. */
function things() {
  const { presets, preset: now } = store.presets;
  const rows = presets.filter((each) => !each.problem).map((each) => ({ key: `preset ${each.name}`,
    title: each.name, detail: `Preset · ${each.model}`, text: `${each.name} ${each.model}`,
    model: store.models.find((model) => model.name === each.model), current: each.name === now,
    play: () => link.call("preset", { name: each.name }) }));
  const models = store.models.filter((model) => model.info).map((model) => ({ key: `model ${model.name}`,
    title: titleOf(model), detail: rangeOf(model.info), text: `${titleOf(model)} ${model.name} ${model.info.licence} ${model.tags.join(" ")} ${model.card}`,
    model, current: !now && model.name === store.status.model, play: () => link.call("model", { name: model.name }) }));
  return [...rows, ...models];
}

export function showPicker() {
  const kept = favourites();
  const list = h("ul", { class: "list picks" });
  const search = h("input", { type: "search", id: "pick-search", placeholder: "Search", "aria-label": "Search instruments and presets", oninput: show });
  const dialog = h("dialog", { class: "picker", "aria-labelledby": "pick-title" },
    h("h2", { id: "pick-title" }, "Instruments and presets"), search, list,
    h("button", { type: "button", id: "pick-close", onclick: () => dialog.close() }, "Close"));

  function row(thing) {
    const emblem = h("canvas", { class: "emblem", "aria-hidden": true });
    const liked = kept.has(thing.key);
    const item = h("li", { class: "pick", "data-pick": thing.key },
      h("button", { type: "button", class: "play", "aria-current": thing.current ? "true" : null, onclick: async () => {
        if (await attempt(thing.play)) dialog.close();
      } }, emblem, h("span", {}, h("strong", {}, thing.title), h("span", { class: "dim line" }, thing.detail))),
      h("button", { type: "button", class: "like", "aria-pressed": liked, "aria-label": `Favourite: ${thing.title}`, onclick: () => {
        if (!kept.delete(thing.key)) kept.add(thing.key);
        localStorage.setItem(KEY, JSON.stringify([...kept]));
        show();
        list.querySelector(`[data-pick="${CSS.escape(thing.key)}"] .like`)?.focus();
      } }, liked ? "★" : "☆"));
    item.style.setProperty("--tint", colourOf(thing.model ? titleOf(thing.model) : thing.title));
    return [item, () => drawEmblem(emblem, thing.model ? titleOf(thing.model) : thing.title, thing.model?.info)];
  }

  function show() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = things().filter(({ text }) => wanted.every((word) => text.toLowerCase().includes(word)));
    found.sort((one, two) => kept.has(two.key) - kept.has(one.key));
    const rows = found.map(row);
    list.replaceChildren(...(rows.length ? rows.map(([item]) => item) : [h("li", { class: "empty" }, "Nothing of that name.")]));
    for (const [, draw] of rows) draw();
  }

  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  show();
}
