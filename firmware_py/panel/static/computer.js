// What the box is to a computer that it is plugged into by USB: a MIDI device, or nothing.
import { attempt, h, say } from "./dom.js";
import { link } from "./link.js";
import { plain } from "./plain.js";

/** `root` to place; `look()` asks the box. */
export function computer() {
  const state = h("p", { class: "dim", id: "computer-state", role: "status" });
  const toggle = h("button", { type: "button", class: "toggle", id: "computer-midi", "aria-pressed": "false",
    "aria-label": "MIDI device of a computer", onclick: choose }, "Off");
  const row = h("div", { class: "item flat", hidden: true }, h("span", {}, "MIDI device of a computer"), toggle);
  let configured = "off";

  async function choose() {
    const told = await attempt(() => link.call("usb_choose", { on: configured !== "midi" }));
    if (told) show(told);
  }

  function sentence({ reason, active, connected }) {
    if (reason) return `${plain(reason)}.`;
    if (connected) return "A computer has it: its programs see a MIDI port with the box's name.";
    if (active) return "Plug the box's USB socket into a computer: it sees a MIDI port with the box's name.";
    return configured === "midi" ? "One moment …" : "";
  }

  function show(told) {
    configured = told.configured;
    const on = configured === "midi";
    row.hidden = !told.possible && !on;
    toggle.setAttribute("aria-pressed", String(on));
    say(toggle, on ? "On" : "Off");
    say(state, sentence(told));
  }

  async function look() {
    if (!link.engine) return;
    const told = await link.call("usb_gadget").catch(() => null);
    if (told) show(told);
  }
  return { root: h("div", { class: "stack" }, row, state), look };
}
