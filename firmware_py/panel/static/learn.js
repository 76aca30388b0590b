// MIDI learn: touch a setting or a button here, then move a knob or press a switch of the box.
import { attempt, byId, capital, h, say } from "./dom.js";
import { link } from "./link.js";
import { nameOf } from "./notes.js";
import { on, refreshMappings, store } from "./store.js";

const SECONDS = 30;
const HOLD_MS = 700;
const SLOP = 10; // pixels: more is a scroll

const pretty = (name) => capital(name.replaceAll("_", " "));
const ACTIONS = { preset_next: "Next preset", preset_previous: "Previous preset", tap: "Tap the tempo",
  autofit: "Fit to my playing", pairing_unlock: "Let a new phone pair", shutdown: "Shut down" };

/** "cc 21" → "CC 21", "note 36" → "Note C2", "switch left long" → "Switch left, long". */
export function controlName(control) {
  const [kind, name, gesture] = control.split(" ");
  const first = { cc: `CC ${name}`, note: `Note ${nameOf(Number(name))}` }[kind] ?? `${capital(kind)} ${name}`;
  return gesture ? `${first}, ${gesture}` : first;
}

/** A setting, or something to do, in words. */
export function targetName({ set, do: action }) {
  if (set) return pretty(set);
  return ACTIONS[action] ?? pretty(action);
}

/** In learn mode a touch of `element` learns; a long press of `handle` does at any time. */
export function learnable(element, target, handle = null) {
  element.dataset.learn = JSON.stringify(target);
  if (!handle) return;
  let timer = 0;
  let at = [0, 0];
  const stop = () => clearTimeout(timer);
  handle.addEventListener("pointerdown", (event) => {
    at = [event.clientX, event.clientY];
    stop();
    if (!locked()) timer = setTimeout(() => nowLearn(target), HOLD_MS);
  });
  handle.addEventListener("pointermove", (event) => {
    if (Math.hypot(event.clientX - at[0], event.clientY - at[1]) > SLOP) stop();
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) handle.addEventListener(name, stop);
  handle.addEventListener("contextmenu", (event) => event.preventDefault());
}

const locked = () => document.body.classList.contains("locked");
let mode = false;

/** Learn mode on or off: what can be learned is framed; a touch then starts learning instead of acting. */
export function learnMode(wanted) {
  mode = wanted;
  document.body.classList.toggle("learning", wanted);
  byId("learn-bar").replaceChildren(...(wanted ? [
    h("span", {}, "Touch the setting or button that a knob or switch should control."),
    h("button", { type: "button", id: "learn-done", onclick: () => learnMode(false) }, "Done")] : []));
  byId("learn")?.setAttribute("aria-pressed", wanted);
}
export const learning = () => mode;

export function setUpLearn() {
  byId("views").addEventListener("click", (event) => {
    const thing = mode && !locked() && event.target.closest("[data-learn]");
    if (!thing || event.target.closest(".learn-this")) return;
    event.preventDefault();
    event.stopPropagation();
    nowLearn(JSON.parse(thing.dataset.learn));
  }, true);
  addEventListener("keydown", (event) => {
    if (mode && event.key === "Escape" && !document.querySelector("dialog")) learnMode(false);
  });
  on("learn", (event) => {
    if (event.state === "learned") refreshMappings();
    open?.heard(event);
  });
}

let open = null; // the dialog, where this browser asked

/** Listen for a control for `target`, {set} or {do}, and say how it goes. */
export function nowLearn(target) {
  if (open || locked()) return;
  const asked = target.set ? { set: target.set } : { action: target.do };
  const title = h("h2", { id: "learn-title" }, targetName(target));
  const told = h("p", { id: "learn-told", role: "status" });
  const bar = h("progress", { max: SECONDS, value: SECONDS, "aria-label": "Time left" });
  const more = h("div", { class: "learn-more" });
  const button = (id, text, onclick, kind = "") => h("button", { type: "button", id, class: kind, onclick }, text);
  const ends = store.settings?.[target.set];
  const low = end("From", ends?.minimum);
  const high = end("To", ends?.maximum);
  const keep = h("input", { type: "checkbox", id: "learn-keep", onchange: () => listen() });
  const choices = h("details", {}, h("summary", {}, "More"),
    ends && !ends.choices ? h("div", { class: "row" }, low.root, high.root) : "",
    h("label", { class: "check" }, keep, "Only in the preset that plays"));
  const dialog = h("dialog", { class: "learn", "aria-labelledby": "learn-title" },
    title, told, bar, choices, more);
  let ticking = 0;
  let left = SECONDS;
  let over = false;

  function end(label, value) {
    const field = h("input", { type: "number", step: "any", value: value ?? "", min: ends?.minimum, max: ends?.maximum, onchange: () => listen() });
    return { root: h("label", {}, label, field), field };
  }

  async function listen(replace = false) {
    const range = {};
    for (const [name, { field }, usual] of [["low", low, ends?.minimum], ["high", high, ends?.maximum]]) {
      if (field.value !== "" && Number(field.value) !== usual) range[name] = Number(field.value);
    }
    over = false;
    const answer = await attempt(() => link.call("learn", { ...asked, ...range,
      keep: keep.checked ? "preset" : "device", replace, seconds: SECONDS }));
    if (!answer) return finish("Nothing can be learned at the moment.", true);
    left = SECONDS;
    say(told, replace ? "Move it again."
      : target.set ? "Move a knob or a pedal, or press a switch." : "Press a switch, a pad or a key.");
    more.replaceChildren(button("learn-cancel", "Cancel", () => dialog.close()));
  }

  function finish(text, again, control = null) {
    over = true;
    bar.hidden = choices.hidden = !again;
    bar.value = 0;
    say(told, text);
    more.replaceChildren(
      control ? button("learn-undo", "Undo", async () => {
        await attempt(() => link.call("mapping_remove", { control: control.control, ...asked, keep: control.kept }), "Undone");
        refreshMappings();
        dialog.close();
      }) : "",
      again ? button("learn-again", "Try again", () => { bar.hidden = choices.hidden = false; listen(); }) : "",
      button("learn-close", control ? "Done" : "Close", () => dialog.close(), control ? "main" : ""));
    more.lastChild.focus();
  }

  function closeQuietly() {
    over = true;
    dialog.close();
  }

  /** By somebody else, unless it was this one's own beginning anew. */
  async function cancelled() {
    const { learning: still } = await link.call("mappings").catch(() => ({}));
    if (!still && !over) closeQuietly();
  }

  open = { heard(event) {
    if (event.set ? event.set !== target.set : event.do !== target.do) return closeQuietly(); // another phone's
    if (event.state === "learned") {
      const name = controlName(event.mapping?.control ?? event.control);
      finish(target.set ? `${name} moves ${targetName(target)}.` : `${name}: ${targetName(target)}.`, false, event.mapping ?? event);
    } else if (event.state === "taken") {
      say(told, event.text);
      more.replaceChildren(
        button("learn-replace", "Use it anyway", () => listen(true)),
        button("learn-cancel", "Cancel", () => dialog.close()));
    } else if (event.state === "timeout") finish("No control was moved.", true);
    else if (event.state === "failed") finish(event.text, true);
    else if (event.state === "cancelled") cancelled();
  } };
  dialog.addEventListener("close", () => {
    clearInterval(ticking);
    dialog.remove();
    open = null;
    if (!over) link.call("learn_cancel").catch(() => {});
  });
  ticking = setInterval(() => {
    if (over) return;
    left -= 0.25;
    bar.value = Math.max(0, left);
    if (!link.connected || !link.engine) finish("The connection to the box is lost.", false);
    else if (left < -3) finish("No control was moved.", true);
  }, 250);
  document.body.append(dialog);
  dialog.showModal();
  listen();
}
