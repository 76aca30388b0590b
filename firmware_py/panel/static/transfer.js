// Files from the box and to it: what the browser saves, and what is sent with its progress.
import { h } from "./dom.js";
import { http, Refused, token } from "./link.js";

/** Fetched with the token, then saved under this name. */
export async function download(path, filename) {
  const url = URL.createObjectURL(await (await http("GET", path)).blob());
  h("a", { href: url, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser may still be reading it
}

/** With progress, which fetch has not: `tell(0..1)`. Returns the answer. Raises Refused. */
export function upload(path, file, type, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Authorization", `Bearer ${token.get()}`);
    request.setRequestHeader("Content-Type", type);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => tell(loaded / total);
    request.onerror = () => reject(new Refused("network", "The upload was interrupted", "try again"));
    request.onload = () => {
      const told = request.response ?? {};
      if (request.status < 300) resolve(told);
      else reject(new Refused(request.status, told.error ?? `Refused (${request.status})`, told.remedy));
    };
    request.send(file);
  });
}

/** A button that asks for a file: `send(file, tell)` returns what is said then; a refusal stays on the screen. */
export function uploader({ id, label: text, accept, busy, send }) {
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const problem = h("p", { id: `${id}-problem`, class: "problem", role: "alert" });
  const done = h("p", { id: `${id}-done`, class: "dim", role: "status" });
  const input = h("input", { type: "file", id, accept, class: "unseen", onchange: take });
  const label = h("label", { for: id, class: "button wide" }, text);

  async function take() {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    problem.textContent = done.textContent = "";
    bar.hidden = false;
    label.textContent = `Uploading ${file.name} …`;
    try {
      done.textContent = await send(file, (part) => {
        bar.value = part;
        if (part === 1) label.textContent = `${busy} ${file.name} …`;
      });
    } catch (error) {
      problem.textContent = `${file.name} was not taken: ${[error.message, error.remedy].filter(Boolean).join("; ")}`;
    } finally {
      bar.hidden = true;
      label.textContent = text;
    }
  }
  return h("div", { class: "upload" }, input, label, bar, problem, done);
}
