// Small helpers: elements, messages to the player, questions.

/** An element: h("button", {class: "big", onclick: f, "aria-label": "Next"}, "Next"). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Put text there, only if it is another one: what has not changed is not laid out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A message that goes by itself; an error stays longer. */
export function toast(text, kind = "good") {
  const box = byId("toasts");
  while (box.children.length >= 3) box.firstChild.remove();
  const item = h("p", { class: `toast ${kind}` }, text);
  item.addEventListener("click", () => item.remove());
  box.append(item);
  setTimeout(() => item.remove(), kind === "bad" ? 9000 : 3000);
}

/** Do it; what goes wrong is shown with its remedy. Returns the result, undefined on failure. */
export async function attempt(action, done = "") {
  try {
    const result = await action();
    if (done) toast(done);
    return result ?? true;
  } catch (error) {
    toast(error.remedy ? `${error.message}. ${capital(error.remedy)}.` : error.message, "bad");
    return undefined;
  }
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

let asked = 0;

/** Ask in a dialog. Returns the text (or true without an entry), null when it was cancelled. */
export function ask(title, { entry = null, yes = "OK", danger = false, optional = false } = {}) {
  return new Promise((resolve) => {
    const id = `ask-${++asked}`;
    const input = entry === null ? null : h("input", { id: `${id}-text`, type: "text", value: entry,
      maxlength: optional ? 400 : 64, required: !optional, autocomplete: "off", "aria-labelledby": id });
    const form = h("form", { method: "dialog" },
      h("h2", { id }, title), input,
      h("div", { class: "row" },
        h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel"),
        h("button", { type: "submit", class: danger ? "danger" : "main", value: "yes" }, yes)));
    const dialog = h("dialog", { "aria-labelledby": id }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      const agreed = dialog.returnValue === "yes";
      resolve(agreed ? (input ? input.value.trim() : true) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    input?.select();
  });
}
