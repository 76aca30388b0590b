// The curve of the loss: a line for each stage, beside each other, and dots where it was held out.

const INK = { loss: "#a6afba", held: "#ffb84d", text: "#a6afba", line: "#262b33" };

/** Draw the curves of the training's state on a canvas. */
export function draw(canvas, curves) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const each = width / Math.max(1, curves.length);
  pen.font = "12px system-ui, sans-serif";
  curves.forEach((curve, index) => one(pen, curve, index * each + 8, each - 16, height));
}

function one(pen, { title, first, steps, loss, held_out: held }, left, width, height) {
  const values = [...loss, ...held].map(([, value]) => value).sort((a, b) => a - b);
  const low = values[0];
  // Where it began is often far above all the rest.
  const high = values[Math.floor(values.length * 0.98)] ?? low;
  const x = (step) => left + (width * (step - first)) / steps;
  const y = (value) => height - 12 - ((height - 40) * Math.min(1, (value - low) / (high - low || 1)));
  pen.fillStyle = INK.text;
  pen.fillText(`${title}: ${values.length ? loss.at(-1)[1].toFixed(3) : ""}`, left, 14, width);
  pen.strokeStyle = INK.line;
  pen.strokeRect(left, 22, width, height - 28);
  for (const [points, colour] of [[loss, INK.loss], [held, INK.held]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = colour === INK.held ? 2.5 : 1;
    pen.beginPath();
    points.forEach(([step, value], at) => (at ? pen.lineTo(x(step), y(value)) : pen.moveTo(x(step), y(value))));
    pen.stroke();
  }
}
