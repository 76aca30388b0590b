// Pitch: MIDI notes and their names.
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

/** MIDI note of a frequency, where A4 is `tuning` Hz. */
export const noteOf = (hz, tuning = 440) => 69 + 12 * Math.log2(hz / tuning);

/** 69 → "A4"; a fraction goes to its nearest note. */
export function nameOf(note) {
  const whole = Math.round(note);
  return `${NAMES[((whole % 12) + 12) % 12]}${Math.floor(whole / 12) - 1}`;
}

/** Decibels for people, with a true minus. */
export const decibels = (db) => db.toFixed(0).replace("-", "−");

/** The range that a model was trained in: "G3 to C♯6". */
export const rangeOf = (info) =>
  `${nameOf(info.mean_min_pitch_note)} to ${nameOf(info.mean_max_pitch_note)}`;
