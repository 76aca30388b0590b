// The log of engine and panel: what happened in sentences, the newest first; the raw lines behind a fold.
import { capital, h } from "./dom.js";
import { getJson } from "./link.js";
import { plain } from "./plain.js";

const LEVELS = { info: "", warning: "Warning", error: "Error" };

function entry({ time, level, text, count }) {
  const when = new Date(time);
  return h("li", { class: level }, h("span", { class: "dim line" },
    h("time", { datetime: time }, when.toLocaleString([], { dateStyle: "short", timeStyle: "medium" })),
    LEVELS[level] ? ` · ${LEVELS[level]}` : "", count > 1 ? ` · ${count} times` : ""), capital(plain(text)));
}

export function logs() {
  const list = h("ul", { class: "list" });
  const words = h("div", { id: "log-words", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "What happened" }, list);
  const raw = h("pre", { id: "log", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Log" });
  const lines = h("details", { id: "log-lines", ontoggle: () => { raw.scrollTop = raw.scrollHeight; } }, h("summary", {}, "Every line as it was written"), raw);
  const unit = h("select", { id: "log-unit", "aria-label": "Log of", onchange: read },
    h("option", { value: "engine" }, "Engine"), h("option", { value: "panel" }, "Panel"));

  async function read() {
    let shown;
    try {
      const told = await getJson(`/api/logs?lines=200&unit=${unit.value}`);
      raw.textContent = told.lines.join("\n");
      shown = told.entries.reverse().map(entry);
      if (!shown.length) shown = [h("li", { class: "empty" }, "Nothing has happened that is worth telling.")];
      lines.hidden = !told.lines.length;
    } catch (error) {
      shown = [h("li", { class: "problem" }, [capital(error.message), error.remedy && capital(error.remedy)].filter(Boolean).join(". "))];
      lines.hidden = true;
    }
    list.replaceChildren(...shown);
  }
  const details = h("details", { id: "log-fold", ontoggle: () => details.open && read() }, h("summary", {}, "Show the log"),
    h("div", { class: "row" }, unit, h("button", { type: "button", onclick: read }, "Read again")), words, lines);
  return details;
}
