// A slider for one hand in the dark: dragged from wherever it is touched, never by a mere touch.
import { h } from "./dom.js";

const STEPS = 1000; // of the way of a wide range
const TAP_MS = 400; // between the two taps that bring the default back
const SLOP = 7; // pixels that are not yet a drag

/** Where a range spans decades (0.001 to 5 s), equal ways of the thumb are equal ratios. */
const isWide = ({ minimum, maximum }) => minimum > 0 && maximum / minimum > 50;

/** Steps in 1: whole numbers, tenths, hundredths, as fine as an ear needs. */
const grain = (kind) => (kind.whole ? 1 : kind.maximum - kind.minimum > 12 ? 10 : 100);

/** Each step of the way is another value, else arrow keys would not get away from one. */
const stepsOf = (kind) => (isWide(kind) ? STEPS : Math.round((kind.maximum - kind.minimum) * grain(kind)));

/** 0..1 */
function toPart(kind, value) {
  const { minimum, maximum } = kind;
  if (isWide(kind)) return Math.log(value / minimum) / Math.log(maximum / minimum);
  return (value - minimum) / (maximum - minimum);
}

function toValue(kind, at) {
  const { minimum, maximum } = kind;
  const value = isWide(kind) ? minimum * (maximum / minimum) ** at : minimum + (maximum - minimum) * at;
  return tidy(kind, value);
}

function tidy(kind, value) {
  if (isWide(kind)) return Math.min(kind.maximum, Math.max(kind.minimum, Number(value.toPrecision(3))));
  return Math.round(value * grain(kind)) / grain(kind);
}

export const shown = (value) => String(Number(Number(value).toPrecision(4)));

/** `root` to place, `show(value)`, `held()`; `change(value)` is called when it is moved. Two taps
 * bring `kind.default` back, where it has one. */
export function slider(kind, change, attributes = {}) {
  const steps = stepsOf(kind);
  const home = toPart(kind, kind.default ?? kind.minimum); // the bar grows from the default
  let drag = null; // { x, from, moved }
  let tappedAt = -Infinity;
  const range = h("input", { type: "range", min: 0, max: steps, step: 1, ...attributes,
    oninput: () => change(toValue(kind, range.value / steps)), onkeydown: bigSteps });
  // The input is for keys and screen readers; fingers meet what is around it.
  const root = h("div", { class: "way", onpointerdown: grab, onpointermove: move,
    onpointerup: release, onpointercancel: () => { drag = null; } }, range);

  const put = (place) => change(toValue(kind, Math.min(steps, Math.max(0, Math.round(place))) / steps));
  const under = (event) => {
    const box = root.getBoundingClientRect();
    return ((event.clientX - box.left - 14) / (box.width - 28)) * steps;
  };

  function grab(event) {
    if (event.button || range.matches(":disabled")) return;
    range.focus({ preventScroll: true });
    root.setPointerCapture(event.pointerId);
    const mouse = event.pointerType === "mouse"; // it aims well; a thumb in the dark does not
    drag = { x: event.clientX, from: Number(range.value), moved: false, mouse };
    if (mouse) put(under(event));
  }

  function move(event) {
    if (!drag) return;
    const way = event.clientX - drag.x;
    if (!drag.moved && Math.abs(way) < SLOP) return;
    if (!drag.moved) drag.x += drag.mouse ? 0 : Math.sign(way) * SLOP; // no leap at its beginning
    drag.moved = true;
    put(drag.mouse ? under(event) : drag.from + ((event.clientX - drag.x) / (root.clientWidth - 28)) * steps);
  }

  function release(event) {
    if (drag && !drag.moved) {
      const twice = event.timeStamp - tappedAt < TAP_MS;
      tappedAt = twice ? -Infinity : event.timeStamp;
      if (twice && kind.default !== undefined) change(kind.default);
    }
    drag = null;
  }

  /** An arrow is fine work; with Page keys a twentieth. */
  function bigSteps(event) {
    const by = { PageUp: 1, PageDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    put(Number(range.value) + by * Math.max(1, steps / 20));
  }

  function show(value) {
    range.value = Math.round(toPart(kind, value) * steps);
    const at = range.value / steps;
    range.style.setProperty("--low", `${Math.min(at, home) * 100}%`);
    range.style.setProperty("--high", `${Math.max(at, home) * 100}%`);
    range.setAttribute("aria-valuetext", `${shown(value)} ${kind.unit}`.trim());
  }

  return { root, range, show, held: () => drag !== null };
}
