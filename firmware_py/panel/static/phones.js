// Who is paired: the list, another one, none any more.
import { ask, attempt, h } from "./dom.js";
import { getJson, http, link, token } from "./link.js";
import { spaced } from "./meter.js";

export function phones() {
  const list = h("ul", { class: "list", id: "phones" });
  const code = h("p", { id: "new-code", class: "big-code", role: "status" });

  async function look() {
    const told = await getJson("/api/devices").catch(() => null);
    if (told) list.replaceChildren(...told.devices.map(row));
  }

  function row({ id, name, paired, this: own }) {
    async function remove() {
      if (!(await ask(`Unpair ${name}? It must be paired again to come back.`, { yes: "Unpair", danger: true }))) return;
      await attempt(() => http("DELETE", `/api/devices/${encodeURIComponent(id)}`), "Unpaired");
      await look();
    }
    return h("li", { class: "item flat" },
      h("span", {}, h("strong", {}, own ? `${name} (this one)` : name), h("span", { class: "dim line" }, `since ${new Date(paired).toLocaleDateString()}`)),
      own ? h("button", { type: "button", id: "unpair", class: "danger", onclick: unpair }, "Unpair")
        : h("button", { type: "button", class: "danger", "aria-label": `Unpair ${name}`, onclick: remove }, "Unpair"));
  }

  async function unpair() {
    if (!(await ask("Unpair this browser? It must be paired again to come back.", { yes: "Unpair", danger: true }))) return;
    // Taken back on the box too; where it cannot be reached, at least forgotten here.
    await http("DELETE", "/api/pair").catch(() => {});
    if (token.get()) link.lostToken();
  }

  async function another() {
    const told = await attempt(() => getJson("/api/pair"));
    if (!told) return;
    code.replaceChildren(h("strong", {}, spaced(told.code)),
      h("span", { class: "dim line" }, `in the new phone, at ${location.origin}; for ${Math.ceil(told.for_s / 60)} min, once`));
  }

  return { root: h("div", { class: "stack" }, list,
    h("button", { type: "button", id: "pair-another", onclick: another }, "Pair another phone"), code),
    look, forget: () => code.replaceChildren() };
}
