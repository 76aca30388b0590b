// The models: a card for each, with its sound; upload, roll back, remove.
import { facts, modelPath, picture, titleOf } from "./about.js";
import { ask, attempt, h } from "./dom.js";
import { colourOf, drawEmblem } from "./emblem.js";
import { http, link, Refused } from "./link.js";
import { refreshModels, store, watch } from "./store.js";
import { upload, uploader } from "./transfer.js";

let sounding = null; // one preview at a time

/** Fetched with the token, hence not a plain <audio src>. */
async function preview(name, button) {
  if (sounding) {
    const same = sounding.button === button;
    sounding.stop();
    if (same) return;
  }
  await attempt(async () => {
    const sound = await (await http("GET", modelPath(name, "/preview"))).blob();
    const url = URL.createObjectURL(sound);
    const audio = new Audio(url);
    sounding = { button, stop() {
      audio.pause();
      URL.revokeObjectURL(url);
      button.textContent = "Listen";
      button.setAttribute("aria-pressed", "false");
      sounding = null;
    } };
    audio.addEventListener("ended", () => sounding?.stop());
    button.textContent = "Stop";
    button.setAttribute("aria-pressed", "true");
    await audio.play().catch((error) => {
      sounding?.stop();
      throw new Refused("audio", "This browser cannot play the preview", error.message);
    });
  });
}

const modelUploader = () => uploader({ id: "upload", label: "Upload a model", accept: ".zip,.tflite", busy: "Trying",
  async send(file, tell) {
    const told = await upload("/api/models", file, "application/zip", tell);
    await refreshModels();
    return `${told.model.name} is installed.`;
  } });

function cardOf(model) {
  const { name, info } = model;
  const title = titleOf(model);
  const current = name === store.status.model;
  const own = model.removable;
  const emblem = h("canvas", { class: "emblem", "aria-hidden": true });
  const drawn = picture(model);
  const listen = model.has_preview
    ? h("button", { type: "button", "aria-pressed": "false", "aria-label": `Listen to ${title}`, onclick: () => preview(name, listen) }, "Listen")
    : null;
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
    h("div", { class: "card-text" }, h("h2", {}, title), facts(model)),
    h("div", { class: "row wrap" },
      h("button", { type: "button", class: "main", disabled: !info || current, "aria-label": `Play ${title}`,
        onclick: () => attempt(() => link.call("model", { name })) }, current ? "Plays" : "Play"),
      listen,
      own && model.versions > 0 ? h("button", { type: "button", "aria-label": `Roll back ${title}`, onclick: back }, "Roll back") : null,
      own ? h("button", { type: "button", class: "danger", "aria-label": `Remove ${title}`, onclick: remove }, "Remove") : null),
    model.card ? h("details", { ontoggle: drawn.look }, h("summary", {}, "About this model"), drawn.root, h("pre", { class: "about" }, model.card)) : "",
    info?.attribution ? h("p", { class: "dim credit" }, info.attribution) : "");
  item.style.setProperty("--tint", colourOf(title));
  return [item, () => drawEmblem(emblem, title, info)];
}

export function modelCards() {
  const list = h("ul", { class: "cards", id: "model-list" });

  function show() {
    const cards = store.models.map(cardOf);
    list.replaceChildren(...cards.map(([item]) => item));
    for (const [, draw] of cards) draw();
  }
  let shown = "";
  /** Only what has changed is worth making the list anew (it closes what was opened). */
  function showChanged() {
    const now = JSON.stringify([store.models, store.status.model]);
    if (now === shown || sounding) return; // the card whose sound plays stays as it is
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
  return { root: h("div", {}, modelUploader(), list), again, refresh() {
    showChanged();
    refreshModels();
  } };
}
