// Step 5: hear it, play it live, download it, send it to a box.
import { ask, fileOf, placeOf } from "./api.js";
import { attempt, byId, h, say, toast } from "./dom.js";

export function finished(current) {
  const audio = h("audio", { controls: true, preload: "none", hidden: true });
  const busy = h("p", { class: "dim", role: "status" });

  async function phrase(of, body) {
    say(busy, "It is played …");
    try {
      const { file } = await ask("POST", `${placeOf(current.key(), "phrase")}?of=${encodeURIComponent(of)}`, body);
      audio.src = `${fileOf(current.key(), file)}?${Date.now()}`;
      audio.hidden = false;
      await audio.play().catch(() => {});
    } finally {
      say(busy, "");
    }
  }
  const own = h("input", { type: "file", id: "choose-phrase", accept: "audio/*,.mid", class: "unseen",
    onchange: () => attempt(async () => {
      const [file] = own.files;
      own.value = "";
      if (file) await phrase(file.name, file);
    }) });
  const hear = h("div", { class: "row wrap" },
    h("button", { type: "button", id: "hear-voice", onclick: () => attempt(() => phrase("voice", new Blob([]))) }, "Play a sung phrase with it"),
    h("button", { type: "button", id: "hear-tune", onclick: () => attempt(() => phrase("tune", new Blob([]))) }, "Play a tune with it"),
    own, h("label", { for: "choose-phrase", class: "button" }, "A recording or MIDI file of yours"));

  const liveText = h("p", { class: "dim", role: "status" });
  const play = (source) => () => attempt(async () => {
    await ask("POST", placeOf(current.key(), "live"), { source });
    await current.refresh();
  });
  const stop = h("button", { type: "button", onclick: () => attempt(async () => {
    await ask("DELETE", "/api/live");
    await current.refresh();
  }) }, "Stop");
  const live = h("div", { class: "row wrap" },
    h("button", { type: "button", onclick: play("effect") }, "Live: sing or play into it"),
    h("button", { type: "button", onclick: play("synth") }, "Live: with a MIDI keyboard"), stop);

  const download = h("a", { class: "button main", id: "download", download: true }, "Download the instrument");
  const host = h("input", { id: "host", type: "text", list: "hosts", required: true, maxlength: 255, placeholder: "pi@pedal.local",
    autocomplete: "off", "aria-label": "Box to send it to" });
  const hosts = h("datalist", { id: "hosts" });
  const look = h("button", { type: "button", onclick: () => attempt(async () => {
    const { boxes } = await ask("GET", "/api/boxes");
    hosts.replaceChildren(...boxes.map((box) => h("option", { value: box.host }, box.name)));
    if (boxes.length && !host.value) host.value = boxes[0].host;
    toast(boxes.length ? `Found: ${boxes.map((box) => box.name).join(", ")}` : "No box announces itself: type its name");
  }) }, "Find boxes");
  const sent = h("p", { id: "sent", role: "status" });
  const send = h("form", { class: "row wrap", onsubmit: (event) => {
    event.preventDefault();
    say(sent, "Sending …");
    attempt(async () => {
      const told = await ask("POST", placeOf(current.key(), "send"), { host: host.value.trim() });
      say(sent, `It is on ${host.value.trim()}${told.plays ? ` and ${told.plays} plays now` : told.note ? `; ${told.note}` : ""}.`);
    }).then((done) => done === undefined && say(sent, ""));
  } }, host, hosts, look, h("button", { type: "submit", class: "main", id: "send" }, "Send to the box"));

  const body = h("div", { class: "stack" }, hear, busy, audio, live, liveText, h("div", { class: "row" }, download), send, sent);
  const none = h("p", { class: "dim" }, "When it is trained, you can hear it here, download it and send it to a box.");
  byId("finished").append(none, body);
  return (state) => {
    body.hidden = !state.bundle;
    none.hidden = Boolean(state.bundle);
    download.href = placeOf(state.key, "bundle");
    stop.disabled = !state.training.live?.plays;
    const now = state.training.live;
    say(liveText, now ? now.problem || (now.plays ? now.lines.at(-1) ?? "It plays" : "It has stopped") : "");
  };
}
