// What the box has told: read by all views. They are called when a part has changed.
import { getJson, link } from "./link.js";
import { plain } from "./plain.js";

/** What a model follows, in words. */
export const SOURCES = { auto: "audio in or MIDI", effect: "audio in", synth: "MIDI" };

export const store = {
  status: {}, // events "state" (and the answer of the verb status)
  meters: {},
  settings: null, // name: {value, default, unit, minimum, maximum, choices, doc}
  models: [],
  freeBytes: null, // that are left for models
  presets: { presets: [], setlists: {}, setlist: "", preset: null },
  mappings: [], // {control, set, do, range, kept, active}
};

const watchers = new Map();
const listeners = new Map();

/** Call `action(event)` for each event of this kind that comes. */
export function on(kind, action) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(action);
}

/** Call `action` now and when `part` (status, meters, settings, models, presets, mappings) has changed. */
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
  if (event.text) event.text = plain(event.text);
  if (event.event === "meters") {
    store.meters = event;
    tell("meters");
  } else if (event.event === "state") {
    takeStatus(event);
  }
  for (const action of listeners.get(event.event) ?? []) action(event);
}

/** Without an engine nothing is measured: what showed its last values falls to zero. */
export function silent() {
  store.meters = {};
  tell("meters");
}

function takeStatus(status) {
  const before = store.status;
  store.status = status;
  if (status.warnings) status.warnings = status.warnings.map((text) => plain(text));
  if (status.card?.detail) status.card.detail = plain(status.card.detail);
  if (store.settings && status.settings) {
    for (const [name, value] of Object.entries(status.settings)) {
      if (store.settings[name]) store.settings[name].value = value;
    }
  }
  tell("status");
  tell("settings");
  // Another phone or a footswitch may have saved, ordered or installed something.
  if (before.preset !== status.preset || before.edited !== status.edited) {
    refreshPresets();
    refreshMappings();
  }
  if (before.model !== status.model) refreshModels();
}

export async function refreshPresets() {
  if (!link.engine) return;
  store.presets = await link.call("presets").catch(() => store.presets);
  tell("presets");
}

export async function refreshMappings() {
  if (!link.engine) return;
  store.mappings = (await link.call("mappings").catch(() => null))?.mappings ?? store.mappings;
  tell("mappings");
}

export async function refreshModels() {
  const answer = await getJson("/api/models").catch(() => null);
  if (answer === null) return;
  store.models = answer.models;
  store.freeBytes = answer.free_bytes;
  tell("models");
}

/** Everything anew: at the start, and when the engine has come back. */
export async function refreshAll() {
  const [settings, status] = await Promise.all([link.call("settings"), link.call("status")]);
  store.settings = settings.settings;
  takeStatus(status);
  await Promise.all([refreshPresets(), refreshModels(), refreshMappings()]);
}

/** What the model that plays says of itself; undefined before that is known. */
export const playing = () => store.models.find((model) => model.name === store.status.model);

/** The model that morphing leads to, and how far it is there: {title, info, part}; null without. */
export function morphing() {
  const { morph_model: name, settings } = store.status;
  if (!name) return null;
  const info = store.models.find((model) => model.name === name)?.info ?? null;
  return { name, title: info?.name ?? name, info, part: settings?.morph ?? 0 };
}
