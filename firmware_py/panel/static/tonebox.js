// The tone box: a drag in the picture shifts pitch and loudness of what the model is shown.
import { attempt, h, say } from "./dom.js";
import { valuesSender } from "./control.js";
import { link } from "./link.js";
import { store, watch } from "./store.js";

const SLOP = 7; // pixels that are not yet a drag
const TAP_MS = 400; // between the two taps that fit
const FIT_S = 10;

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
const tenths = (kind, value) => Math.round(Math.min(kind.maximum, Math.max(kind.minimum, value)) * 10) / 10;

/** Handlers for `canvas`, on which `graph` is drawn. Returns the text that says how far it is shifted. */
export function toneBox(canvas, graph) {
  const send = valuesSender();
  const told = h("p", { id: "shift", class: "dim", role: "status" });
  let drag = null; // {x, y, note, level, moved}
  let tappedAt = -Infinity;
  let fitting = false;

  const free = () => store.settings && !document.body.matches(".locked, .learning, .away");

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || !free()) return;
    canvas.setPointerCapture(event.pointerId);
    const { input_pitch: pitch, input_gain: gain } = store.settings;
    drag = { x: event.clientX, y: event.clientY, note: pitch.value, level: gain.value, moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [across, up] = [event.clientX - drag.x, drag.y - event.clientY];
    if (!drag.moved && Math.hypot(across, up) < SLOP) return;
    drag.moved = true;
    const scale = graph.scale();
    const values = {
      input_pitch: tenths(store.settings.input_pitch, drag.note + across * scale.note),
      input_gain: tenths(store.settings.input_gain, drag.level + up * scale.level),
    };
    tell(values.input_pitch, values.input_gain);
    send(values);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved) {
      const twice = event.timeStamp - tappedAt < TAP_MS;
      tappedAt = twice ? -Infinity : event.timeStamp;
      if (twice) fit();
    }
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });

  function tell(pitch, gain) {
    say(told, pitch || gain ? `Shown ${signed(pitch)} semitones, ${signed(gain)} dB` : "");
  }

  async function fit() {
    if (fitting) return;
    fitting = true;
    say(told, "Play your lowest and highest, softest and loudest notes");
    await attempt(() => link.call("autofit", { seconds: FIT_S }), "Fitted to your playing");
    fitting = false;
    show();
  }

  function show() {
    if (drag?.moved || fitting || !store.settings) return;
    tell(store.settings.input_pitch.value, store.settings.input_gain.value);
  }
  watch("settings", show);
  watch("meters", ({ autofit_s: left }) => {
    if (fitting && left > 0) say(told, `Play your lowest and highest, softest and loudest notes: ${Math.ceil(left)} s`);
  });
  return told;
}
