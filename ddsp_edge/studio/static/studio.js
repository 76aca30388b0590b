// Begins: the choice of an instrument, and the five steps that show it, asked for anew each second.
import { naming } from "./naming.js";
import { ask, placeOf } from "./api.js";
import { attempt, byId, h, say } from "./dom.js";
import { finished } from "./finished.js";
import { recordings } from "./recordings.js";
import { report } from "./report.js";
import { training } from "./training.js";

const EVERY_MS = 1000;
let key = decodeURIComponent(location.hash.slice(1));

const current = { key: () => key, refresh };
const steps = [recordings, report, naming, training, finished].map((build) => build(current));

async function refresh() {
  if (!key) return;
  const asked = key;
  const state = await ask("GET", placeOf(asked));
  if (asked !== key) return;
  byId("steps").hidden = false;
  for (const step of steps) step(state);
  say(document.querySelector("title"), `${state.name} · ddsp-edge studio`);
}

async function choose(chosen) {
  key = chosen;
  history.replaceState(null, "", `#${encodeURIComponent(key)}`);
  await list();
  await refresh();
}

async function list() {
  const { instruments, folder } = await ask("GET", "/api/instruments");
  say(byId("place"), `, in ${folder}`);
  if (!instruments.some((each) => each.key === key)) key = "";
  const buttons = instruments.map((each) => h("button", { type: "button", class: "toggle",
    "aria-pressed": String(each.key === key), onclick: () => attempt(() => choose(each.key)) }, each.name));
  byId("choose").replaceChildren(...buttons, newForm());
}

function newForm() {
  const input = h("input", { id: "new-name", type: "text", maxlength: 40, required: true, placeholder: "My Flute",
    "aria-label": "Name of a new instrument", autocomplete: "off" });
  return h("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    attempt(async () => choose((await ask("POST", "/api/instruments", { name: input.value.trim() })).key));
  } }, input, h("button", { type: "submit", class: "main", id: "new" }, "New instrument"));
}

let lost = false;

async function poll() {
  try {
    if (!document.hidden) await refresh();
    if (lost) byId("banner").replaceChildren();
    lost = false;
  } catch (error) {
    lost = true;
    byId("banner").replaceChildren(h("strong", {}, error.message), h("span", {}, error.remedy ?? ""));
  }
  setTimeout(poll, EVERY_MS);
}

await attempt(list);
poll();
