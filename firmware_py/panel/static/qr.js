// A QR code as a picture: dark on white, with the margin that cameras want.
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 4;

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** `code` is {size, path} as the box gives it, null where it cannot draw any; `label` is what it is. */
export function qr(code, label) {
  if (!code) return null;
  const side = code.size + 2 * MARGIN;
  const root = svg("svg", { class: "qr", viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label });
  root.append(svg("rect", { width: side, height: side, fill: "#fff" }),
    svg("path", { d: code.path, fill: "#000", transform: `translate(${MARGIN} ${MARGIN})` }));
  return root;
}
