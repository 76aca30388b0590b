// Step 3: picture, licence, who played, the range, and how long the training is.
import { ask, placeOf } from "./api.js";
import { attempt, byId, h } from "./dom.js";

const SIDE = 384; // pixels of a picture, which has to fit into a bundle
const MOST_BYTES = 250_000;

/** Any picture that the browser can show, as a square PNG that is small enough. */
async function square(file) {
  const image = await createImageBitmap(file);
  const from = Math.min(image.width, image.height);
  for (let side = SIDE; side >= 96; side = Math.round(side / 1.5)) {
    const canvas = h("canvas", { width: side, height: side });
    canvas.getContext("2d").drawImage(image, (image.width - from) / 2, (image.height - from) / 2, from, from, 0, 0, side, side);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (blob.size <= MOST_BYTES) return blob;
  }
  throw new Error("The picture is too large");
}

const FIELDS = [
  ["licence", "Licence of the recordings", "text", "for instance CC BY 4.0"],
  ["attribution", "Who played", "text", "name, and where the recordings are from"],
  ["lowest", "Lowest pitch, Hz", "number"],
  ["highest", "Highest pitch, Hz", "number"],
];
const LONG = [
  ["teacher_warm_steps", "Large network: steps for the controls", "number", "2500"],
  ["teacher_steps", "Large network: steps for the sound", "number", "6000"],
  ["warm_steps", "Instrument: steps for the controls", "number", "6000"],
  ["steps", "Instrument: steps for the sound", "number", "2500"],
  ["least_minutes", "Least usable minutes", "number", "2"],
];

export function naming(current) {
  const inputs = {};
  const field = ([name, text, type, hint = ""]) => {
    inputs[name] = h("input", { type, id: `f-${name}`, name, placeholder: hint, maxlength: 300, min: 0, step: "any",
      autocomplete: "off", onchange: () => attempt(save) });
    return h("label", { class: "field" }, text, inputs[name]);
  };
  const single = h("input", { type: "checkbox", id: "f-single", onchange: () => attempt(save) });
  const quick = h("input", { type: "checkbox", id: "f-quick", onchange: () => attempt(save) });
  const picture = h("img", { class: "picture-of", alt: "Picture of the instrument", hidden: true });
  const choose = h("input", { type: "file", id: "choose-picture", accept: "image/*", class: "unseen",
    onchange: () => attempt(async () => {
      const [file] = choose.files;
      choose.value = "";
      if (!file) return;
      await ask("PUT", placeOf(current.key(), "picture"), await square(file));
      picture.src = `${placeOf(current.key(), "picture")}?${Date.now()}`;
      await current.refresh();
    }, "The picture is kept") });

  async function save() {
    const changed = { single_notes: single.checked };
    for (const [name, , type] of [...FIELDS, ...LONG]) {
      const value = inputs[name].value.trim();
      if (type === "text") changed[name] = value;
      else if (value) changed[name] = Number(value);
    }
    if (quick.checked) changed.teacher = "none";
    await ask("PATCH", placeOf(current.key()), changed);
  }
  byId("naming").append(
    h("div", { class: "row" }, h("div", { class: "stack" }, picture,
      choose, h("label", { for: "choose-picture", class: "button" }, "Choose a picture"))),
    h("form", { class: "fields", onsubmit: (event) => event.preventDefault() }, ...FIELDS.map(field),
      h("label", { class: "check" }, single, "Each file is one note")),
    h("details", {}, h("summary", {}, "How long it is trained"),
      h("p", { class: "dim" }, "As it is, a large network is trained first, which then teaches the instrument: what the shipped instruments had."),
      h("form", { class: "fields", onsubmit: (event) => event.preventDefault() },
        h("label", { class: "check" }, quick, "Without the large network: sooner, and not as good"), ...LONG.map(field))));
  let shown = "";
  return (state) => {
    picture.hidden = !state.picture;
    if (state.key === shown) return;
    shown = state.key;
    if (state.picture) picture.src = `${placeOf(state.key, "picture")}?${Date.now()}`;
    for (const [name] of [...FIELDS, ...LONG]) inputs[name].value = state.options[name] ?? "";
    single.checked = state.options.single_notes ?? false;
    quick.checked = state.options.teacher === "none";
  };
}
