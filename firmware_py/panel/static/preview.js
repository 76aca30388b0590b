// The short sound of a model: one at a time, fetched with the token, hence no plain <audio src>.
import { attempt, h } from "./dom.js";
import { Refused } from "./link.js";

let sounding = null;

export const isSounding = () => sounding !== null;

/** A button; `fetchSound()` returns the Response with the sound. */
export function listenButton(title, fetchSound) {
  const button = h("button", { type: "button", "aria-pressed": "false", "aria-label": `Listen to ${title}`, onclick: play }, "Listen");

  async function play() {
    if (sounding) {
      const same = sounding.button === button;
      sounding.stop();
      if (same) return;
    }
    await attempt(async () => {
      const url = URL.createObjectURL(await (await fetchSound()).blob());
      const audio = new Audio(url);
      sounding = { button, stop() {
        audio.pause();
        URL.revokeObjectURL(url);
        button.textContent = "Listen";
        button.setAttribute("aria-pressed", "false");
        sounding = null;
      } };
      audio.addEventListener("ended", () => sounding?.stop());
      button.textContent = "Stop";
      button.setAttribute("aria-pressed", "true");
      await audio.play().catch((error) => {
        sounding?.stop();
        throw new Refused("audio", "This browser cannot play the preview", error.message);
      });
    });
  }
  return button;
}
