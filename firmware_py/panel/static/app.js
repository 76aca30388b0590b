// Begins: pairing or the panel; views, banner, what is always at hand.
import { attempt, byId, h, say } from "./dom.js";
import { between, colourOf } from "./emblem.js";
import { link, token } from "./link.js";
import { learnMode, setUpLearn } from "./learn.js";
import { setUpLock } from "./lock.js";
import { pairingScreen } from "./pairing.js";
import { heard, morphing, refreshAll, silent, store, watch } from "./store.js";

const TABS = ["play", "sound", "presets", "system"];
const MODULES = {
  play: () => import("./view-play.js"),
  sound: () => import("./view-sound.js"),
  presets: () => import("./view-presets.js"),
  system: () => import("./view-system.js"),
};
const opened = {};
let current = "";

async function open(name) {
  current = name;
  for (const each of TABS) {
    const chosen = each === name;
    const tab = byId(`tab-${each}`);
    byId(each).hidden = !chosen;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  if (location.hash.slice(1) !== name) history.replaceState(null, "", `#${name}`);
  byId("views").scrollTop = 0;
  opened[name] ??= MODULES[name]().then((module) => module.build(byId(name)));
  const view = await opened[name];
  for (const each of TABS) if (each !== name) (await opened[each])?.leave?.();
  if (current === name) view?.enter?.();
}

function setUpTabs() {
  const list = byId("tabs");
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) open(tab.getAttribute("aria-controls"));
  });
  list.addEventListener("keydown", (event) => {
    const at = TABS.indexOf(current);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1,
      Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const name = TABS.at(to % TABS.length);
    open(name);
    byId(`tab-${name}`).focus();
  });
  addEventListener("hashchange", () => {
    if (TABS.includes(location.hash.slice(1))) open(location.hash.slice(1));
  });
}

function show(paired) {
  byId("pairing").hidden = paired;
  byId("panel").hidden = !paired;
  if (!paired) {
    pairingScreen(byId("pairing"), begin);
    return;
  }
  const wanted = location.hash.slice(1);
  open(TABS.includes(wanted) ? wanted : "play");
}

function begin() {
  show(true);
  link.connect();
}

let lostTimer = 0;

/** The banner: at once where the engine is lost; a short gap of the network needs no words. */
function connectionChanged() {
  clearTimeout(lostTimer);
  const fine = link.connected && link.engine;
  document.body.classList.toggle("away", !fine);
  if (!fine) silent();
  if (fine) {
    banner("", "");
    attempt(comeBack);
  } else if (link.connected) {
    banner("Engine lost", "The engine is not running, so nothing sounds. This page reconnects when it is back.");
  } else {
    lostTimer = setTimeout(
      () => banner("The box cannot be reached", "Reconnecting. The sound goes on unless the box is off."), 1200);
  }
}

/** All that the box knows is fetched anew, also by the view that is open; what is open in it stays so. */
async function comeBack() {
  const view = await opened[current];
  view?.release?.();
  await refreshAll();
  if (view === await opened[current]) view?.refresh?.();
}

function banner(title, text) {
  const box = byId("banner");
  box.replaceChildren(...(title ? [h("strong", {}, title), h("span", {}, text)] : []));
}

byId("panic").addEventListener("click", () => attempt(() => link.call("panic"), "Silence"));
setUpTabs();
setUpLock(byId("lock"), [byId("controls"), byId("tabs")]);
byId("lock").addEventListener("click", () => learnMode(false));
setUpLearn();
watch("status", () => {
  const name = store.status.model_name ?? "ddsp-edge";
  const other = morphing();
  document.documentElement.style.setProperty("--tint",
    other ? between(name, other.title, other.part) : colourOf(name));
  say(document.querySelector("title"), `${name} · ddsp-edge`);
});
link.start({ heard, changed: connectionChanged, unpaired: () => show(false) });
show(Boolean(token.get()));
