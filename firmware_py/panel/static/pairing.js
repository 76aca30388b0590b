// The pairing screen: the box's code for a token of this browser's own.
import { h } from "./dom.js";
import { http, token } from "./link.js";

/** What the box calls this browser in its list of devices. */
function ownName() {
  const [, kind] = /(iPhone|iPad|Android|Windows|Macintosh|Linux)/.exec(navigator.userAgent) ?? [];
  return kind ?? "browser";
}

/** In the box's own hotspot: the codes with which another phone gets here. */
async function showCodes(place) {
  const told = await http("GET", "/api/pair/network").then((answer) => answer.json()).catch(() => null);
  if (!told?.hotspot?.code) return;
  const { qr } = await import("./qr.js");
  const { hotspot, page } = told;
  place.append(h("p", {}, "For another phone:"),
    h("figure", {}, qr(hotspot.code, `QR code of the Wi-Fi network ${hotspot.name}`), h("figcaption", {}, `1. Wi-Fi ${hotspot.name}`)),
    h("figure", {}, qr(page.code, "QR code of this page's address"), h("figcaption", {}, `2. ${page.address}`)));
}

export function pairingScreen(root, paired) {
  const problem = h("p", { id: "pair-problem", class: "problem", role: "alert" });
  const code = h("input", { id: "code", inputmode: "numeric", autocomplete: "one-time-code",
    maxlength: 6, pattern: "[0-9]{6}", required: true, placeholder: "000000",
    "aria-describedby": "pair-help pair-problem" });
  const button = h("button", { type: "submit", class: "main" }, "Pair");

  async function pair(event) {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      const body = JSON.stringify({ code: code.value, name: ownName() });
      const answer = await http("POST", "/api/pair", body, { "Content-Type": "application/json" });
      token.keep((await answer.json()).token);
      paired();
    } catch (error) {
      problem.textContent = [error.message, error.remedy].filter(Boolean).join(": ");
      code.select();
    } finally {
      button.disabled = false;
    }
  }

  http("POST", "/api/pair/ask").catch(() => {}); // tuners show the code from now on
  const guests = h("div", { class: "codes", id: "pair-codes" });
  showCodes(guests);
  root.replaceChildren(h("form", { onsubmit: pair },
    h("h1", {}, "ddsp-edge"),
    h("label", { for: "code" }, "Pairing code"),
    code, button, problem,
    h("p", { id: "pair-help" }, "The tuner shows it now, and so do a paired phone (System) and the box's log. It is asked once for each phone."),
    guests));
  code.focus();
  // A browser that goes to the address's #play takes the focus away as it has loaded.
  if (document.readyState !== "complete") addEventListener("load", () => setTimeout(() => code.focus()), { once: true });
}
