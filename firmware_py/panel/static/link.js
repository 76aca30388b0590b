// The way to the box: HTTP with the token, and the WebSocket that comes back by itself.

import { plain } from "./plain.js";

const KEY = "ddsp-edge-token";
const RATE_HZ = 25;
const RETRY_MS = [300, 3000];
const ANSWER_MS = 95000; // the panel's own limit is 90 s
const QUIET_MS = 5000; // without meters while the engine is up: the network has gone,
const OPENING_MS = 30000; // or a sound card is opened, which may stop everything

/** Why the box did not do what it was asked. */
export class Refused extends Error {
  constructor(code, error, remedy = "") {
    super(plain(error));
    this.code = code;
    this.remedy = plain(remedy, true);
  }
}

export const token = {
  get: () => localStorage.getItem(KEY),
  keep: (text) => localStorage.setItem(KEY, text),
  forget: () => localStorage.removeItem(KEY),
};

/** An HTTP request. Returns the Response. Raises Refused. */
export async function http(method, path, body, headers = {}) {
  const mine = token.get();
  let response;
  try {
    response = await fetch(path, { method, body,
      headers: mine ? { Authorization: `Bearer ${mine}`, ...headers } : headers });
  } catch {
    throw new Refused("network", "The box does not answer", "check the phone's network");
  }
  if (response.ok) return response;
  let told = {};
  try {
    told = await response.json();
  } catch { /* not the panel's own answer */ }
  if (response.status === 401 && mine) link.lostToken();
  throw new Refused(response.status, told.error ?? `Refused (${response.status})`, told.remedy);
}

export const getJson = async (path) => (await http("GET", path)).json();

/** One WebSocket. Tells `heard(event)`, `changed({connected, engine})`, `unpaired()`. */
class Link {
  connected = false;
  engine = null; // null: not known yet
  #socket = null;
  #waiting = new Map();
  #lastId = 0;
  #pause = RETRY_MS[0];
  #timer = 0;
  #heardAt = 0;

  start({ heard, changed, unpaired }) {
    Object.assign(this, { heard, changed, unpaired });
    addEventListener("online", () => this.#soon(0));
    document.addEventListener("visibilitychange", () => this.#visible());
    setInterval(() => this.#watch(), 1000);
    this.connect();
  }

  connect() {
    clearTimeout(this.#timer);
    if (!token.get() || this.#socket) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ token: token.get() }));
    socket.onmessage = ({ data }) => this.#message(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #message(message) {
    this.#heardAt = performance.now();
    if (message.event === "engine") {
      this.#pause = RETRY_MS[0];
      const first = !this.connected;
      this.connected = true;
      this.engine = message.up;
      if (first) this.#subscribe();
      this.changed();
    } else if (message.event) {
      this.heard(message);
    } else {
      const waiting = this.#waiting.get(message.id);
      if (!waiting) return;
      this.#waiting.delete(message.id);
      clearTimeout(waiting.timer);
      if (message.ok) waiting.resolve(message.result);
      else waiting.reject(new Refused(message.code, message.error, message.remedy));
    }
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.connected = false;
    this.engine = null;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Refused("network", "The box is not there", "it is looked for again"));
    }
    this.#waiting.clear();
    if (code === 4401) return this.lostToken();
    this.changed();
    this.#soon(this.#pause);
    this.#pause = Math.min(RETRY_MS[1], this.#pause * 2);
  }

  #soon(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), ms);
  }

  /** No meters into a pocket. */
  #visible() {
    if (this.connected) this.#subscribe();
    else if (!document.hidden) this.#soon(0);
  }

  #subscribe() {
    this.call("subscribe", { rate_hz: document.hidden ? 0 : RATE_HZ }).catch(() => {});
  }

  #watch() {
    const opening = [...this.#waiting.values()].some(({ verb }) => verb === "audio_choose");
    const quiet = performance.now() - this.#heardAt > (opening ? OPENING_MS : QUIET_MS);
    if (this.#socket && this.connected && this.engine && quiet && !document.hidden) this.drop();
  }

  /** Give this connection up; another one is made. */
  drop() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#closed(socket, 0); // a dead network may never say that it is closed
  }

  lostToken() {
    token.forget();
    this.drop();
    this.unpaired();
  }

  /** Ask the engine for a verb. Returns its result. Raises Refused. */
  call(verb, details = {}) {
    if (!this.connected) {
      return Promise.reject(new Refused("network", "The box cannot be reached", "wait a moment"));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Refused("network", "No answer", "try again"));
      }, ANSWER_MS);
      this.#waiting.set(id, { verb, resolve, reject, timer });
      this.#socket.send(JSON.stringify({ ...details, id, do: verb }));
    });
  }
}

export const link = new Link();
