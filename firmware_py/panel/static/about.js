// What a model says of itself, and its picture, which is fetched only when somebody looks.
import { h } from "./dom.js";
import { http } from "./link.js";
import { plain } from "./plain.js";
import { decibels, rangeOf } from "./notes.js";

export const modelPath = (name, rest = "") => `/api/models/${encodeURIComponent(name)}${rest}`;
export const titleOf = (model) => model.info?.name ?? model.name;

/** Range, loudness, rate and licence in one line; what is wrong with it where it cannot be used. */
export function facts(model) {
  const { info } = model;
  if (!info) return h("p", { class: "problem" }, plain(model.problem) || "It cannot be used.");
  return h("p", { class: "dim" }, `${rangeOf(info)} · ${decibels(info.mean_min_power_note)} to ${decibels(info.mean_max_power_note)} dB · ${info.sample_rate / 1000} kHz · ${info.licence}`);
}

/** The bundle's picture in `box`; a tap shows it at its own size, where it is moved in. */
async function fill(box, model) {
  try {
    const data = await (await http("GET", modelPath(model.name, "/picture"))).blob();
    const url = URL.createObjectURL(data);
    const image = h("img", { src: url, alt: `${titleOf(model)}: a recording, how the model plays it, and the pitch and loudness it was trained in` });
    box.replaceChildren(image);
    await image.decode();
    URL.revokeObjectURL(url);
  } catch (error) {
    box.replaceChildren(h("p", { class: "problem" }, error.remedy ? `${error.message}: ${error.remedy}` : "The picture cannot be shown."));
  }
}

/** The picture's box, empty without one; `look()` fetches it, once. */
export function picture(model) {
  if (!model.has_picture) return { root: "", look() {} };
  const root = h("div", { class: "picture", onclick: () => root.classList.toggle("large"), tabindex: 0, role: "group", "aria-label": `Picture of ${titleOf(model)}` },
    h("p", { class: "dim" }, "…"));
  let asked = false;
  return { root, look() {
    if (!asked) fill(root, model);
    asked = true;
  } };
}

/** All of it in a dialog. */
export function showAbout(model) {
  const shown = picture(model);
  const dialog = h("dialog", { class: "about-model", "aria-labelledby": "about-title" },
    h("h2", { id: "about-title" }, titleOf(model)), facts(model), shown.root,
    model.info?.attribution ? h("p", { class: "dim credit" }, model.info.attribution) : "",
    h("button", { type: "button", id: "about-close", onclick: () => dialog.close() }, "Close"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("#about-close").focus();
  shown.look();
}
