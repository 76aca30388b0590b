// The models: a card for each, with its sound; upload, roll back, remove.
import { facts, modelPath, picture, titleOf } from "./about.js";
import { ask, attempt, h, toast } from "./dom.js";
import { colourOf, drawEmblem } from "./emblem.js";
import { http, link, Refused, token } from "./link.js";
import { refreshModels, store, watch } from "./store.js";

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

/** With progress, which fetch has not. Returns what was installed. */
function send(file, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/models");
    request.setRequestHeader("Authorization", `Bearer ${token.get()}`);
    request.setRequestHeader("Content-Type", "application/zip");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => tell(loaded / total);
    request.onerror = () => reject(new Refused("network", "The upload was interrupted", "try again"));
    request.onload = () => {
      const told = request.response ?? {};
      if (request.status < 300) resolve(told);
      else reject(new Refused(request.status, told.error ?? `Refused (${request.status})`, told.remedy));
    };
    request.send(file);
  });
}

function uploader() {
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const problem = h("p", { id: "upload-problem", class: "problem", role: "alert" });
  const input = h("input", { type: "file", id: "upload", accept: ".zip,.tflite", class: "unseen", onchange: upload });
  const label = h("label", { for: "upload", class: "button wide" }, "Upload a model");

  async function upload() {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    problem.textContent = "";
    bar.hidden = false;
    label.textContent = `Uploading ${file.name} …`;
    try {
      const told = await send(file, (part) => {
        bar.value = part;
        if (part === 1) label.textContent = `Trying ${file.name} …`;
      });
      await refreshModels();
      toast(`${told.model.name} is installed`);
    } catch (error) {
      problem.textContent = `${file.name} was not installed: ${[error.message, error.remedy].filter(Boolean).join("; ")}`;
    } finally {
      bar.hidden = true;
      label.textContent = "Upload a model";
    }
  }
  return h("div", { class: "upload" }, input, label, bar, problem);
}

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
  return { root: h("div", {}, uploader(), list), again, refresh() {
    showChanged();
    refreshModels();
  } };
}
