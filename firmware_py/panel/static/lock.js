// Performance lock: nothing but panic can be touched; a long press opens it again.
import { keepAwake } from "./awake.js";
import { toast } from "./dom.js";

const HOLD_MS = 900;
const KEY = "ddsp-edge-locked";

/** `button` locks `fieldsets` with a tap and unlocks them with a hold. */
export function setUpLock(button, fieldsets) {
  const text = button.querySelector(".text");
  let locked = false;
  let timer = 0;
  let pressedAt = -Infinity;
  let askedAt = -Infinity;

  function set(on) {
    locked = on;
    for (const each of fieldsets) each.disabled = on;
    document.body.classList.toggle("locked", on);
    button.setAttribute("aria-pressed", on);
    text.textContent = on ? "Hold to unlock" : "Lock";
    localStorage.setItem(KEY, on ? "1" : "");
    keepAwake(on);
  }

  function press() {
    if (timer) return;
    pressedAt = performance.now();
    delete button.dataset.opened;
    if (!locked) return;
    button.classList.add("holding");
    timer = setTimeout(() => {
      release();
      set(false);
      askedAt = -Infinity;
      button.dataset.opened = "1"; // the click that follows must not lock again
    }, HOLD_MS);
  }

  function release() {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("holding");
  }

  button.addEventListener("pointerdown", press);
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur", "keyup"]) {
    button.addEventListener(name, release);
  }
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    if (event.repeat) event.preventDefault();
    else press();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    if (button.dataset.opened) {
      delete button.dataset.opened;
    } else if (!locked) {
      set(true);
    } else if (performance.now() - pressedAt > 5000) {
      // No finger and no key: a screen reader, which cannot hold. It is asked twice.
      if (performance.now() - askedAt < 6000) set(false);
      else {
        askedAt = performance.now();
        toast("Activate once more to unlock");
      }
    }
  });
  if (localStorage.getItem(KEY)) set(true);
}
