// Restart the engine, restart and shut down the box: what this box lets the panel do.
import { ask, attempt, h, say } from "./dom.js";
import { getJson, http, link } from "./link.js";

const JSON_BODY = { "Content-Type": "application/json" };
const box = (what) => http("POST", "/api/power", JSON.stringify({ do: what }), JSON_BODY);

const WAYS = [
  { id: "restart-engine", label: "Restart the engine", question: "Restart the engine? It is silent for a few seconds.",
    yes: "Restart", act: () => link.call("restart"), done: "The engine restarts" },
  { id: "reboot", label: "Restart the box", question: "Restart the box? It is silent until it has started again.",
    yes: "Restart", act: () => box("reboot"), done: "The box restarts; this page reconnects by itself" },
  { id: "power-off", label: "Shut down", question: "Shut down the box? Only its power supply starts it again.",
    yes: "Shut down", act: () => box("power_off"), done: "The box shuts down; wait until its light is steady or off before you unplug it" },
];

/** `root` to place; `look()` asks the box what may be done. */
export function power() {
  const told = h("p", { class: "dim", id: "power-told", role: "status", hidden: true });
  const buttons = WAYS.map(({ id, label, question, yes, act, done }) => h("button", { type: "button", id, class: "danger", hidden: true,
    onclick: async () => { if (await ask(question, { yes, danger: true })) attempt(act, done); } }, label));

  async function look() {
    const engine = link.engine ? await link.call("hello").catch(() => null) : null;
    const can = await getJson("/api/power").catch(() => null);
    if (!can) return; // as it was
    [engine?.restarts, can.reboot, can.power_off].forEach((may, at) => { buttons[at].hidden = !may; });
    told.hidden = can.reboot && can.power_off;
    say(told, `Restart and shutdown of the box are not offered here: ${can.reason}.`);
  }
  return { root: h("div", { class: "stack" }, buttons, told), look };
}
