// Step 2: the report on the recordings, its plots, and what to do about each warning.
import { ask, fileOf, placeOf } from "./api.js";
import { attempt, byId, h } from "./dom.js";

const line = (warning, file = "") => h("li", {},
  h("strong", {}, file ? `${file}: ${warning.text}` : warning.text), h("br"), warning.advice);

export function report(current) {
  const make = h("button", { type: "button", id: "make-report", onclick: () => attempt(async () => {
    await ask("POST", placeOf(current.key(), "report"));
    await current.refresh();
  }) }, "Look at the recordings");
  const body = h("div", { class: "stack", id: "report-body" });
  byId("report").append(make, body);
  let shown = "";
  return (state) => {
    make.disabled = !state.recordings.length || ["preparing", "training", "stopping", "elsewhere"].includes(state.training.state);
    const now = JSON.stringify([state.key, state.report]);
    if (now === shown) return;
    shown = now;
    const found = state.report;
    if (!found) {
      body.replaceChildren(h("p", { class: "dim" }, "Before anything is trained: range, loudness, noise, and files that do not help."));
      return;
    }
    const warnings = [...found.warnings.map((each) => line(each)),
      ...found.files.flatMap(({ file, warnings: of }) => of.map((each) => line(each, file)))];
    body.replaceChildren(
      h("p", {}, `${found.usable_minutes.toFixed(1)} of ${found.material_minutes.toFixed(1)} minutes can be used; ` +
        `${found.lowest_hz.toFixed(0)} to ${found.highest_hz.toFixed(0)} Hz, ` +
        `${found.quietest_db.toFixed(0)} to ${found.loudest_db.toFixed(0)} dB.`),
      warnings.length ? h("ul", { class: "warnings" }, ...warnings) : h("p", {}, "Nothing to complain about."),
      found.picture ? h("details", {}, h("summary", {}, "Plots"), h("img", { class: "plots", loading: "lazy",
        src: `${fileOf(state.key, "report.png")}?${found.made}`,
        alt: "Pitches, levels, where both were played, trust in each file, and a typical stretch" })) : "");
  };
}
