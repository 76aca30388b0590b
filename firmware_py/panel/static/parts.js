// The parts of a band as a small mixer: model, level, place, mute; keys and channel on demand.
import { attempt, h, say } from "./dom.js";
import { words } from "./control.js";
import { link } from "./link.js";
import { shown, slider } from "./slider.js";
import { store, watch } from "./store.js";

const LEVEL = { minimum: -60, maximum: 12, default: 0, unit: "dB" };
const PAN = { minimum: -1, maximum: 1, default: 0, unit: "" };
const KEYS = { channel: [0, 16], transpose: [-48, 48], key_low: [0, 127], key_high: [0, 127],
  velocity_low: [1, 127], velocity_high: [1, 127], voices: [0, 16] };

/** Sends the newest values of a part, one request at a time. */
function sender(part) {
  let newest = null;
  let busy = false;
  return async function send(values) {
    newest = { ...newest, ...values };
    if (busy) return;
    busy = true;
    while (newest) {
      const next = newest;
      newest = null;
      await attempt(() => link.call("part_set", { part, values: next }));
    }
    busy = false;
  };
}

/** A slider with its name and value. */
function fader(id, name, kind, send) {
  const value = h("span", { class: "value" });
  const way = slider(kind, (now) => { show(now); send({ [name]: now }); }, { id, "aria-label": `${words(name)}, ${id}` });
  function show(now) {
    way.show(now);
    say(value, `${shown(now)} ${kind.unit}`.trim());
  }
  return { root: h("div", { class: "fader" }, h("label", { for: id }, words(name)), way.root, value), show, held: way.held };
}

function strip(number) {
  const send = sender(number);
  const id = (name) => `part-${number}-${name}`;
  const model = h("select", { id: id("model"), "aria-label": `Model of part ${number}`,
    onchange: () => send({ model: model.value }) });
  const mute = h("button", { type: "button", class: "toggle", "aria-pressed": "false",
    onclick: () => send({ mute: mute.getAttribute("aria-pressed") !== "true" }) }, "Mute");
  const remove = h("button", { type: "button", "aria-label": `Remove part ${number}`,
    onclick: () => attempt(() => link.call("part_remove", { part: number })) }, "Remove");
  const level = fader(id("level"), "level", LEVEL, send);
  const pan = fader(id("pan"), "pan", PAN, send);
  const fields = Object.entries(KEYS).map(([name, [min, max]]) => {
    const input = h("input", { id: id(name), type: "number", min, max, step: 1,
      onchange: () => { if (input.reportValidity() && input.value !== "") send({ [name]: Number(input.value) }); } });
    return { name, input, root: h("label", { for: id(name) }, words(name), input) };
  });
  const root = h("div", { class: "part", role: "group", "aria-label": `Part ${number}` },
    h("div", { class: "row" }, model, mute, remove), level.root, pan.root,
    h("details", {}, h("summary", {}, "Channel and keys"), h("div", { class: "keys" }, ...fields.map((each) => each.root))));

  function show(part) {
    const usable = store.models.filter((each) => each.info);
    const key = JSON.stringify(usable.map((each) => each.name));
    if (model.dataset.filled !== key) {
      model.dataset.filled = key;
      model.replaceChildren(h("option", { value: "" }, "the preset's model"),
        ...usable.map((each) => h("option", { value: each.name }, each.info.name)));
    }
    model.value = part.model;
    mute.setAttribute("aria-pressed", part.mute);
    if (!level.held()) level.show(part.level);
    if (!pan.held()) pan.show(part.pan);
    for (const { name, input } of fields) if (document.activeElement !== input) input.value = part[name];
  }
  return { root, show };
}

/** The group of Sound; without a band it has only the button that begins one. */
export function mixer() {
  const strips = [];
  const box = h("div", { class: "parts" });
  const add = h("button", { type: "button", id: "part-add", class: "wide",
    onclick: () => attempt(() => link.call("part_add")) }, "Add a part");
  function show() {
    const parts = store.status.parts ?? [];
    while (strips.length > parts.length) strips.pop().root.remove();
    while (strips.length < parts.length) {
      strips.push(strip(strips.length + 1));
      box.append(strips.at(-1).root);
    }
    parts.forEach((part, index) => strips[index].show(part));
    add.disabled = parts.length >= 16;
  }
  watch("status", show);
  watch("models", show);
  return h("details", { class: "group", open: true, "aria-labelledby": "group-Parts" },
    h("summary", {}, h("h2", { id: "group-Parts", "data-short": "Parts" }, "Parts")),
    h("p", { class: "dim" }, "Splits, layers and channels: each with its own model, level and place"), box, add);
}
