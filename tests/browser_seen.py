"""What an eye gets of a page, computed from what the browser made of it: contrast and focus.

By WCAG 2.2 AA: text 1.4.3, fields and focus 1.4.11, nothing over what has the focus 2.4.11.
"""

#: contrast(element, what): of a colour of its style against the ground that it is painted on,
#: through all grounds behind it and its own and its ancestors' transparency.
_CONTRAST = """
const pixel = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
function rgba(colour) { // of any of CSS's kinds
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
/** Ground and faintness at an element; a dialog has nothing of the page behind it. */
function groundOf(element) {
  const upper = element.parentElement && element.tagName !== "DIALOG"
    ? groundOf(element.parentElement) : {rgb: [0, 0, 0], faded: 1};
  const {opacity, backgroundColor} = getComputedStyle(element);
  const faded = upper.faded * Number(opacity);
  const [r, g, b, a] = rgba(backgroundColor);
  return {rgb: over([r, g, b, a * faded], upper.rgb), faded};
}
function contrast(element, what, ground = groundOf(element)) {
  const [r, g, b, a] = rgba(getComputedStyle(element)[what]);
  const pair = [ground.rgb, over([r, g, b, a * groundOf(element).faded], ground.rgb)];
  const [dark, light] = pair.map(luminance).sort((one, two) => one - two);
  return (light + 0.05) / (dark + 0.05);
}
const dialog = document.querySelector("dialog");
const seen = (element) => element.checkVisibility({visibilityProperty: true})
  && !element.closest(".unseen, noscript, option, :disabled")
  && (!dialog || dialog.contains(element));
"""

#: [how many were looked at, [ratio, needed, what] of the faint ones]: texts, and fields' edges.
FAINT = (
    _CONTRAST
    + """
const faint = [];
let looked = 0;
function check(ratio, needed, what) {
  looked += 1;
  if (ratio < needed) faint.push([Number(ratio.toFixed(2)), needed, what]);
}
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const [text, element] = [walk.currentNode.textContent.trim(), walk.currentNode.parentElement];
  if (!text || !seen(element)) continue;
  const {fontSize, fontWeight} = getComputedStyle(element);
  const large = parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
  check(contrast(element, "color"), large ? 3 : 4.5, text);
}
for (const field of document.querySelectorAll("input:not([type=range]), select")) {
  if (!seen(field)) continue;
  check(contrast(field, "color"), 4.5, field.value);
  check(contrast(field, "borderTopColor", groundOf(field.parentElement)), 3, `edge of ${field.id}`);
}
return [looked, faint];
"""
)

#: How many things Tab should come to.
STOPS = """
return [...document.querySelectorAll("button, select, input, summary, a[href], [tabindex='0']")]
  .filter((e) => e.checkVisibility() && !e.matches(":disabled") && e.tabIndex >= 0)
  .filter((e) => !e.dataset.reached)
  .map((e) => e.id || e.getAttribute("aria-label") || e.outerHTML);
"""

#: What is wrong with what has the focus now, "" where all is well; null where nothing has it.
FOCUS = (
    _CONTRAST
    + """
const element = document.activeElement;
if (!element || element === document.body) return null;
element.dataset.reached = "1";
const name = element.id || element.getAttribute("aria-label") || element.outerHTML.slice(0, 80);
const shown = element.matches(".unseen") ? element.nextElementSibling : element;
const {outlineStyle, outlineWidth} = getComputedStyle(shown);
if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return `${name}: no outline`;
const outline = contrast(shown, "outlineColor", groundOf(shown.parentElement));
if (outline < 3) return `${name}: faint outline`;
const {left, top, width, height} = shown.getBoundingClientRect();
const hit = document.elementFromPoint(left + width / 2, top + height / 2);
if (!hit) return `${name}: out of sight`;
const free = shown.contains(hit) || hit.contains(shown);
return free ? "" : `${name}: under ${hit.outerHTML.slice(0, 80)}`;
"""
)

#: What leaves its parent sideways, or whose text leaves it: [what, how many pixels].
#: Arguments: none. Parents that scroll sideways by intent are left out (a model's wide picture).
OUTSIDE = """
const out = [];
for (const element of document.querySelectorAll("#panel *, dialog *")) {
  if (!element.checkVisibility()) continue;
  if (element.closest(".unseen, svg, option, .track, .needle-box")) continue;
  const name = element.id || element.getAttribute("aria-label")
    || `${element.tagName} ${element.textContent.trim().slice(0, 30)}`;
  const scrolls = (each) => /auto|scroll|hidden/.test(getComputedStyle(each).overflowX);
  const box = element.getBoundingClientRect();
  const parent = element.parentElement.getBoundingClientRect();
  if (box.width && !scrolls(element.parentElement)) {
    const by = Math.max(box.right - parent.right, parent.left - box.left);
    if (by > 1) out.push([name, Math.round(by)]);
  }
  if (element.matches("button, summary, label.button")) {
    const words = document.createRange();
    words.selectNodeContents(element);
    const text = words.getBoundingClientRect();
    const by = Math.max(text.right - box.right, box.left - text.left,
      text.bottom - box.bottom, box.top - text.top);
    if (by > 0) out.push([`text of ${name}`, Math.round(by)]);
  }
}
return out;
"""

#: Which of these (a CSS selector) are not wholly seen without scrolling, or are under something.
BELOW_THE_FOLD = """
const shown = [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility());
return shown.filter((e) => {
  const {left, top, right, bottom} = e.getBoundingClientRect();
  const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  const port = (e.closest("#views") ?? document.documentElement).getBoundingClientRect();
  return top < port.top - 1 || bottom > port.bottom + 1 || left < 0 || right > innerWidth
    || !hit || !(e.contains(hit) || hit.contains(e));
}).map((e) => e.id || e.getAttribute("aria-label") || e.textContent);
"""
