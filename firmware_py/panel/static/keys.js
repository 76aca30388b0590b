// A keyboard on the screen: velocity by how far down a key is touched; sliding goes to the next key legato.
import { attempt, h, say } from "./dom.js";
import { link } from "./link.js";
import { nameOf } from "./notes.js";
import { playing } from "./store.js";

const WHITE = [0, 2, 4, 5, 7, 9, 11];
const KEY_PX = 44;
const LETTERS = "awsedftgyhujkolp"; // of a computer's keyboard, as in most music programs
const TYPED_VELOCITY = 90;

let last = Promise.resolve();

/** Note on (velocity 1 to 127) or off (0). In order: the box gets the next only after the one before. */
function send(note, velocity) {
  last = last.then(() => attempt(() => link.call("midi", { bytes: [velocity ? 0x90 : 0x80, note, velocity] })));
}

/** `root` to place; `fill()` when its size or the model has changed; `release()` ends every note. */
export function keyboard() {
  const keys = h("div", { class: "keys-row", tabindex: 0, role: "group", "aria-label": "Keyboard; the letters A to P play it" });
  const lower = h("button", { type: "button", "aria-label": "An octave lower", onclick: () => move(-12) }, "◀");
  const higher = h("button", { type: "button", "aria-label": "An octave higher", onclick: () => move(12) }, "▶");
  const where = h("span", { role: "status" });
  const root = h("div", { class: "keyboard" }, h("div", { class: "keys-head" }, lower, where, higher), keys);
  const held = new Map(); // finger or letter → note
  let lowest = null;
  let of = "";

  function move(by) {
    release();
    lowest = Math.min(96, Math.max(0, lowest + by));
    fill();
  }

  function fill() {
    const info = playing()?.info;
    if (lowest === null || of !== playing()?.name) {
      of = playing()?.name;
      const middle = info ? (info.mean_min_pitch_note + info.mean_max_pitch_note) / 2 : 60;
      lowest = Math.round((middle - 6) / 12) * 12;
    }
    const whites = Math.max(7, Math.min(22, Math.floor(keys.clientWidth / KEY_PX)));
    const made = [];
    let note = lowest;
    for (let white = 0; white < whites && note <= 127; note++) {
      const black = !WHITE.includes(note % 12);
      const key = h("div", { class: black ? "key black" : "key", "data-note": note }, note % 12 ? "" : nameOf(note));
      const width = 100 / whites;
      key.style.left = `${(black ? white - 0.3 : white) * width}%`;
      key.style.width = `${(black ? 0.6 : 1) * width}%`;
      made.push(key);
      if (!black) white += 1;
    }
    keys.replaceChildren(...made);
    say(where, `${nameOf(lowest)} to ${nameOf(note - 1)}`);
  }

  function show() {
    const sounding = new Set(held.values());
    for (const key of keys.children) key.classList.toggle("down", sounding.has(Number(key.dataset.note)));
  }

  /** Under a finger: the key, and how hard by its height. */
  function under(event) {
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest(".key");
    if (!key || !keys.contains(key)) return null;
    const box = key.getBoundingClientRect();
    const velocity = Math.round(127 * Math.min(1, Math.max(0.05, (event.clientY - box.top) / (box.height * 0.9))));
    return { note: Number(key.dataset.note), velocity };
  }

  function down(who, note, velocity) {
    const before = held.get(who);
    if (before === note) return;
    held.set(who, note);
    send(note, velocity);
    if (before !== undefined && ![...held.values()].includes(before)) send(before, 0); // after the new one: legato
    show();
  }

  function up(who) {
    const note = held.get(who);
    held.delete(who);
    if (note !== undefined && ![...held.values()].includes(note)) send(note, 0);
    show();
  }

  function release() {
    for (const who of [...held.keys()]) up(who);
  }

  const free = () => !document.body.matches(".locked, .learning, .away");
  keys.addEventListener("pointerdown", (event) => {
    const key = !event.button && free() && under(event);
    if (!key) return;
    event.preventDefault();
    keys.focus({ preventScroll: true });
    keys.setPointerCapture(event.pointerId);
    down(event.pointerId, key.note, key.velocity);
  });
  keys.addEventListener("pointermove", (event) => {
    const key = held.has(event.pointerId) && under(event);
    if (key) down(event.pointerId, key.note, key.velocity);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    keys.addEventListener(end, (event) => up(event.pointerId));
  }
  keys.addEventListener("contextmenu", (event) => event.preventDefault());
  keys.addEventListener("keydown", (event) => {
    const at = LETTERS.indexOf(event.key.toLowerCase());
    if (at < 0 || event.repeat || event.ctrlKey || event.metaKey || event.altKey || !free()) return;
    down(event.key.toLowerCase(), lowest + at, TYPED_VELOCITY);
  });
  keys.addEventListener("keyup", (event) => up(event.key.toLowerCase()));
  keys.addEventListener("blur", release);
  document.addEventListener("visibilitychange", release);
  addEventListener("pagehide", release);
  new ResizeObserver(() => keys.clientWidth && fill()).observe(keys);
  return { root, fill, release };
}
