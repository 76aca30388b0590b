// Step 4: start, pause, go on; the curve, the time left, and how it sounds by now.
import { ask, fileOf, minutes, placeOf } from "./api.js";
import { draw } from "./curve.js";
import { attempt, byId, h, say } from "./dom.js";

const WORDS = {
  idle: "Not begun", preparing: "The recordings are prepared", training: "It is trained",
  stopping: "Stopping: the step is kept", paused: "Paused: it goes on where it was", failed: "It stopped",
  done: "The instrument is ready", elsewhere: "Another program trains it",
};

export function training(current) {
  const post = (path) => () => attempt(async () => {
    await ask("POST", placeOf(current.key(), path));
    await current.refresh();
  });
  const start = h("button", { type: "button", id: "train", class: "main", onclick: post("train") }, "Train");
  const pause = h("button", { type: "button", id: "pause", onclick: post("pause") }, "Pause");
  const status = h("p", { class: "big", id: "training-state", role: "status" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Training" });
  const left = h("p", { class: "dim", id: "time-left" });
  const problem = h("p", { class: "problem", id: "training-problem", role: "alert" });
  const canvas = h("canvas", { class: "curve", role: "img", "aria-label": "Loss over the steps" });
  const lines = h("pre", {});
  const [compare, showSamples] = beforeAfter(current);
  byId("training").append(h("div", { class: "row" }, start, pause), status, bar, left, problem, canvas, compare,
    h("details", {}, h("summary", {}, "What it says"), lines));
  let drawn = "";
  return (state) => {
    const { training: now } = state;
    const runs = ["preparing", "training", "stopping"].includes(now.state);
    start.disabled = runs || now.state === "elsewhere" || !state.recordings.length;
    pause.disabled = !runs || now.state === "stopping";
    say(start, now.state === "paused" || (now.state === "failed" && now.step) ? "Go on" : now.state === "done" ? "Train again" : "Train");
    say(status, now.state === "training" && now.stage ? now.stage : WORDS[now.state] ?? now.state);
    bar.max = now.steps || 1;
    bar.value = now.step;
    bar.hidden = !runs && !now.step;
    const time = now.left_s === null || now.state !== "training" ? "" :
      now.left_s < 90 ? ", about a minute left" : `, about ${Math.round(now.left_s / 60)} minutes left`;
    say(left, now.step ? `Step ${now.step} of ${now.steps}${time}` : "");
    say(problem, now.problem);
    say(lines, now.lines.join("\n"));
    canvas.hidden = !now.curves.length;
    const curves = JSON.stringify([state.key, now.curves]);
    if (curves !== drawn) {
      draw(canvas, now.curves);
      drawn = curves;
      const last = now.curves.at(-1)?.loss.at(-1);
      if (last) canvas.setAttribute("aria-label", `Loss ${last[1].toFixed(3)} at step ${last[0]}`);
    }
    showSamples(state);
  };
}

/** The held-out phrase as it was recorded and as it is played by now; switching keeps the place. */
function beforeAfter(current) {
  const which = h("select", { "aria-label": "Step", onchange: () => load() });
  const sounds = { before: new Audio(), after: new Audio() };
  let heard = null;
  const buttons = {};
  const time = h("span", { class: "dim number" });
  for (const [name, text] of [["before", "Recording"], ["after", "Played by it"]]) {
    buttons[name] = h("button", { type: "button", class: "toggle", id: `hear-${name}`, "aria-pressed": "false",
      onclick: () => attempt(() => hear(name)) }, text);
    sounds[name].addEventListener("ended", () => stop());
    sounds[name].addEventListener("timeupdate", () => say(time, minutes(sounds[name].currentTime)));
  }
  const root = h("div", { class: "ab", hidden: true }, buttons.before, buttons.after, which, time);

  function stop() {
    if (heard) sounds[heard].pause();
    heard = null;
    for (const button of Object.values(buttons)) button.setAttribute("aria-pressed", "false");
  }
  async function hear(name) {
    const same = heard === name;
    const place = heard ? sounds[heard].currentTime : 0;
    stop();
    if (same) return;
    heard = name;
    sounds[name].currentTime = place;
    buttons[name].setAttribute("aria-pressed", "true");
    await sounds[name].play();
  }
  let list = [];
  function load() {
    stop();
    const chosen = list[which.selectedIndex];
    if (!chosen) return;
    sounds.before.src = `${fileOf(current.key(), chosen.before)}?${chosen.after}`;
    sounds.after.src = fileOf(current.key(), chosen.after);
  }
  let shown = "";
  return [root, (state) => {
    root.hidden = !state.training.samples.length;
    const now = JSON.stringify([state.key, state.training.samples]);
    if (now === shown || heard) return;
    shown = now;
    list = state.training.samples;
    which.replaceChildren(...list.map((each) => h("option", {}, each.title)));
    which.selectedIndex = list.length - 1;
    load();
  }];
}
