// Another version of the whole system: brought from this browser, written beside what plays, tried by a restart.
import { ask, attempt, h, say } from "./dom.js";
import { getJson, http, Refused } from "./link.js";
import { plain } from "./plain.js";
import { upload, uploader } from "./transfer.js";

const PATH = "/api/update";
const LOOK_MS = 700;
const BUSY = ["checking", "writing", "restarting"];
const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

function sentence({ version, trial, stage, percent, text, failed }) {
  const runs = `Version ${version} runs${trial ? ", on trial: it is kept if it plays within two minutes" : ""}.`;
  if (stage === "idle" && !failed) return runs;
  return `${runs} ${plain(text)}${stage === "writing" ? ` ${percent} %.` : ""}`;
}

/** `root` to place, in a section that is hidden where the box has one system only; `look()` asks the box. */
export function update() {
  const state = h("p", { class: "dim", id: "update-state", role: "status" });
  const restart = h("button", { type: "button", id: "update-restart", class: "wide danger", hidden: true, onclick: tryIt }, "Restart now");
  const bring = uploader({ id: "update-file", label: "Install an update", accept: ".raucb", busy: "Installing", send });
  const root = h("div", { class: "stack" }, state, restart, bring);
  let waiting = "";

  async function tryIt() {
    const question = `Restart the box into version ${waiting}? It is silent until it has started. If it does not play within two minutes, the version that runs now comes back.`;
    if (!(await ask(question, { yes: "Restart", danger: true }))) return;
    const body = JSON.stringify({ do: "reboot" });
    attempt(() => http("POST", "/api/power", body, { "Content-Type": "application/json" }), "The box restarts; this page reconnects by itself");
  }

  async function send(file, tell) {
    if ((await file.slice(0, 4).text()) !== "hsqs") throw new Refused(422, "this file is no update", "its name ends in .raucb");
    await upload(PATH, file, "application/octet-stream", tell);
    for (;;) {
      const told = await look();
      if (told?.stage === "refused") throw new Refused(422, told.text);
      if (told && !BUSY.includes(told.stage)) return "";
      tell((told?.percent ?? 0) / 100 || 0.001);
      await pause();
    }
  }

  async function look() {
    const told = await getJson(PATH).catch(() => null);
    if (!told) return null; // as it was
    root.parentElement.hidden = !told.offered;
    waiting = told.waiting;
    restart.hidden = !waiting || BUSY.includes(told.stage);
    bring.hidden = told.trial;
    say(state, sentence(told));
    return told;
  }
  return { root, look };
}
