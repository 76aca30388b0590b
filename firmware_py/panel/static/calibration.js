// Fitting the box to the player, and the player to the box: auto-fit, latency by a cable.
import { h, say } from "./dom.js";
import { link } from "./link.js";
import { watch } from "./store.js";

const FIT_S = 10;

/** A button that does something for a while and then says what it found. */
function measurement(id, label, hint, action, words) {
  const told = h("p", { id: `${id}-told`, class: "told", role: "status" });
  const bar = h("progress", { hidden: true, "aria-label": "Time left" });
  const button = h("button", { type: "button", id, class: "main wide", onclick: start }, label);
  let running = false;

  async function start() {
    running = true;
    button.disabled = true;
    bar.hidden = false;
    say(told, hint.meanwhile);
    try {
      say(told, words(await action()));
    } catch (error) {
      say(told, [error.message, error.remedy].filter(Boolean).join(": "));
    }
    running = false;
    button.disabled = false;
    bar.hidden = true;
    say(button, label);
  }
  return { root: h("div", { class: "stack" }, h("p", { class: "dim" }, hint.before), button, bar, told),
    left(seconds, of) {
      if (!running) return;
      bar.max = of;
      bar.value = seconds;
      say(button, `${Math.ceil(seconds)} s`);
    } };
}

export function autofit() {
  const made = measurement("autofit", "Fit to my playing", {
    before: "It listens for ten seconds and moves your range into the instrument's.",
    meanwhile: "Play your lowest and highest, softest and loudest notes.",
  }, () => link.call("autofit", { seconds: FIT_S }), ({ values }) => {
    const found = Object.entries(values).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
    return `Fitted: ${found.join(", ")}.`;
  });
  watch("meters", ({ autofit_s: left }) => { if (left > 0) made.left(left, FIT_S); });
  return made.root;
}

/** What was found of the round trip, in words. */
export function roundTrip(found) {
  const samples = (found.round_trip_samples + (found.fraction_samples ?? 0)).toFixed(2);
  const beyond = found.beyond_samples === null ? "Not measured: how much of it is due to converters and cable (the driver does not report its buffers)."
    : `Converters and cable take ${((found.beyond_samples / found.rate_hz) * 1000).toFixed(2)} ms of it; the rest is the buffers.`;
  const parts = [`${found.round_trip_ms.toFixed(2)} ms there and back: ${samples} samples at ${found.rate_hz / 1000} kHz.`,
    beyond, `Measured at the ${found.input} input, ${found.snr_db.toFixed(0)} dB above the noise.`, found.warning];
  return parts.filter(Boolean).join(" ");
}

export function latency() {
  return measurement("latency", "Measure the round trip", {
    before: "Connect an output and an input of the card with a cable. A sweep is played; the instrument is silent meanwhile.",
    meanwhile: "Listening to the sweep …",
  }, () => link.call("latency"), roundTrip).root;
}
