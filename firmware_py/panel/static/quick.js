// The strip of quick controls on Play: four to six settings that the player chooses, kept on this phone.
import { h, say, toast } from "./dom.js";
import { sender, words } from "./control.js";
import { learnable } from "./learn.js";
import { shown, slider } from "./slider.js";
import { store, watch } from "./store.js";

const KEY = "ddsp-edge-quick";
const FEWEST = 4;
const MOST = 6;
/** Before somebody chooses: what a player reaches for first, by source. */
const FIRST = { effect: ["output_gain", "mix", "reverb_wet", "gate"],
  synth: ["output_gain", "reverb_wet", "expression", "release"] };
const NAMES = { output_gain: "Level", reverb_wet: "Reverb" };

const nameOf = (name) => NAMES[name] ?? words(name);
const sliding = () => Object.keys(store.settings ?? {}).filter((name) => !store.settings[name].choices);

/** The names that are shown; what this box does not have is left out. */
function chosen() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(KEY));
  } catch { /* somebody else's text */ }
  const wanted = Array.isArray(kept) ? kept : FIRST[store.status.source] ?? FIRST.synth;
  return wanted.filter((name) => sliding().includes(name)).slice(0, MOST);
}

function tile(name) {
  const kind = store.settings[name];
  const send = sender(name);
  const number = h("span", {});
  const value = h("span", { class: "tile-value" }, number, h("span", { class: "unit" }, kind.unit ? ` ${kind.unit}` : ""));
  const way = slider(kind, (now) => { show(now); send(now); }, { id: `quick-${name}`, "aria-label": words(name) });
  const root = h("div", { class: "tile", "data-quick": name },
    h("span", { class: "tile-name", "aria-hidden": true }, nameOf(name)), value, way.root);
  learnable(root, { set: name });
  function show(now) {
    way.show(now);
    say(number, shown(now).replace("-", "−"));
  }
  show(kind.value);
  return { root, name, show: (now) => way.held() || show(now) };
}

/** Ask which ones; the answer is kept in this browser. */
function choose(done) {
  const now = chosen();
  const boxes = sliding().map((name) => h("input", { type: "checkbox", id: `pick-${name}`, name, checked: now.includes(name), onchange: count }));
  const ok = h("button", { type: "submit", class: "main", value: "yes" }, "Use these");
  const told = h("p", { class: "dim", role: "status" });
  function count() {
    const many = boxes.filter((box) => box.checked).length;
    ok.disabled = many < FEWEST || many > MOST;
    say(told, `${many} chosen; ${FEWEST} to ${MOST} fit`);
  }
  const dialog = h("dialog", { class: "picker", "aria-labelledby": "quick-title" },
    h("form", { method: "dialog" }, h("h2", { id: "quick-title" }, "Quick controls"), told,
      h("div", { class: "picks" }, boxes.map((box) => h("label", { class: "check", for: box.id }, box, words(box.name)))),
      h("div", { class: "row" }, h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel"), ok)));
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") {
      localStorage.setItem(KEY, JSON.stringify(boxes.filter((box) => box.checked).map((box) => box.name)));
      done();
      toast("Kept on this phone");
    }
    dialog.remove();
  });
  count();
  document.body.append(dialog);
  dialog.showModal();
}

export function quickStrip() {
  const root = h("div", { class: "quick", role: "group", "aria-label": "Quick controls" });
  const more = h("button", { type: "button", id: "quick-choose", "aria-label": "Choose the quick controls", onclick: () => choose(fill) }, "⋯");
  let tiles = [];
  let names = "";
  // As many places as there will be: what is below must not move under a finger when the settings arrive.
  root.append(...FIRST.synth.map(() => h("div", { class: "tile", "aria-hidden": true })), more);

  function fill() {
    if (!store.settings) return;
    const wanted = chosen();
    if (wanted.join() === names) return;
    names = wanted.join();
    tiles = wanted.map(tile);
    root.replaceChildren(...tiles.map((each) => each.root), more);
  }
  function show(settings) {
    fill();
    if (settings) for (const each of tiles) each.show(settings[each.name].value);
  }
  watch("settings", show);
  watch("status", fill);
  return root;
}
