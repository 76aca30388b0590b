// The microphone: level, noise floor, what to play next, and a take each minute, so that little is lost.
import { attempt, h, say } from "./dom.js";
import { minutes } from "./api.js";
import { wav } from "./wav.js";

const TAKE_S = 60;
const STILL_S = 3; // at the beginning, for the noise floor
const EACH_S = 20;
const PROMPTS = ["Play long notes softly", "Play long notes loudly", "Play high notes, soft and loud",
  "Play low notes, soft and loud", "Let notes swell and fade", "Play a slow melody", "Play quick notes"];
const LOUDEST_DB = -3;
const QUIET_ENOUGH_DB = -55;
const db = (value) => 20 * Math.log10(Math.max(value, 1e-6));

/** The recorder's element; `keep(blob, name)` is called with each take. */
export function recorder(keep) {
  const coach = h("p", { class: "coach", role: "status" });
  const bar = h("span", { class: "bar" });
  const number = h("span", { class: "number" });
  const floorText = h("p", { class: "dim", id: "floor" });
  const time = h("span", { class: "big" });
  const button = h("button", { type: "button", id: "record", class: "main", onclick: () => attempt(toggle) }, "Record");
  const more = h("div", { class: "recorder", hidden: true }, coach,
    h("div", { class: "meter" }, h("span", {}, "In"), h("span", { class: "track" }, bar), number, time), floorText);
  let running = null;

  async function toggle() {
    if (running) return stop();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: {
      echoCancellation: false, noiseSuppression: false, autoGainControl: false } }).catch((error) => {
      throw Object.assign(new Error("The microphone cannot be used"), { remedy: error.message });
    });
    const context = new AudioContext();
    await context.audioWorklet.addModule("/static/recorder-worklet.js");
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    context.createMediaStreamSource(stream).connect(tap);
    running = { stream, context, blocks: [], samples: 0, take: 0, all: 0, floor: null, still: [], low: 0, high: -120,
      shown: 0, name: new Date().toISOString().slice(0, 19).replaceAll(":", "-") };
    tap.port.onmessage = ({ data }) => running && hear(running, data);
    button.textContent = "Stop";
    more.hidden = false;
  }

  function hear(state, block) {
    const rate = state.context.sampleRate;
    const peak = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    state.all += block.length;
    const at = state.all / rate;
    if (at < STILL_S) {
      state.still.push(block.reduce((sum, x) => sum + x * x, 0) / block.length);
    } else {
      if (state.floor === null) measureFloor(state);
      state.blocks.push(block);
      state.samples += block.length;
      if (peak > 0.01) { state.low = Math.min(state.low, db(peak)); state.high = Math.max(state.high, db(peak)); }
    }
    if (state.samples >= TAKE_S * rate) attempt(() => flush(state));
    if (at - state.shown > 0.05) { state.shown = at; show(state, at, peak); }
  }

  function measureFloor(state) {
    const sorted = [...state.still].sort((a, b) => a - b);
    state.floor = db(Math.sqrt(sorted[Math.floor(sorted.length / 2)] ?? 0));
    say(floorText, state.floor < QUIET_ENOUGH_DB ? `Noise floor ${state.floor.toFixed(0)} dB: quiet enough.`
      : `Noise floor ${state.floor.toFixed(0)} dB: rather loud. Switch off fans, or go nearer to the microphone.`);
  }

  function show(state, at, peak) {
    const level = db(peak);
    bar.style.transform = `scaleX(${Math.max(0, Math.min(1, 1 + level / 60))})`;
    say(number, `${level.toFixed(0)}`);
    say(time, minutes(at));
    if (at < STILL_S) say(coach, "Stay silent for three seconds");
    else if (level > LOUDEST_DB) say(coach, "Too loud: turn the level down");
    else say(coach, PROMPTS[Math.floor((at - STILL_S) / EACH_S) % PROMPTS.length]);
  }

  async function flush(state) {
    const { blocks } = state;
    if (!state.samples) return;
    state.blocks = [];
    state.samples = 0;
    state.take += 1;
    await keep(wav(blocks, state.context.sampleRate), `take ${state.name} ${state.take}.wav`);
  }

  async function stop() {
    const state = running;
    running = null;
    button.textContent = "Record";
    more.hidden = true;
    for (const track of state.stream.getTracks()) track.stop();
    await flush(state);
    await state.context.close();
  }
  return h("div", { class: "stack" }, button, more);
}
