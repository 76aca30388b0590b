// Requests to the studio. The key of the session is a cookie.

/** What was refused, with its remedy. */
export class Refused extends Error {
  constructor(error, remedy = "") {
    super(error);
    this.remedy = remedy;
  }
}

/** Ask; JSON where there is some. `body`: an object is sent as JSON, a Blob as it is. */
export async function ask(method, path, body) {
  const more = { method };
  if (body instanceof Blob) more.body = body;
  else if (body !== undefined) {
    more.body = JSON.stringify(body);
    more.headers = { "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(path, more);
  } catch {
    throw new Refused("The studio does not answer", "is it still running in its terminal?");
  }
  const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(told.error ?? `Refused (${answer.status})`, told.remedy);
  return told;
}

export const placeOf = (key, ...parts) =>
  ["/api/instruments", key, ...parts].map((part, at) => (at ? encodeURIComponent(part) : part)).join("/");

/** A file of the run: its slashes stay. */
export const fileOf = (key, file) => `${placeOf(key, "files")}/${file}`;

export function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
