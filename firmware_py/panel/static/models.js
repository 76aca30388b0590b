// The models: a card for each, with its sound; upload, roll back, remove.
import { collections } from "./collection.js";
import { facts, modelPath, picture, titleOf } from "./about.js";
import { ask, attempt, h, say } from "./dom.js";
import { colourOf, drawEmblem } from "./emblem.js";
import { http, link } from "./link.js";
import { isSounding, listenButton } from "./preview.js";
import { refreshModels, store, watch } from "./store.js";
import { download, upload, uploader } from "./transfer.js";

const modelUploader = () => uploader({ id: "upload", label: "Upload a model", accept: ".zip,.tflite", busy: "Trying",
  async send(file, tell) {
    const told = await upload("/api/models", file, "application/zip", tell);
    await refreshModels();
    return `${told.model.name} is installed.`;
  } });

const tagLine = (tags) => h("p", { class: "tags" }, tags.map((tag) => h("span", { class: "chip" }, tag)));

function cardOf(model) {
  const { name, info } = model;
  const title = titleOf(model);
  const current = name === store.status.model;
  const own = model.removable;
  const emblem = h("canvas", { class: "emblem", "aria-hidden": true });
  const drawn = picture(model);
  const listen = model.has_preview ? listenButton(title, () => http("GET", modelPath(name, "/preview"))) : null;
  const change = (body, done) => attempt(async () => {
    await http("PATCH", modelPath(name), JSON.stringify(body));
    await refreshModels();
  }, done);
  async function rename() {
    const to = await ask(`Rename ${title}`, { entry: title, yes: "Rename" });
    if (to && to !== title) await change({ title: to }, "Renamed");
  }
  async function retag() {
    const text = await ask(`Tags of ${title}, with commas between them`, { entry: model.tags.join(", "), yes: "Store", optional: true });
    if (text !== null) await change({ tags: text.split(",").map((tag) => tag.trim()).filter(Boolean) }, "Stored");
  }
  async function remove() {
    if (!(await ask(`Remove ${title}?`, { yes: "Remove", danger: true }))) return;
    await attempt(() => http("DELETE", modelPath(name)), "Removed");
    await refreshModels();
  }
  async function back() {
    if (!(await ask(`Go back to the ${title} before this one?`, { yes: "Roll back" }))) return;
    await attempt(() => http("POST", modelPath(name, "/rollback")), "Rolled back");
    await refreshModels();
  }
  const item = h("li", { class: `card${current ? " current" : ""}`, "data-name": name },
    emblem,
    h("div", { class: "card-text" }, h("h2", {}, title), facts(model), tagLine(model.tags)),
    h("div", { class: "row wrap" },
      h("button", { type: "button", class: "main", disabled: !info || current, "aria-label": `Play ${title}`,
        onclick: () => attempt(() => link.call("model", { name })) }, current ? "Plays" : "Play"),
      listen,
      h("button", { type: "button", "aria-label": `Tags of ${title}`, onclick: retag }, "Tags"),
      own ? h("button", { type: "button", "aria-label": `Rename ${title}`, onclick: rename }, "Rename") : null,
      h("button", { type: "button", "aria-label": `Download ${title}`, onclick: () => attempt(() => download(modelPath(name, "/file"), `${name}.zip`)) }, "Download"),
      own && model.versions > 0 ? h("button", { type: "button", "aria-label": `Roll back ${title}`, onclick: back }, "Roll back") : null,
      own ? h("button", { type: "button", class: "danger", "aria-label": `Remove ${title}`, onclick: remove }, "Remove") : null),
    model.card ? h("details", { ontoggle: drawn.look }, h("summary", {}, "About this model"), drawn.root, h("pre", { class: "about" }, model.card)) : "",
    info?.attribution ? h("p", { class: "dim credit" }, info.attribution) : "");
  item.style.setProperty("--tint", colourOf(title));
  return [item, () => drawEmblem(emblem, title, info)];
}

export function modelCards() {
  const list = h("ul", { class: "cards", id: "model-list" });
  const space = h("p", { class: "dim", id: "model-space" });

  function show() {
    const cards = store.models.map(cardOf);
    list.replaceChildren(...cards.map(([item]) => item));
    for (const [, draw] of cards) draw();
  }
  let shown = "";
  /** Only what has changed is worth making the list anew (it closes what was opened). */
  function showChanged() {
    const now = JSON.stringify([store.models, store.status.model]);
    say(space, store.freeBytes === null ? "" : `${(store.freeBytes / 1e9).toFixed(1)} GB free for models`);
    if (now === shown || isSounding()) return; // the card whose sound plays stays as it is
    shown = now;
    show();
  }
  watch("models", showChanged);
  watch("status", showChanged);
  const again = h("button", { type: "button", id: "models-refresh",
    onclick: () => attempt(async () => {
      if (link.engine) await link.call("reload");
      await refreshModels();
    }, "List refreshed") }, "Refresh the list");
  return { root: h("div", {}, modelUploader(), space, collections(), list), again, refresh() {
    showChanged();
    refreshModels();
  } };
}
