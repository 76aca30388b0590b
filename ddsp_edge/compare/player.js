"use strict";
// One sound is heard at a time; switching goes on where the other one was.
const sounds = new Map(
  [...document.querySelectorAll("audio[data-version]")].map((sound) => [sound.dataset.version, sound]),
);
const byId = (id) => document.getElementById(id);
const seek = byId("seek");
let current = sounds.keys().next().value; // whose place counts
let playing = false;
let trial = null; // of the blind test: {a, b, x, answers}

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const length = () => Math.max(0, ...[...sounds.values()].map((sound) => sound.duration || 0));

async function start(sound, from) {
  if (Math.abs(sound.currentTime - from) > 0.01) sound.currentTime = from;
  try {
    await sound.play();
  } catch {
    return; // paused before it began
  }
}

function hear(version) {
  const before = sounds.get(current);
  const from = before.currentTime;
  if (version !== current) {
    before.pause();
    current = version;
    if (playing) start(sounds.get(current), from);
    else sounds.get(current).currentTime = from;
  }
  show();
}

function toggle(on = !playing) {
  playing = on;
  const sound = sounds.get(current);
  if (!playing) sound.pause();
  else start(sound, sound.ended ? 0 : sound.currentTime);
  show();
}

function show() {
  const blind = trial !== null;
  for (const button of document.querySelectorAll("button[data-hear]")) {
    button.setAttribute("aria-pressed", String(!blind && button.dataset.hear === current));
    button.disabled = blind;
  }
  byId("play").textContent = playing ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(playing));
  byId("blind-run").hidden = !blind;
  byId("blind-setup").hidden = blind;
  for (const name of ["a", "b", "x"]) {
    byId(`hear-${name}`).setAttribute("aria-pressed", String(blind && trial.heard === name));
  }
}

function tick() {
  const sound = sounds.get(current);
  if (playing && sound.ended) toggle(false);
  if (document.activeElement !== seek || !seek.matches(":active")) seek.value = String(sound.currentTime);
  seek.max = String(length());
  byId("time").textContent = `${clock(sound.currentTime)} of ${clock(length())}`;
  requestAnimationFrame(tick);
}

// Blind: X is A or B by chance, anew for every answer; nothing is told before the end.
const chance = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;

function begin() {
  const [a, b] = [byId("blind-a").value, byId("blind-b").value];
  if (a === b) {
    byId("blind-said").textContent = "Choose two different versions.";
    return;
  }
  byId("blind-said").textContent = "";
  byId("results").hidden = true;
  trial = { a, b, x: chance() ? a : b, heard: "a", answers: [], count: Number(byId("blind-count").value) };
  ask("a");
}

function ask(name) {
  trial.heard = name;
  hear(trial[name]);
  byId("blind-number").textContent = `Trial ${trial.answers.length + 1} of ${trial.count}`;
}

function answer(name) {
  trial.answers.push({ x: trial.x, right: trial[name] === trial.x });
  if (trial.answers.length >= trial.count) {
    finish();
    return;
  }
  trial.x = chance() ? trial.a : trial.b;
  ask("x");
}

// Of n answers by chance, how often at least k are right.
function byChance(k, n) {
  let ways = 1;
  let total = 0;
  for (let i = 0; i <= n; i++) {
    if (i >= k) total += ways;
    ways = (ways * (n - i)) / (i + 1);
  }
  return total / 2 ** n;
}

function finish() {
  const { a, b, answers } = trial;
  trial = null;
  toggle(false);
  const results = byId("results");
  results.hidden = false;
  if (answers.length === 0) {
    results.textContent = "Stopped before the first answer.";
    show();
    return;
  }
  const right = answers.filter((each) => each.right).length;
  const title = (version) => byId(`title-${version}`).textContent;
  results.textContent =
    `${title(a)} or ${title(b)}: ${right} of ${answers.length} right; by chance as good or better in ` +
    `${(100 * byChance(right, answers.length)).toFixed(1)} % of such tests. X was ` +
    `${answers.map((each) => (each.x === a ? "A" : "B") + (each.right ? "" : " (wrong)")).join(", ")}.`;
  show();
}

byId("play").addEventListener("click", () => toggle());
seek.addEventListener("input", () => {
  sounds.get(current).currentTime = Number(seek.value);
});
for (const button of document.querySelectorAll("button[data-hear]")) {
  button.addEventListener("click", () => hear(button.dataset.hear));
}
byId("blind-start").addEventListener("click", begin);
byId("blind-stop").addEventListener("click", finish);
for (const name of ["a", "b", "x"]) byId(`hear-${name}`).addEventListener("click", () => ask(name));
for (const name of ["a", "b"]) byId(`is-${name}`).addEventListener("click", () => answer(name));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select, input")) return;
  const place = Number(event.key) - 1;
  const versions = [...sounds.keys()];
  if (event.key === " " && !event.target.closest("button")) {
    event.preventDefault();
    toggle();
  } else if (trial === null && versions[place]) {
    hear(versions[place]);
  }
});
show();
tick();
