// System: how the box is, what it is plugged into, its log; fitting it to the player.
import { ask, attempt, h, say } from "./dom.js";
import { getJson, http, link, token } from "./link.js";
import { store, watch } from "./store.js";

const REFRESH_MS = 4000;
const FIT_S = 10;
const GB = 1e9;

const row = (term, text) => [h("dt", {}, term), h("dd", {}, text)];

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** What cannot be known on this board is left out. */
function health(system) {
  const { cpu = {}, temperature_c: heat, throttling, memory, disk } = system;
  const throttled = throttling && [...throttling.now, ...throttling.since_start.map((each) => `earlier: ${each}`)];
  return [
    row("Version", system.version),
    system.board && row("Board", system.board),
    cpu.busy != null && row("CPU", `${Math.round(cpu.busy * 100)} % of ${cpu.cores} cores${cpu.governor ? `, ${cpu.governor}` : ""}`),
    heat != null && row("Temperature", `${heat.toFixed(0)} °C`),
    throttled && row("Throttling", throttled.length ? throttled.join(", ") : "none"),
    memory && row("Memory free", `${(memory.available_bytes / GB).toFixed(1)} of ${(memory.total_bytes / GB).toFixed(1)} GB`),
    disk && row("Disk free", `${(disk.free_bytes / GB).toFixed(1)} of ${(disk.total_bytes / GB).toFixed(1)} GB`),
    system.uptime_s != null && row("Up for", duration(system.uptime_s)),
  ].filter(Boolean).flat();
}

function cardList({ cards, chosen }) {
  if (!cards.length) return [h("li", { class: "empty" }, chosen.effect?.reason || "No sound card is found.")];
  return cards.map((card) => h("li", { class: "item flat" }, h("span", {},
    h("strong", {}, card.name ?? card.stable_id), h("br"),
    h("span", { class: "dim" }, card.stable_id,
      chosen.effect?.card === card.stable_id ? " · chosen for audio in" : "",
      chosen.synth?.card === card.stable_id ? " · chosen for MIDI" : ""))));
}

function portList({ ports, problem }) {
  const rows = ports.map((port) => h("li", { class: "item flat" }, Object.values(port).join(" · ")));
  if (!rows.length) rows.push(h("li", { class: "empty" }, problem || "No MIDI port is there. Plug a keyboard in."));
  return rows;
}

/** Auto-fit: the player plays while it counts down; then it says what it found. */
function fitting() {
  const label = "Fit to my playing";
  const told = h("p", { id: "fit-told", role: "status" });
  const bar = h("progress", { max: FIT_S, value: 0, hidden: true, "aria-label": "Time left to play" });
  const button = h("button", { type: "button", id: "autofit", class: "main wide", onclick: fit }, label);
  let running = false;

  async function fit() {
    running = true;
    button.disabled = true;
    bar.hidden = false;
    bar.value = FIT_S;
    say(told, "Play your lowest and highest, softest and loudest notes.");
    try {
      const { values } = await link.call("autofit", { seconds: FIT_S });
      const found = Object.entries(values).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
      say(told, `Fitted: ${found.join(", ")}.`);
    } catch (error) {
      say(told, [error.message, error.remedy].filter(Boolean).join(": "));
    }
    running = false;
    button.disabled = false;
    bar.hidden = true;
    say(button, label);
  }
  watch("meters", ({ autofit_s: left }) => {
    if (!running || !(left > 0)) return;
    bar.value = left;
    say(button, `${Math.ceil(left)} s`);
  });
  return h("div", { class: "sets" }, h("p", { class: "dim" }, "It listens for ten seconds and moves your range into the instrument's."), button, bar, told);
}

async function unpair() {
  if (!(await ask("Unpair this browser? It must be paired again to come back.", { yes: "Unpair", danger: true }))) return;
  // Taken back on the box too; where it cannot be reached, at least forgotten here.
  await http("DELETE", "/api/pair").catch(() => {});
  if (token.get()) link.lostToken();
}

export function build(root) {
  const facts = h("dl", { id: "health" });
  const card = h("p", { class: "dim", id: "card" });
  const cards = h("ul", { class: "list", id: "cards" });
  const ports = h("ul", { class: "list", id: "ports" });
  const log = h("pre", { id: "log", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Log of the engine" });
  const details = h("details", { ontoggle: () => details.open && readLog() }, h("summary", {}, "Show the log"),
    h("button", { type: "button", onclick: readLog }, "Read again"), log);
  let timer = 0;

  const group = (title, ...content) => h("section", { class: "group", "aria-label": title }, h("h2", {}, title), ...content);
  root.append(h("h1", {}, "System"), h("div", { class: "groups" },
    group("Box", facts),
    group("Auto-fit", fitting()),
    group("Sound card", card, cards, h("button", { type: "button", onclick: devices }, "Look again")),
    group("MIDI", ports),
    group("Log", details),
    group("This browser", h("button", { type: "button", id: "unpair", class: "danger wide", onclick: unpair }, "Unpair"))));

  async function readLog() {
    try {
      const { lines } = await getJson("/api/logs?lines=200");
      log.textContent = lines.join("\n") || "The log is empty.";
    } catch (error) {
      log.textContent = [error.message, error.remedy].filter(Boolean).join("\n");
    }
    log.scrollTop = log.scrollHeight;
  }

  async function look() {
    if (document.hidden) return;
    const system = await getJson("/api/system").catch(() => null);
    if (system) facts.replaceChildren(...health(system));
  }

  async function devices() {
    if (!link.engine) return;
    const [found, midi] = await Promise.all([link.call("devices").catch(() => null), link.call("midi_ports").catch(() => null)]);
    if (found) cards.replaceChildren(...cardList(found));
    if (midi) ports.replaceChildren(...portList(midi));
  }

  function showCard() {
    const { card: now = {} } = store.status;
    say(card, [now.card, now.state, now.detail].filter(Boolean).join(" · "));
  }
  watch("status", showCard);
  return {
    enter() {
      look();
      devices();
      timer = setInterval(look, REFRESH_MS);
    },
    leave: () => clearInterval(timer),
  };
}
