// The live picture: pitch across, loudness up, the trained region, the player's point in it.
import { between, colourOf } from "./emblem.js";
import { nameOf, noteOf } from "./notes.js";

const LOUDNESS = [-70, 0]; // dB
const SILENCE_DB = -80;
const MARGIN = 9; // semitones beside the region
const TRAIL = 36;
const LEFT = 36;
const BOTTOM = 20;

/** Draws into `canvas`, only when there is something new to see. */
export class Graph {
  #trail = []; // [note, dB], the newest last
  #held = []; // notes of a keyboard
  #info = null;
  #name = "";
  #other = null; // {title, info, part}: the model that it morphs to
  #ground = document.createElement("canvas"); // what stands still
  #due = false;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.#prepare()).observe(canvas);
  }

  /** The instrument that plays, and the one that it morphs to. */
  instrument(name, info, other = null) {
    const same = name === this.#name && info === this.#info;
    const key = (each) => each && `${each.title} ${each.part} ${Boolean(each.info)}`;
    if (same && key(other) === key(this.#other)) return;
    this.#other = other;
    if (!same) [this.#name, this.#info, this.#trail] = [name, info, []];
    this.#prepare();
  }

  #colour() {
    return this.#other ? between(this.#name, this.#other.title, this.#other.part) : colourOf(this.#name);
  }

  /** What the model is shown now: heard, moved by the settings that move what it is shown. */
  show(meters, settings) {
    const sounding = meters.f0_hz > 0 && meters.loudness_db > SILENCE_DB;
    const before = this.#trail.length + this.#held.length;
    if (sounding) {
      const moved = (settings.pitch_shift ?? 0) + (settings.input_pitch ?? 0);
      const note = noteOf(meters.f0_hz, settings.tuning) + moved;
      const level = Math.min(0, meters.loudness_db + (settings.input_gain ?? 0));
      this.#trail.push([note, level]);
    }
    const most = this.#still.matches ? 1 : TRAIL;
    if (this.#trail.length > most || !sounding) this.#trail.shift();
    if (meters.f0_hz === undefined) this.#trail = []; // the engine is lost
    this.#held = meters.notes ?? [];
    if (before || this.#trail.length || this.#held.length) this.#draw();
  }

  /** Semitones and dB in one pixel. */
  scale() {
    const [low, high] = this.#range();
    return { note: (high - low) / (this.width - LEFT - 4),
      level: (LOUDNESS[1] - LOUDNESS[0]) / (this.height - BOTTOM - 4) };
  }

  #range() {
    const all = [this.#info, this.#other?.info].filter(Boolean);
    const lowest = Math.min(...all.map((info) => info.mean_min_pitch_note));
    const highest = Math.max(...all.map((info) => info.mean_max_pitch_note));
    return all.length ? [lowest - MARGIN, highest + MARGIN] : [48 - MARGIN, 84 + MARGIN];
  }

  #x(note) {
    const [low, high] = this.#range();
    const at = Math.min(1, Math.max(0, (note - low) / (high - low)));
    return LEFT + at * (this.width - LEFT - 4);
  }

  #y(level) {
    const [low, high] = LOUDNESS;
    const at = Math.min(1, Math.max(0, (level - low) / (high - low)));
    return 4 + (1 - at) * (this.height - BOTTOM - 4);
  }

  #prepare() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    Object.assign(this, { width, height, ratio: Math.min(2, devicePixelRatio || 1) });
    for (const each of [this.canvas, this.#ground]) {
      each.width = width * this.ratio;
      each.height = height * this.ratio;
    }
    const context = this.#ground.getContext("2d");
    context.scale(this.ratio, this.ratio);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.#grid(context);
    const other = this.#other;
    if (other?.info) this.#region(context, other.info, other.title, other.part, true);
    if (this.#info) this.#region(context, this.#info, this.#name, 1 - (other?.part ?? 0), false);
    this.#draw();
  }

  #grid(context) {
    context.strokeStyle = "#262b33";
    context.fillStyle = "#98a1ad";
    context.beginPath();
    context.textAlign = "right";
    for (let level = -60; level < 0; level += 20) {
      const y = Math.round(this.#y(level)) + 0.5;
      context.moveTo(LEFT, y);
      context.lineTo(this.width, y);
      context.fillText(`−${-level}`, LEFT - 6, y);
    }
    context.fillText("dB", LEFT - 6, 12);
    context.textAlign = "center";
    const [low, high] = this.#range();
    for (let note = Math.ceil(low / 12) * 12; note <= high; note += 12) {
      const x = Math.round(this.#x(note)) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, this.height - BOTTOM);
      context.fillText(nameOf(note), Math.max(x, LEFT + 8), this.height - BOTTOM / 2 + 2);
    }
    context.stroke();
  }

  /** Where a model was trained; the more it is heard (`part` 0..1), the clearer. */
  #region(context, info, title, part, below) {
    const left = this.#x(info.mean_min_pitch_note);
    const top = this.#y(info.mean_max_power_note);
    const width = this.#x(info.mean_max_pitch_note) - left;
    const height = this.#y(info.mean_min_power_note) - top;
    context.fillStyle = context.strokeStyle = colourOf(title);
    context.globalAlpha = 0.03 + 0.1 * part;
    context.beginPath();
    context.roundRect(left, top, width, height, 8);
    context.fill();
    context.globalAlpha = 0.35 + 0.5 * part;
    context.lineWidth = 1.5;
    context.stroke();
    context.globalAlpha = 0.6 + 0.4 * part;
    context.textAlign = "left";
    const text = this.#other ? title : "trained here";
    // Above the frame, where there is room: the point is mostly just below its upper edge.
    const above = top > 20 ? top - 10 : top + 15;
    context.fillText(text, left + 2, below ? top + height + 12 : above);
    context.globalAlpha = 1;
  }

  /** Note and cents beside the point, on the side that has room. */
  #nameAt(note, level) {
    const { context } = this;
    const cents = Math.round((note - Math.round(note)) * 100);
    const text = `${nameOf(note)} ${cents < 0 ? "−" : "+"}${Math.abs(cents)} cents`;
    const right = this.#x(note) < this.width / 2;
    context.font = "600 14px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = right ? "left" : "right";
    context.fillText(text, this.#x(note) + (right ? 18 : -18), Math.max(14, this.#y(level)));
  }

  #draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#paint();
    });
  }

  #paint() {
    const { context, width, height, ratio } = this;
    if (!width) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.#ground, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = context.strokeStyle = this.#colour();
    for (const note of this.#held) {
      const x = this.#x(note);
      context.globalAlpha = 0.85;
      context.fillRect(x - 2, 0, 4, height - BOTTOM);
    }
    const count = this.#trail.length;
    for (let i = 0; i < count - 1; i++) {
      context.globalAlpha = 0.5 * ((i + 1) / count) ** 2;
      context.beginPath();
      context.arc(this.#x(this.#trail[i][0]), this.#y(this.#trail[i][1]), 4, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
    if (!count) return;
    const [note, level] = this.#trail[count - 1];
    context.fillStyle = "#fff";
    context.lineWidth = 4;
    context.beginPath();
    context.arc(this.#x(note), this.#y(level), 9, 0, 7);
    context.fill();
    context.stroke();
    this.#nameAt(note, level);
  }
}
