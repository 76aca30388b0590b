// System: how the box is, what it is plugged into, who may use it, its log.
import { autofit, latency } from "./calibration.js";
import { computer } from "./computer.js";
import { midiPorts, soundCard } from "./devices.js";
import { ask, attempt, h } from "./dom.js";
import { getJson } from "./link.js";
import { logs } from "./log.js";
import { network } from "./network.js";
import { phones } from "./phones.js";
import { power } from "./power.js";
import { on, refreshAll, watch } from "./store.js";
import { download, upload, uploader } from "./transfer.js";
import { update } from "./update.js";

const REFRESH_MS = 4000;
const GB = 1e9;

const row = (term, text, kind = null) => [h("dt", {}, term), h("dd", { class: kind }, text)];

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

const space = (free, total) => `${(free / GB).toFixed(1)} of ${(total / GB).toFixed(1)} GB`;
const tight = (free, total) => (free / total < 0.1 ? "problem" : null);

/** What cannot be known on this board is left out. */
function health(system) {
  const { cpu = {}, temperature_c: heat, throttling, memory, disk } = system;
  const now = throttling?.now ?? [];
  const throttled = throttling && [...now, ...throttling.since_start.map((each) => `earlier: ${each}`)];
  return [
    row("Version", system.version),
    system.board && row("Board", system.board),
    cpu.busy != null && row("CPU", `${Math.round(cpu.busy * 100)} % of ${cpu.cores} cores${cpu.governor ? `, ${cpu.governor}` : ""}`, cpu.busy > 0.9 ? "problem" : null),
    heat != null && row("Temperature", `${heat.toFixed(0)} °C`, heat > 80 ? "problem" : null),
    throttled && row("Throttling", throttled.length ? throttled.join(", ") : "none", now.length ? "problem" : null),
    memory && row("Memory free", space(memory.available_bytes, memory.total_bytes), tight(memory.available_bytes, memory.total_bytes)),
    disk && row("Disk free", space(disk.free_bytes, disk.total_bytes), tight(disk.free_bytes, disk.total_bytes)),
    system.uptime_s != null && row("Up for", duration(system.uptime_s)),
  ].filter(Boolean).flat();
}

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Presets, uploaded models and settings as one file, and back. */
function everything() {
  const list = h("ul", { class: "list", id: "restore-problems" });
  const restore = uploader({ id: "restore", label: "Restore from a file", accept: ".zip", busy: "Storing",
    async send(file, tell) {
      list.replaceChildren();
      if (!(await ask("Replace presets and models of the same names?", { yes: "Restore", danger: true }))) return "";
      const told = await upload("/api/backup", file, "application/zip", tell);
      await refreshAll();
      list.replaceChildren(...told.problems.map((text) => h("li", { class: "problem" }, text)));
      return `Restored: ${count(told.presets, "preset")}, ${count(told.models.length, "model")}${told.problems.length ? "; passed over:" : "."}`;
    } });
  return h("div", { class: "stack" },
    h("p", { class: "dim" }, "All presets, set lists, uploaded models, learned knobs and settings in one file."),
    h("button", { type: "button", id: "backup", class: "wide",
      onclick: () => attempt(() => download("/api/backup", `ddsp-edge-${new Date().toISOString().slice(0, 10)}.zip`), "Downloaded") }, "Download everything"),
    restore, list);
}

export function build(root) {
  const facts = h("dl", { id: "health" });
  const card = soundCard();
  const midi = midiPorts();
  const paired = phones();
  const energy = power();
  const wifi = network();
  const usb = computer();
  const version = update();
  let timer = 0;

  const group = (title, ...content) => h("section", { class: "group", "aria-label": title }, h("h2", {}, title), ...content);
  root.append(h("h1", {}, "System"), h("div", { class: "groups" },
    group("Sound card", card.root),
    group("Keyboards and controllers", midi.root),
    group("Plugged into a computer", usb.root),
    group("Fit", autofit()),
    group("Latency", latency()),
    group("Box", facts),
    group("Network", wifi.root),
    group("Everything in one file", everything()),
    group("Update", version.root),
    group("Phones", paired.root),
    group("Restart and shut down", energy.root),
    group("Log", logs())));

  async function look() {
    if (document.hidden) return;
    const system = await getJson("/api/system").catch(() => null);
    if (system) facts.replaceChildren(...health(system));
    midi.look(); // what is plugged in is seen, whatever its driver says
    wifi.look();
    usb.look();
    version.look();
  }
  watch("meters", (meters) => { if (!root.hidden) card.meters(meters); });
  on("midi", () => { if (!root.hidden) midi.look(); });
  on("card", () => { if (!root.hidden) card.look(); });
  function refresh() {
    look();
    card.look();
    paired.look();
    energy.look();
  }
  return {
    refresh,
    enter() {
      refresh();
      timer = setInterval(look, REFRESH_MS);
    },
    leave() {
      clearInterval(timer);
      paired.forget();
    },
  };
}
