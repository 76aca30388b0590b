// A level meter with peak hold and clip, and the tuner's display.
import { h, say } from "./dom.js";
import { getJson } from "./link.js";
import { decibels } from "./notes.js";
import { on } from "./store.js";

const FLOOR_DB = -60;
const HOLD_MS = 1500;

const part = (db) => Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));

/** "123456" → "123 456": easier to read out. */
export const spaced = (code) => `${code.slice(0, 3)} ${code.slice(3)}`;

/** One level: `root` to place, `show(dbfs, clip)`. */
export function meter(label) {
  const bar = h("div", { class: "bar" });
  const peak = h("div", { class: "peak" });
  const text = h("span", { class: "number" }, "−∞");
  const lamp = h("span", { class: "clip" }, "clip");
  const track = h("div", { class: "track", role: "meter", "aria-label": `${label} level`,
    "aria-valuemin": FLOOR_DB, "aria-valuemax": 0, "aria-valuenow": FLOOR_DB }, bar, peak);
  let held = FLOOR_DB;
  let heldAt = 0;
  let toldAt = 0;

  function show(dbfs, clip) {
    const now = performance.now();
    const level = dbfs ?? FLOOR_DB;
    if (dbfs === undefined) [heldAt, toldAt] = [-Infinity, -Infinity]; // nothing measures any more
    if (level >= held || now - heldAt > HOLD_MS) [held, heldAt] = [level, now];
    bar.style.transform = `scaleX(${part(level).toFixed(3)})`;
    peak.style.transform = `translateX(${(part(held) * 100).toFixed(1)}%)`;
    lamp.classList.toggle("on", Boolean(clip));
    say(text, held <= FLOOR_DB ? "−∞" : decibels(held));
    if (now - toldAt > 1000) { // as often as anybody can hear it read out
      toldAt = now;
      track.setAttribute("aria-valuenow", Math.max(FLOOR_DB, Math.round(level)));
      track.setAttribute("aria-valuetext", `${Math.round(level)} dB${clip ? ", clipping" : ""}`);
    }
  }

  return { root: h("div", { class: "meter" }, h("span", {}, label), track, text, lamp), show };
}

/** The tuner: the note in letters to be read from two metres, cents as a needle. */
export function tuner() {
  const note = h("div", { class: "tuner-note" }, "–");
  const cents = h("div", { class: "tuner-cents" }, "play a note");
  const needle = h("div", { class: "needle" });
  const scale = h("div", { class: "scale", "aria-hidden": true },
    ...[-50, -25, 0, 25, 50].map((at) => h("span", {}, at === 0 ? "▼" : `${at > 0 ? "+" : "−"}${Math.abs(at)}`)));
  const spoken = h("p", { class: "unseen", "aria-live": "polite" });
  const code = h("p", { class: "tuner-code", role: "status" });
  let codeTimer = 0;
  // Somebody wants to pair a phone: whoever holds the tuner can read the code out.
  async function asked() {
    const told = await getJson("/api/pair").catch(() => null);
    if (!told || root.hidden) return;
    clearTimeout(codeTimer);
    say(code, told.asked_s ? `A new phone asks: code ${spaced(told.code)}` : "");
    // Then it is another code, or none is asked for any more.
    if (told.asked_s) codeTimer = setTimeout(asked, 1000 * Math.min(told.asked_s, told.for_s + 1));
  }
  on("pairing", () => { if (!root.hidden) asked(); });
  let spokenAt = 0;

  const root = h("div", { class: "tuner", hidden: true },
    note, h("div", { class: "needle-box", "aria-hidden": true }, needle), scale, cents, code, spoken);

  function show(meters) {
    const heard = Boolean(meters.note);
    root.classList.toggle("heard", heard);
    if (!heard) {
      say(note, "–");
      say(cents, "play a note");
      root.classList.remove("in-tune");
      return;
    }
    const off = meters.cents ?? 0;
    say(note, meters.note.replace("#", "♯"));
    say(cents, Math.abs(off) < 1 ? "in tune" : `${Math.abs(off).toFixed(0)} cent${Math.abs(off) < 1.5 ? "" : "s"} ${off < 0 ? "flat" : "sharp"}`);
    needle.style.transform = `translateX(${Math.max(-50, Math.min(50, off)).toFixed(1)}%)`;
    root.classList.toggle("in-tune", Math.abs(off) < 3 && meters.steady);
    if (meters.steady && performance.now() - spokenAt > 2500) {
      spokenAt = performance.now();
      say(spoken, `${meters.note}, ${cents.textContent}`);
    }
  }

  /** Open or close it; one that is opened while a phone asks shows the code as well. */
  function open(on) {
    if (on === !root.hidden) return;
    root.hidden = !on;
    clearTimeout(codeTimer);
    if (on) asked();
    else say(code, "");
  }

  return { root, show, open };
}
