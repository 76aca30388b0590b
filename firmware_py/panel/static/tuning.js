// How the keys are tuned: Scala's files are read here and sent to the box as text.
import { attempt, h, say } from "./dom.js";
import { link } from "./link.js";
import { store, watch } from "./store.js";

const LONGEST = 24 * 1024; // as the box allows

/** The lines that mean something, as the box accepts them: comments may be long and strange. */
async function textOf(file) {
  const text = new TextDecoder("latin1").decode(await file.slice(0, 8 * LONGEST).arrayBuffer());
  const lines = text.split(/\r\n|\r|\n/).filter((line) => !line.trimStart().startsWith("!"));
  return lines.map((line) => line.replace(/[^\x20-\x7e\xa1-\xac\xae-\xff]/g, " ").trimEnd()).join("\n");
}

/** A scale (.scl), a keyboard map (.kbm) with it, and the way back. */
export function tuningChoice() {
  const shown = h("p", { id: "tuning", class: "dim" });
  const input = h("input", { type: "file", id: "tuning-files", accept: ".scl,.kbm", multiple: true, class: "unseen",
    onchange: () => attempt(use) });
  const off = h("button", { type: "button", id: "tuning-off", onclick: () => attempt(() => link.call("tuning")) }, "Equal");

  async function use() {
    const files = [...input.files];
    const named = (suffix) => files.find((file) => file.name.toLowerCase().endsWith(suffix));
    const [scale, map] = [named(".scl"), named(".kbm")];
    const request = {};
    if (scale) request.scale = await textOf(scale);
    if (map) request.keyboard_map = await textOf(map);
    input.value = "";
    await link.call("tuning", request);
  }
  watch("status", () => {
    say(shown, store.status.tuning ?? "As the box is tuned: equal, unless its config names a scale");
    off.hidden = !store.status.tuning;
  });
  return h("div", { class: "choice" },
    h("div", { class: "words" }, h("label", { for: "tuning-files" }, "Tuning"), shown),
    h("div", { class: "row" }, input, h("label", { for: "tuning-files", class: "button" }, "Scala files"), off));
}
