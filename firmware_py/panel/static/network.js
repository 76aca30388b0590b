// The box's networks: join one, forget one, its own hotspot. The phone may lose the box meanwhile.
import { ask, attempt, h, say } from "./dom.js";
import { getJson, http } from "./link.js";
import { qr } from "./qr.js";

const JSON_BODY = { "Content-Type": "application/json" };
const REFUSED = { enterprise: "asks for a user name", wep: "locked with WEP, which is not safe" };
const BARS = ["▁", "▁▃", "▁▃▅", "▁▃▅▇"];

const change = (body) => http("POST", "/api/network", JSON.stringify(body), JSON_BODY);
const bars = (signal) => BARS[Math.min(3, Math.floor(signal / 25))];

/** Name and password of a network, in a dialog; null when it was cancelled. */
function credentials({ name, lock }, warning) {
  return new Promise((resolve) => {
    const named = h("input", { id: "network-name", type: "text", maxlength: 32, required: true, autocomplete: "off", value: name ?? "" });
    const password = h("input", { id: "network-password", type: "password", maxlength: 64, autocomplete: "off", autocapitalize: "off",
      spellcheck: "false", required: Boolean(name), minlength: name && lock === "wpa" ? 8 : null });
    const shown = h("input", { type: "checkbox", id: "network-shown", onchange: () => { password.type = shown.checked ? "text" : "password"; } });
    const dialog = h("dialog", { "aria-labelledby": "network-title" }, h("form", { method: "dialog", class: "stack" },
      h("h2", { id: "network-title" }, name ? `Join ${name}` : "Join a hidden network"),
      name ? null : h("label", { class: "field", for: "network-name" }, h("span", {}, "Name"), named),
      lock === "open" ? null : h("label", { class: "field", for: "network-password" }, h("span", {}, "Password"), password),
      lock === "open" ? null : h("label", { class: "check" }, shown, "Show the password"),
      h("p", { class: "dim" }, warning),
      h("div", { class: "row" },
        h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel"),
        h("button", { type: "submit", class: "main", value: "yes", id: "network-join" }, "Join"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? { name: named.value, password: lock === "open" ? "" : password.value, hidden: !name } : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    (name ? password : named).focus();
  });
}

/** `root` to place; `look()` asks the box. */
export function network() {
  const state = h("p", { id: "network-state", role: "status" });
  const problem = h("p", { id: "network-problem", class: "problem", role: "alert", hidden: true });
  const list = h("ul", { class: "list", id: "networks" });
  const again = h("button", { type: "button", id: "network-look", onclick: lookAround }, "Look for networks");
  const hidden = h("button", { type: "button", id: "network-hidden", onclick: () => join({ name: null, lock: "wpa" }) }, "A hidden network");
  const spot = h("button", { type: "button", id: "network-hotspot", onclick: turn });
  const guests = h("div", { class: "codes", id: "network-codes" });
  const more = h("details", { class: "stack", id: "network-more" }, h("summary", {}, "Codes for other phones"), guests);
  const offered = h("div", { class: "stack", hidden: true }, list, h("div", { class: "row" }, again, hidden), spot, more);
  let now = { possible: false };
  let drawn = "";

  const way = () => `then open ${now.page.address}`;
  const away = (name) => (now.hotspot.open
    ? `The box leaves its hotspot, and this phone loses it. Put the phone into ${name || "that network"}, ${way()} (it asks for the pairing code once). If the box cannot join, ${now.hotspot.name} comes back within two minutes, and this page says why.`
    : `This phone may lose the box: put it into ${name || "that network"} too, ${way()}.`);

  async function join(wanted) {
    const given = await credentials(wanted, away(wanted.name));
    if (!given) return;
    if (await attempt(() => change({ do: "join", ...given }))) say(state, `Joining ${given.name} … ${away(given.name)}`);
  }

  async function forget({ uuid, name }) {
    const lost = now.joined?.name === name ? " This phone may lose the box: it opens its hotspot." : "";
    if (!(await ask(`Forget ${name}?${lost}`, { yes: "Forget", danger: true }))) return;
    await attempt(() => change({ do: "forget", uuid }), "Forgotten");
    await look();
  }

  async function lookAround() {
    if (now.hotspot.open && !(await ask(`The hotspot closes for some seconds to look around. Join ${now.hotspot.name} again where this phone does not by itself.`, { yes: "Look" }))) return;
    if (await attempt(() => change({ do: "look" }))) say(state, "Looking …");
  }

  async function turn() {
    const keeps = now.mode === "hotspot";
    const question = keeps ? `Back to Wi-Fi? The hotspot closes where a known network is in reach; ${way()}.`
      : now.hotspot.open ? "Keep the hotspot open, also where a known network is in reach?"
      : `Open the hotspot? The box leaves ${now.joined?.name ?? "its network"}: join ${now.hotspot.name} with this phone, ${way()}.`;
    if (await ask(question, { yes: keeps ? "Back to Wi-Fi" : now.hotspot.open ? "Keep it open" : "Open it" })) await attempt(() => change({ do: "set_mode", mode: keeps ? "auto" : "hotspot" }));
  }

  function row({ name, signal, lock }) {
    const known = now.known.find((each) => each.name === name);
    const joined = now.joined?.name === name;
    const words = [joined ? "joined" : known ? "known" : "", REFUSED[lock] ?? (lock === "open" ? "open" : "with a password"), `${signal} %`];
    return h("li", { class: "item flat", "data-network": name },
      h("span", {}, h("strong", {}, name), h("span", { class: "dim line" }, h("span", { "aria-hidden": "true" }, `${bars(signal)} `), words.filter(Boolean).join(" · "))),
      known ? h("button", { type: "button", class: "danger", "aria-label": `Forget ${name}`, onclick: () => forget(known) }, "Forget") : null,
      joined || REFUSED[lock] ? null : h("button", { type: "button", "aria-label": `Join ${name}`, onclick: () => join({ name, lock }) }, "Join"));
  }

  /** Known ones that are out of reach come last. */
  function rows() {
    const unseen = now.known.filter(({ name }) => !now.networks.some((each) => each.name === name));
    return [...now.networks.map(row), ...unseen.map((each) => h("li", { class: "item flat" },
      h("span", {}, h("strong", {}, each.name), h("span", { class: "dim line" }, "known · out of reach")),
      h("button", { type: "button", class: "danger", "aria-label": `Forget ${each.name}`, onclick: () => forget(each) }, "Forget")))];
  }

  function sentence() {
    const taken = now.given_host && now.given_host !== now.host ? ` Another box here is called ${now.given_host}: this one is ${now.host}.` : "";
    const at = now.addresses.length ? ` Here: ${now.page.address} or ${now.addresses.join(", ")}.${taken}` : "";
    if (now.busy) return `The box is ${now.busy} …`;
    if (now.hotspot.open) return `The box's own hotspot ${now.hotspot.name} is open.${at}`;
    if (now.joined) return `In ${now.joined.name}, ${now.joined.signal} %.${at}`;
    return `${now.cable ? "Connected by a cable." : "In no network; the hotspot opens soon."}${at}`;
  }

  function show() {
    say(state, now.possible ? sentence() : `Wi-Fi is not offered here: ${now.reason}.`);
    problem.hidden = !now.problem;
    say(problem, now.problem ? `${now.problem}.` : "");
    offered.hidden = !now.possible;
    if (!now.possible) return;
    say(spot, now.mode === "hotspot" ? "Back to Wi-Fi" : now.hotspot.open ? "Keep the hotspot open" : "Open the box's own hotspot");
    spot.hidden = now.mode === "off";
    const parts = JSON.stringify([now.networks, now.known, now.joined, now.hotspot, now.page]);
    if (parts === drawn || list.contains(document.activeElement)) return;
    drawn = parts;
    list.replaceChildren(...rows());
    const { hotspot, page } = now;
    guests.replaceChildren(...[
      hotspot.open ? h("figure", {}, qr(hotspot.code, `QR code of the Wi-Fi network ${hotspot.name}`), h("figcaption", {}, "Wi-Fi ", h("strong", {}, hotspot.name), ", password ", h("strong", {}, hotspot.password))) : null,
      h("figure", {}, qr(page.code, "QR code of this page's address"), h("figcaption", {}, h("strong", {}, page.address)))].filter(Boolean));
  }

  async function look() {
    const told = await getJson("/api/network").catch(() => null);
    if (!told) return; // as it was: the phone may be on its way
    now = told;
    show();
  }
  return { root: h("div", { class: "stack" }, state, problem, offered), look };
}
