// Models that are hosted somewhere: an index is read by its address, heard, and installed from.
import { attempt, h, say } from "./dom.js";
import { http } from "./link.js";
import { listenButton } from "./preview.js";
import { refreshModels, store } from "./store.js";

const KEY = "ddsp-edge-collection"; // the address that was read last

const post = (path, body) => http("POST", `/api/collection${path}`, JSON.stringify(body), { "Content-Type": "application/json" });
const megabytes = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function row(address, model) {
  const { name, title, tags } = model;
  const there = store.models.some((each) => each.name === name);
  const install = h("button", { type: "button", class: "main", "aria-label": `Install ${title}`, onclick: async () => {
    install.disabled = true;
    say(install, "Installing …");
    const told = await attempt(async () => (await post("/install", { address, name })).json(), `${title} is installed`);
    say(install, told ? "Installed" : "Install");
    install.disabled = Boolean(told);
    if (told) await refreshModels();
  } }, there ? "Install again" : "Install");
  return h("li", { class: "card offered", "data-name": name },
    h("div", {}, h("h2", {}, title),
      h("p", { class: "dim" }, [model.family, model.licence, megabytes(model.size), model.signed ? "signed" : ""].filter(Boolean).join(" · ")),
      h("p", { class: "tags" }, tags.map((tag) => h("span", { class: "chip" }, tag))),
      model.author ? h("p", { class: "dim credit" }, model.author) : ""),
    h("div", { class: "row wrap" }, install, model.has_preview ? listenButton(title, () => post("/preview", { address, name })) : null));
}

/** Folded until somebody wants it. */
export function collections() {
  const problem = h("p", { id: "collection-problem", class: "problem", role: "alert" });
  const title = h("p", { class: "dim", role: "status", id: "collection-title" });
  const list = h("ul", { class: "cards", id: "offered" });
  const address = h("input", { type: "url", id: "collection-address", placeholder: "https://…", maxlength: 1000, required: true,
    value: localStorage.getItem(KEY) ?? "", autocomplete: "off", "aria-label": "Address of the collection" });
  const search = h("input", { type: "search", id: "collection-search", placeholder: "Search names, tags, licences", "aria-label": "Search the collection", hidden: true, oninput: show });
  const open = h("button", { type: "submit", id: "collection-open" }, "Open");
  let found = null;

  function show() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (model) => [model.title, model.name, model.family, model.licence, model.author, ...model.tags].join(" ").toLowerCase();
    const rows = found.models.filter((model) => wanted.every((word) => text(model).includes(word)));
    list.replaceChildren(...(rows.length ? rows.map((model) => row(found.address, model)) : [h("li", { class: "empty" }, "The collection has no such model.")]));
  }

  async function read(event) {
    event.preventDefault();
    say(problem, "");
    open.disabled = true;
    say(title, "Reading …");
    try {
      const told = await (await post("", { address: address.value.trim() })).json();
      found = { ...told, address: address.value.trim() };
      localStorage.setItem(KEY, found.address);
      say(title, `${told.name}: ${told.models.length} model${told.models.length === 1 ? "" : "s"}`);
      search.hidden = false;
      show();
    } catch (error) {
      say(title, "");
      say(problem, [error.message, error.remedy].filter(Boolean).join("; "));
    }
    open.disabled = false;
  }
  return h("details", { class: "collections", id: "collections" }, h("summary", {}, "Get models"),
    h("div", { class: "stack" },
      h("p", { class: "dim" }, "A collection is a web address with an index.json of models. Each file is checked against it before it is installed."),
      h("form", { class: "row address", onsubmit: read }, address, open), problem, title, search, list));
}
