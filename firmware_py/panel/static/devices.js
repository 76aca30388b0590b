// What the box is plugged into: choose the sound card and the keyboards, and hear that they work.
import { attempt, h, say } from "./dom.js";
import { cardLevels } from "./levels.js";
import { link } from "./link.js";
import { meter } from "./meter.js";
import { plain } from "./plain.js";
import { on, store, watch } from "./store.js";

const RATES = [44100, 48000, 88200, 96000];
const PERIODS = [32, 64, 128, 256, 512, 1024];
const TONE_S = 2;
const KINDS = { alsa: "plugged in", jack: "JACK", virtual: "the box's own port for other programs", network: "network" };
/** Names of ALSA's configuration as people know them; others are a person's own. */
const KNOWN = { default: "What the system uses", jack: "JACK", pulse: "PulseAudio", pipewire: "PipeWire" };
const SIDES = { both: "Both", left: "Left", right: "Right" };

function field(id, label, select) {
  select.id = id;
  return h("label", { class: "field", for: id }, h("span", {}, label), select);
}

const option = (now) => ([value, text, off]) =>
  h("option", { value, disabled: Boolean(off), selected: String(value) === String(now) }, text);

/** Only what the card can do; what holds now is always there. */
function offered(all, can, now) {
  const fits = all.filter((value) => can(value) || value === now);
  return fits.includes(now) ? fits : [...fits, now].sort((a, b) => a - b);
}

export function soundCard() {
  const state = h("p", { class: "dim", id: "card", role: "status" });
  const selects = h("div", { class: "fields", id: "card-fields" });
  const back = h("button", { type: "button", id: "card-forget", hidden: true,
    onclick: () => choose({ forget: true }) }, "Back to the configuration");
  const left = meter("In L");
  const right = meter("In R");
  const levels = cardLevels();
  let busy = false;

  async function choose(change) {
    if (busy) return;
    busy = true;
    selects.setAttribute("aria-busy", "true");
    say(state, "Switching …");
    await attempt(() => link.call("audio_choose", change), "Switched");
    busy = false;
    selects.removeAttribute("aria-busy");
    await look();
  }

  const choice = (key, pairs, now, whole = false, others = []) => h("select", {
    onchange: ({ target }) => choose({ [key]: whole ? Number(target.value) : target.value }) },
    pairs.map(option(now)), others.length ? h("optgroup", { label: "Other outputs" }, others.map(option(now))) : "");

  function show({ cards, others, active, configured, chosen }) {
    const card = cards.find((each) => each.active || each.stable_id === active.card);
    const can = card?.pcms.find((pcm) => pcm.direction === "playback" && pcm.usable);
    const now = configured.card || active.card || "";
    const known = cards.map((each) => [each.stable_id, each.problem ? `${each.name}: ${plain(each.problem)}` : each.name, each.problem]);
    if (!known.some(([name]) => name === now)) known.unshift([now, KNOWN[now] ?? (now || "the first that fits"), !now]);
    const rest = others.filter((name) => name !== now).map((name) => [name, KNOWN[name] ?? name]);
    const rate = configured.rate || active.rate_hz;
    const period = configured.period || active.period;
    const rates = offered(RATES, (hz) => !can || can.rates.includes(hz), rate);
    const periods = offered(PERIODS, (size) => !can || (size >= can.period[0] && size <= can.period[1]), period);
    selects.replaceChildren(
      field("card-name", "Card", choice("card", known, now, false, rest)),
      field("card-rate", "Rate", choice("rate", rates.map((hz) => [hz, `${hz / 1000} kHz`]), rate, true)),
      field("card-period", "Period", choice("period", periods.map((size) => [size, `${size} · ${((size / rate) * 1000).toFixed(1)} ms`]), period, true)),
      field("card-input", "Listens to", choice("input", Object.entries(SIDES), configured.input || active.input)));
    back.hidden = !chosen;
  }

  async function look() {
    showState();
    if (!link.engine || busy) return;
    const found = await link.call("audio_devices").catch(() => null);
    if (!found) return;
    levels.show(found.levels);
    if (!selects.contains(document.activeElement)) show(found);
  }

  function showState() {
    const { card = {} } = store.status;
    if (!busy) say(state, [card.card, card.state, card.detail].filter(Boolean).join(" · "));
  }

  const tone = (side) => h("button", { type: "button", id: `tone-${side}`, "aria-label": `Test tone, ${SIDES[side].toLowerCase()}`,
    onclick: () => attempt(() => link.call("test_tone", store.status.test_tone ? { seconds: 0 } : { seconds: TONE_S, side })) },
    side === "both" ? "Tone" : `Tone ${SIDES[side].toLowerCase()}`);
  watch("status", showState);
  on("levels", (event) => levels.show(event.levels)); // set on another phone
  return {
    root: h("div", { class: "stack" }, state, selects, back, levels.root,
      h("div", { class: "row" }, tone("left"), tone("right")),
      h("div", { class: "meters" }, left.root, right.root),
      h("button", { type: "button", onclick: look }, "Refresh the list")),
    look,
    meters({ input_sides_dbfs: levels = [], input_sides_clip: clips = [] }) {
      left.show(levels[0], clips[0]);
      right.show(levels[1], clips[1]);
    },
  };
}

export function midiPorts() {
  const list = h("ul", { class: "list", id: "ports" });

  function row({ port, kind, heard, ignored_by: by }) {
    const choose = async () => {
      const told = await attempt(() => link.call("midi_choose", { port, on: !heard }));
      if (told) show(told);
    };
    return h("li", { class: "item flat", "data-port": port },
      h("span", {}, h("strong", {}, port), h("span", { class: "dim line" }, by === "config" ? "ignored by the configuration" : KINDS[kind] ?? kind)),
      h("button", { type: "button", class: "toggle", "aria-pressed": String(Boolean(heard)), disabled: by === "config",
        "aria-label": `Listen to ${port}`, onclick: choose }, heard ? "On" : "Off"));
  }

  let shown = "";
  function show(found) {
    const { ports, problem } = found;
    if (JSON.stringify(found) === shown) return; // what has the focus keeps it
    shown = JSON.stringify(found);
    const rows = ports.map(row);
    if (!rows.length) rows.push(h("li", { class: "empty" }, plain(problem) || "No MIDI port is there. Plug a keyboard in."));
    list.replaceChildren(...rows);
  }

  async function look() {
    if (!link.engine) return;
    const found = await link.call("midi_devices").catch(() => null);
    if (found) show(found);
  }
  return { root: list, look };
}
