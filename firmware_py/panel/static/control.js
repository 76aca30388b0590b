// One setting: its slider or choice, its value in its unit, its way back, what moves it.
import { attempt, capital, h, say } from "./dom.js";
import { learnable, nowLearn } from "./learn.js";
import { link } from "./link.js";
import { shown, slider } from "./slider.js";

export const words = (name) => capital(name.replaceAll("_", " "));
const minus = (text) => text.replaceAll(/-(?=\d)/g, "−");

/** Sends the newest values, one request at a time: a slider cannot flood the box. */
export function valuesSender() {
  let newest = null;
  let busy = false;
  return async function send(values) {
    newest = { ...newest, ...values };
    if (busy) return;
    busy = true;
    while (newest) {
      const next = newest;
      newest = null;
      await attempt(() => link.call("set", { values: next }));
    }
    busy = false;
  };
}

/** The same for one setting. */
export function sender(name) {
  const send = valuesSender();
  return (value) => send({ [name]: value });
}

/** `root` to place, `show(value)` when it was changed elsewhere, `bound(text)`: what moves it. */
export function control(name, kind) {
  const send = sender(name);
  const id = `set-${name}`;
  const doc = capital(kind.doc.replace(/^(EFFECT|MIDI|MORPH): /, ""));
  const reset = h("button", { type: "button", class: "reset", title: `Back to ${kind.default}`,
    "aria-label": `${words(name)}: back to ${kind.default}`, onclick: () => change(kind.default) }, "↺");
  const learn = h("button", { type: "button", class: "learn-this",
    "aria-label": `Learn a control for ${words(name)}`, onclick: () => nowLearn({ set: name }) }, "Learn");
  const chip = h("span", { class: "chip" });
  const made = kind.choices ? choice(name, kind, id, change) : number(name, kind, id, change);

  function change(value) {
    made.show(value);
    mark(value);
    send(value);
  }

  function mark(value) {
    reset.disabled = value === kind.default;
    root.classList.toggle("changed", value !== kind.default);
  }

  const title = h("div", { class: "words" },
    h("div", { class: "title" }, h("label", { for: id }, words(name)), chip),
    h("p", { class: "dim", id: `${id}-doc` }, minus(doc), kind.choices ? "" : h("span", { class: "extent" }, ` · ${minus(kind.range)}`)));
  const root = h("div", { class: `setting${kind.choices ? " chosen" : ""}`, "data-name": name }, title, ...made.parts, reset, learn);
  learnable(root, { set: name }, title);
  made.show(kind.value);
  mark(kind.value);
  return {
    root,
    show(value) {
      if (made.held()) return; // under a finger: that finger is right
      made.show(value);
      mark(value);
    },
    bound: (text) => say(chip, text),
  };
}

function choice(name, kind, id, change) {
  const select = h("select", { id, "aria-describedby": `${id}-doc`, onchange: () => change(select.value) },
    kind.choices.map((text) => h("option", { value: text }, text)));
  return { parts: [select], show: (value) => { select.value = value; }, held: () => false };
}

function number(name, kind, id, change) {
  let now = kind.value;
  const way = slider(kind, change, { id, "aria-describedby": `${id}-doc` });
  const field = h("input", { type: "number", class: "exact", step: "any", min: kind.minimum,
    max: kind.maximum, onblur: () => { field.value = shown(now); }, "aria-label": `${words(name)} ${kind.unit}`.trim(),
    onchange: () => { if (field.reportValidity() && field.value !== "") change(Number(field.value)); } });

  function show(value) {
    way.show(value);
    now = value;
    if (document.activeElement !== field) field.value = shown(value); // else it is being typed
  }

  const unit = h("span", { class: "unit", "aria-hidden": true }, kind.unit === "semitones" ? "st" : kind.unit);
  return { parts: [way.root, h("span", { class: "value" }, field, unit)], show, held: way.held };
}
