// One setting: its slider or choice, its value in its unit, its way back to the default.
import { attempt, capital, h } from "./dom.js";
import { link } from "./link.js";

const STEPS = 1000; // of a slider's way
const TAP_MS = 350; // between the two taps on a slider

const words = (name) => capital(name.replaceAll("_", " "));

/** Where a range spans decades (0.001 to 5 s), equal ways of the thumb are equal ratios. */
const isWide = ({ minimum, maximum }) => minimum > 0 && maximum / minimum > 50;

function toPlace(kind, value) {
  const { minimum, maximum } = kind;
  if (isWide(kind)) return (STEPS * Math.log(value / minimum)) / Math.log(maximum / minimum);
  return (STEPS * (value - minimum)) / (maximum - minimum);
}

function toValue(kind, place) {
  const { minimum, maximum } = kind;
  const at = place / STEPS;
  const value = isWide(kind) ? minimum * (maximum / minimum) ** at : minimum + (maximum - minimum) * at;
  return tidy(kind, value);
}

/** As fine as an ear needs: whole numbers, hundredths, or three digits. */
function tidy(kind, value) {
  if (kind.whole) return Math.round(value);
  if (isWide(kind)) return Math.min(kind.maximum, Math.max(kind.minimum, Number(value.toPrecision(3))));
  const step = kind.maximum - kind.minimum > 12 ? 10 : 100;
  return Math.round(value * step) / step;
}

const shown = (value) => String(Number(Number(value).toPrecision(4)));

/** Sends the newest value, one request at a time: a slider cannot flood the box. */
function sender(name) {
  let newest;
  let busy = false;
  return async function send(value) {
    newest = value;
    if (busy) return;
    busy = true;
    while (newest !== undefined) {
      const next = newest;
      newest = undefined;
      await attempt(() => link.call("set", { values: { [name]: next } }));
    }
    busy = false;
  };
}

/** `root` to place, `show(value)` when it was changed elsewhere. */
export function control(name, kind) {
  const send = sender(name);
  const id = `set-${name}`;
  const doc = kind.doc.replace(/^(EFFECT|MIDI): /, "");
  const reset = h("button", { type: "button", class: "reset", title: `Back to ${kind.default}`,
    "aria-label": `${words(name)}: back to ${kind.default}`, onclick: () => change(kind.default) }, "↺");
  const made = kind.choices ? choice(name, kind, id, change) : slider(name, kind, id, change);

  function change(value) {
    made.show(value);
    mark(value);
    send(value);
  }

  function mark(value) {
    reset.disabled = value === kind.default;
    root.classList.toggle("changed", value !== kind.default);
  }

  const root = h("div", { class: "setting", "data-name": name },
    h("div", { class: "words" },
      h("label", { for: id }, words(name)),
      h("p", { class: "dim", id: `${id}-doc` }, doc, kind.choices ? "" : ` (${kind.range})`)),
    ...made.parts, reset);
  made.show(kind.value);
  mark(kind.value);
  return {
    root,
    show(value) {
      if (made.held()) return; // under a finger: that finger is right
      made.show(value);
      mark(value);
    },
  };
}

function choice(name, kind, id, change) {
  const select = h("select", { id, "aria-describedby": `${id}-doc`, onchange: () => change(select.value) },
    kind.choices.map((text) => h("option", { value: text }, text)));
  return { parts: [select], show: (value) => { select.value = value; }, held: () => false };
}

function slider(name, kind, id, change) {
  const steps = kind.whole ? kind.maximum - kind.minimum : STEPS;
  const ratio = STEPS / steps;
  let held = false;
  let now = kind.value;
  let tappedAt = -Infinity;
  const range = h("input", { type: "range", id, min: 0, max: steps, step: 1,
    "aria-describedby": `${id}-doc`,
    oninput: () => change(toValue(kind, range.value * ratio)),
    onkeydown: bigSteps,
    onpointerdown: grab,
    onpointerup: () => { held = false; },
    onpointercancel: () => { held = false; } });
  const number = h("input", { type: "number", class: "exact", step: "any", min: kind.minimum,
    max: kind.maximum, onblur: () => { number.value = shown(now); }, "aria-label": `${words(name)} ${kind.unit}`.trim(),
    onchange: () => { if (number.reportValidity() && number.value !== "") change(Number(number.value)); } });

  function grab(event) {
    if (event.timeStamp - tappedAt < TAP_MS) {
      event.preventDefault();
      tappedAt = -Infinity;
      change(kind.default);
      return;
    }
    tappedAt = event.timeStamp;
    held = true;
  }

  /** A thousandth for each arrow is fine work; with Page keys a twentieth. */
  function bigSteps(event) {
    const by = { PageUp: 1, PageDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const place = Math.min(steps, Math.max(0, Number(range.value) + by * Math.max(1, steps / 20)));
    change(toValue(kind, place * ratio));
  }

  function show(value) {
    range.value = Math.round(toPlace(kind, value) / ratio);
    range.style.setProperty("--at", `${(range.value / steps) * 100}%`);
    range.setAttribute("aria-valuetext", `${shown(value)} ${kind.unit}`.trim());
    now = value;
    if (document.activeElement !== number) number.value = shown(value); // else it is being typed
  }

  const unit = h("span", { class: "unit", "aria-hidden": true }, kind.unit === "semitones" ? "st" : kind.unit);
  return { parts: [range, h("span", { class: "value" }, number, unit)], show, held: () => held };
}
