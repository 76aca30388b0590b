// What the box has told: read by all views. They are called when a part has changed.
import { getJson, link } from "./link.js";

export const store = {
  status: {}, // events "state" (and the answer of the verb status)
  meters: {},
  settings: null, // name: {value, default, unit, minimum, maximum, choices, doc}
  models: [],
  presets: { presets: [], setlists: {}, setlist: "", preset: null },
};

const watchers = new Map();

/** Call `action` now and when `part` (status, meters, settings, models, presets) has changed. */
export function watch(part, action) {
  if (!watchers.has(part)) watchers.set(part, []);
  watchers.get(part).push(action);
  action(store[part]);
}

function tell(part) {
  for (const action of watchers.get(part) ?? []) action(store[part]);
}

/** An event of the engine. */
export function heard(event) {
  if (event.event === "meters") {
    store.meters = event;
    tell("meters");
  } else if (event.event === "state") {
    takeStatus(event);
  }
}

function takeStatus(status) {
  const before = store.status;
  store.status = status;
  if (store.settings && status.settings) {
    for (const [name, value] of Object.entries(status.settings)) {
      if (store.settings[name]) store.settings[name].value = value;
    }
  }
  tell("status");
  tell("settings");
  // Another phone or a footswitch may have saved, ordered or installed something.
  if (before.preset !== status.preset || before.edited !== status.edited) refreshPresets();
  if (before.model !== status.model) refreshModels();
}

export async function refreshPresets() {
  if (!link.engine) return;
  store.presets = await link.call("presets").catch(() => store.presets);
  tell("presets");
}

export async function refreshModels() {
  const answer = await getJson("/api/models").catch(() => null);
  if (answer === null) return;
  store.models = answer.models;
  tell("models");
}

/** Everything anew: at the start, and when the engine has come back. */
export async function refreshAll() {
  const [settings, status] = await Promise.all([link.call("settings"), link.call("status")]);
  store.settings = settings.settings;
  takeStatus(status);
  await Promise.all([refreshPresets(), refreshModels()]);
}

/** What the model that plays says of itself; undefined before that is known. */
export const playing = () => store.models.find((model) => model.name === store.status.model);
