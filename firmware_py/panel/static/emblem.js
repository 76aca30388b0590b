// An instrument's picture, made from its card: each has a colour and a figure of its own.

/** A hue for a name, the same on every phone. */
export function hueOf(name) {
  let hash = 2166136261;
  for (const letter of name.toLowerCase()) {
    hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  }
  // Steps of the golden angle keep names that differ little far apart.
  return ((hash >>> 0) % 997) * 137.508 % 360;
}

/** Lightness and chroma are the same for all: every one is as readable as the others. */
export const colourOf = (name) => `oklch(0.83 0.135 ${hueOf(name).toFixed(0)})`;

/** Between two names' colours; `part` 0..1 is how much of the second. */
export const between = (name, other, part) =>
  `color-mix(in oklab, ${colourOf(name)}, ${colourOf(other)} ${(part * 100).toFixed(0)}%)`;

/** Radius (about 1) at an angle: more waves for a higher range, deeper for a wider loudness. */
function figure(name, info) {
  const lowest = info?.mean_min_pitch_note ?? 48;
  const span = (info?.mean_max_pitch_note ?? 72) - lowest;
  const depth = ((info?.mean_max_power_note ?? -10) - (info?.mean_min_power_note ?? -40)) / 200;
  const waves = Math.max(3, Math.round((lowest - 20) / 6));
  const second = waves + Math.max(2, Math.round(span / 8));
  const turn = hueOf(name) / 57.3;
  return (angle, ring) => {
    const wave = Math.sin(waves * angle + turn) + 0.5 * Math.sin(second * angle - turn * ring);
    return 1 - depth * 0.5 + depth * 0.42 * wave;
  };
}

/** Draw it: a ring that vibrates; on the way to `other` ({title, info, part}) something between. */
export function drawEmblem(canvas, name, info, other = null) {
  const size = canvas.clientWidth || 72;
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = canvas.height = size * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const [own, its] = [figure(name, info), other && figure(other.title, other.info)];
  const part = other?.part ?? 0;
  context.strokeStyle = other ? between(name, other.title, part) : colourOf(name);
  context.lineJoin = "round";
  for (let ring = 0; ring < 4; ring++) {
    const radius = size * (0.44 - 0.085 * ring);
    context.globalAlpha = 1 - 0.22 * ring;
    context.lineWidth = Math.max(1, size / (32 + 12 * ring));
    context.beginPath();
    for (let step = 0; step <= 240; step++) {
      const angle = (step / 240) * 2 * Math.PI;
      const r = radius * (its ? own(angle, ring) * (1 - part) + its(angle, ring) * part : own(angle, ring));
      context.lineTo(size / 2 + r * Math.cos(angle), size / 2 + r * Math.sin(angle));
    }
    context.stroke();
  }
}
