// Step 1: files that are dropped or chosen, the microphone, and the ten-minute clock.
import { ask, minutes, placeOf } from "./api.js";
import { attempt, byId, h, say, toast } from "./dom.js";
import { recorder } from "./recorder.js";

const GOOD_S = 600; // ten minutes make a better instrument

/** All files of a drop, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  async function walk(entry) {
    if (entry.isFile) found.push(await new Promise((yes, no) => entry.file(yes, no)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((yes, no) => reader.readEntries(yes, no));
        if (!some.length) break;
        for (const each of some) await walk(each);
      }
    }
  }
  for (const entry of entries) await walk(entry);
  return found.filter((file) => !file.name.startsWith("."));
}

export function recordings(current) {
  const told = h("p", { class: "dim", role: "status" });
  const problems = h("p", { class: "problem", role: "alert", id: "upload-problem" });
  const clock = h("progress", { max: GOOD_S, value: 0, "aria-label": "Minutes recorded, of ten" });
  const length = h("span", { class: "big", id: "recorded" });
  const files = h("ul", { class: "files", id: "files" });
  const input = h("input", { type: "file", id: "choose-files", multiple: true, accept: "audio/*", class: "unseen",
    onchange: () => { send([...input.files]); input.value = ""; } });
  const drop = h("div", { class: "drop", id: "drop" },
    h("p", {}, "Drop recordings or a folder of them here: WAV, FLAC, OGG, MP3, M4A."),
    input, h("label", { for: "choose-files", class: "button" }, "Choose files"), told, problems);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    attempt(async () => send(await dropped(event.dataTransfer)));
  });

  async function send(list) {
    const refused = [];
    problems.textContent = "";
    for (const [at, file] of list.entries()) {
      say(told, `Reading ${at + 1} of ${list.length}: ${file.name}`);
      try {
        await ask("PUT", placeOf(current.key(), "recordings", file.name), file);
      } catch (error) {
        refused.push(`${error.message}${error.remedy ? `; ${error.remedy}` : ""}`);
      }
    }
    say(told, refused.length ? "" : `${list.length} ${list.length === 1 ? "file is" : "files are"} in`);
    problems.textContent = refused.slice(0, 5).join(" · ") + (refused.length > 5 ? ` and ${refused.length - 5} more` : "");
    await current.refresh();
  }

  let audio = null;
  function listen(name) {
    audio?.pause();
    audio = new Audio(placeOf(current.key(), "recordings", name));
    audio.play().catch(() => toast("This browser cannot play that file", "bad"));
  }

  const microphone = recorder(async (blob, name) => {
    await ask("PUT", placeOf(current.key(), "recordings", name), blob);
    await current.refresh();
  });
  byId("recordings").append(drop, microphone,
    h("div", { class: "clock" }, clock, length), files);

  let shown = "";
  return (state) => {
    const total = state.recordings.reduce((sum, each) => sum + (each.seconds ?? 0), 0);
    clock.value = Math.min(GOOD_S, total);
    say(length, `${minutes(total)} of 10:00`);
    drop.hidden = microphone.hidden = !state.own;
    const now = JSON.stringify([state.key, state.recordings]);
    if (now === shown) return;
    shown = now;
    files.replaceChildren(...state.recordings.map((each) => h("li", {},
      h("span", { class: "name" }, each.file),
      h("span", { class: "dim number" }, each.seconds === undefined ? "" :
        `${minutes(each.seconds)}, peak ${each.peak_db.toFixed(0)} dB, floor ${each.floor_db.toFixed(0)} dB`),
      h("button", { type: "button", "aria-label": `Listen to ${each.file}`, onclick: () => listen(each.file) }, "▸"),
      state.own ? h("button", { type: "button", "aria-label": `Remove ${each.file}`, onclick: () => attempt(async () => {
        await ask("DELETE", placeOf(current.key(), "recordings", each.file));
        await current.refresh();
      }) }, "×") : null)));
  };
}
