// A slider for one hand in the dark: dragged from wherever it is touched, never by a mere touch.
import { h } from "./dom.js";

const STEPS = 1000; // of a slider's way
const TAP_MS = 350; // between the two taps that bring the default back
const SLOP = 7; // pixels that are not yet a drag

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

export const shown = (value) => String(Number(Number(value).toPrecision(4)));

/** `root` to place, `show(value)`, `held()`; `change(value)` is called when it is moved. */
export function slider(kind, change, attributes = {}) {
  const steps = kind.whole ? kind.maximum - kind.minimum : STEPS;
  const ratio = STEPS / steps;
  const home = toPlace(kind, kind.default) / STEPS; // the bar grows from the default
  let drag = null; // { x, from, moved }
  let tappedAt = -Infinity;
  const range = h("input", { type: "range", min: 0, max: steps, step: 1, ...attributes,
    oninput: () => change(toValue(kind, range.value * ratio)), onkeydown: bigSteps });
  // The input is for keys and screen readers; fingers meet what is around it.
  const root = h("div", { class: "way", onpointerdown: grab, onpointermove: move,
    onpointerup: release, onpointercancel: () => { drag = null; } }, range);

  const put = (place) => change(toValue(kind, Math.min(steps, Math.max(0, Math.round(place))) * ratio));
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
    if (event.timeStamp - tappedAt < TAP_MS) {
      event.preventDefault();
      [drag, tappedAt] = [null, -Infinity];
      change(kind.default);
      return;
    }
    tappedAt = event.timeStamp;
    if (mouse) put(under(event));
  }

  function move(event) {
    if (!drag) return;
    const way = event.clientX - drag.x;
    if (!drag.moved && Math.abs(way) < SLOP) return;
    if (!drag.moved) drag.x += drag.mouse ? 0 : Math.sign(way) * SLOP; // no leap at its beginning
    drag.moved = true;
    tappedAt = -Infinity;
    put(drag.mouse ? under(event) : drag.from + ((event.clientX - drag.x) / (root.clientWidth - 28)) * steps);
  }

  function release() {
    drag = null;
  }

  /** A thousandth for each arrow is fine work; with Page keys a twentieth. */
  function bigSteps(event) {
    const by = { PageUp: 1, PageDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    put(Number(range.value) + by * Math.max(1, steps / 20));
  }

  function show(value) {
    range.value = Math.round(toPlace(kind, value) / ratio);
    const at = range.value / steps;
    range.style.setProperty("--low", `${Math.min(at, home) * 100}%`);
    range.style.setProperty("--high", `${Math.max(at, home) * 100}%`);
    range.setAttribute("aria-valuetext", `${shown(value)} ${kind.unit}`.trim());
  }

  return { root, range, show, held: () => drag !== null };
}
