// Keeps the screen on while the panel is locked. navigator.wakeLock exists only over https and on the box
// itself; over plain http a video that plays does it: a canvas, muted, two pixels wide. As a stream it may be
// so small and silent in Chromium and Firefox. Safari on iOS does not count it: there the phone's own auto-lock rules.
import { h } from "./dom.js";

const DRAW_MS = 2000; // a stream without new frames would stand still

let wanted = false;
let screenLock = null;
let video = null;
let timer = 0;

function playVideo() {
  const canvas = h("canvas", { width: 2, height: 2 });
  const context = canvas.getContext("2d");
  let shade = 0;
  const draw = () => {
    shade = 1 - shade;
    context.fillStyle = shade ? "#0b0d10" : "#0b0d11";
    context.fillRect(0, 0, 2, 2);
  };
  draw();
  video = h("video", { class: "awake", muted: true, playsinline: true, tabindex: -1, "aria-hidden": true });
  video.muted = true;
  video.srcObject = canvas.captureStream();
  document.body.append(video);
  timer = setInterval(draw, DRAW_MS);
  return video.play();
}

function stopVideo() {
  clearInterval(timer);
  for (const track of video?.srcObject?.getTracks() ?? []) track.stop();
  video?.remove();
  video = null;
}

async function update() {
  try {
    if (!wanted) {
      stopVideo();
      await screenLock?.release();
      screenLock = null;
    } else if (document.hidden) {
      return; // the browser has taken it away; it is asked for again when the page is seen
    } else if (navigator.wakeLock) {
      screenLock = await navigator.wakeLock.request("screen");
    } else if (video) {
      await video.play();
    } else {
      await playVideo();
    }
  } catch { /* the battery is low, or the browser has no such video; the panel works all the same */ }
}

document.addEventListener("visibilitychange", update);

/** From now on, or no longer. */
export function keepAwake(on) {
  wanted = on;
  update();
}
