// Shadows of a subject, as in the server's composition/shadow.py, but without its dithering: contact, drop and cast shadows,
// and reflections.
import { findGroundContact } from "./ground_contact.js";
import { averageAlpha, blur, createPlane, enlarge, round } from "./planes.js";

const GRID_SIDE_CELLS = 700, GROUND_FORESHORTENING = 0.5, MIN_CAST_DEPTH_SHARE = 0.08, CAST_FADE_SHARE = 0.5;
const MEAN_GROUND_HEIGHT_SHARE = 0.3, MIN_CONTACT_THICKNESS_ROWS = 1.6, ANGLE = Math.PI / 4;
export const DEFAULT_LENGTH_SHARE = { contact: 0.06, drop: 0.06, cast: 0.6, reflection: 0.35 }; // of the subject's height
export const GROUND_KINDS = ["contact", "cast", "reflection"]; // of subjects that stand

// The shadow as an ImageData of the subject's size, to lie beneath it; null for none. `subject` is an ImageData,
// `subjectHeight` that of its box in pixels, `shadow` { kind, opacity, softness } with shares from 0 to 1.
export function renderShadow(subject, subjectHeight, { kind, opacity, softness }) {
  if (kind === "none" || !opacity || subjectHeight <= 0) return null;
  const length = DEFAULT_LENGTH_SHARE[kind];
  if (kind === "reflection") return renderReflection(subject, subjectHeight, length, opacity);
  const sigma = softness * subjectHeight, { width, height } = subject;
  const cell = Math.max(1, Math.min(round(Math.max(width, height) / GRID_SIDE_CELLS), Math.floor(sigma / 2) || 1));
  const alpha = averageAlpha(subject, cell), gridHeight = subjectHeight / cell, contact = findGroundContact(alpha, gridHeight);
  if (!contact) return null;
  let darkness = null;
  if (kind === "drop") darkness = dropShadow(alpha, gridHeight * length, sigma / cell);
  else if (kind === "cast") darkness = castShadow(alpha, contact, gridHeight, length, sigma / cell);
  else darkness = contactShadow(alpha, contact, gridHeight * length, sigma / cell);
  const layer = new ImageData(width, height), full = enlarge(darkness, cell, width, height).data;
  for (let i = 0; i < full.length; i += 1) layer.data[4 * i + 3] = Math.round(255 * Math.min(1, Math.max(0, full[i] * opacity)));
  return layer;
}

function dropShadow(alpha, distance, sigma) {
  const right = round(distance * Math.cos(ANGLE)), down = round(distance * Math.sin(ANGLE)), { width, height } = alpha, shifted = createPlane(width, height);
  for (let y = down; y < height; y += 1) for (let x = right; x < width; x += 1) shifted.data[y * width + x] = alpha.data[(y - down) * width + x - right];
  return blur(shifted, sigma);
}

// A thin dark line where the subject touches the ground, and ever wider and fainter shades around it.
function contactShadow({ width, height }, { groundRows, weights }, length, sigma) {
  const light = createPlane(width, height);
  light.data.fill(1);
  for (const [thickness, softness, darkness] of [[0.15 * length, 0.12 * sigma, 1], [0.5 * length, 0.5 * sigma, 1], [1.2 * length, 1.5 * sigma, 0.8]]) {
    const line = createPlane(width, height), extent = Math.max(MIN_CONTACT_THICKNESS_ROWS, thickness);
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (weights[x]) line.data[y * width + x] = weights[x] * Math.exp(-(((y + 0.5 - groundRows[x]) / extent) ** 2));
    blur(line, softness, 2 * softness).data.forEach((v, i) => { light.data[i] *= 1 - darkness * v; });
  }
  return { width, height, data: light.data.map((v) => 1 - v) };
}

// The subject projected along the ground from where it stands; softer and fainter with distance.
function castShadow(alpha, contact, subjectHeight, length, sigma) {
  const right = length * Math.cos(ANGLE), down = Math.max(GROUND_FORESHORTENING * length * Math.sin(ANGLE), MIN_CAST_DEPTH_SHARE * length);
  const { projected, distance } = projectToGround(alpha, contact, subjectHeight, right, down), { width, height } = alpha;
  const blurred = blur(projected, sigma).data, far = blur(projected, 1.6 * sigma).data, near = blur(projected, 0.3 * sigma).data;
  const away = blur({ width, height, data: projected.data.map((v, i) => v * distance.data[i]) }, sigma).data;
  return { width, height, data: away.map((v, i) => {
    const share = Math.min(1, Math.max(0, v / Math.max(blurred[i], 1e-3)));
    return ((1 - share) * near[i] + share * far[i]) * (1 - CAST_FADE_SHARE * share);
  }) };
}

// The alpha of each height shifted by (right, down) times that height; and the height that each sample comes from.
function projectToGround(alpha, { groundRows, weights }, subjectHeight, right, down) {
  const { width, height } = alpha, projected = createPlane(width, height), distance = createPlane(width, height);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (y > groundRows[x] - 0.1 * subjectHeight) projected.data[y * width + x] = alpha.data[y * width + x] * weights[x];
  const total = weights.reduce((sum, v) => sum + v, 0), meanGround = groundRows.reduce((sum, v, x) => sum + v * weights[x], 0) / total;
  const highest = groundRows.reduce((most, v) => Math.max(most, v), 0), step = Math.min(1, 1 / Math.max(Math.abs(down), Math.abs(right)));
  for (let count = 0, lift = 0.5; lift < highest; count += 1, lift = 0.5 + count * step) {
    const meanShare = Math.min(1, lift / (MEAN_GROUND_HEIGHT_SHARE * subjectHeight)), shift = round(lift * right);
    const rows = groundRows.map((ground) => Math.floor(ground + (meanGround - ground) * meanShare + lift * down - (down < 0 ? 1 : 0)));
    const values = groundRows.map((ground, column) => valueAt(alpha, Math.floor(ground - lift), column));
    for (let column = 0; column < width; column += 1) {
      const x = column + shift, rise = column + 1 < width ? rows[column + 1] - rows[column] : 0;
      const bridge = Math.min(values[column], values[column + 1] ?? 0);
      // the rows up to the next column's, which would be left light where the ground is steep
      for (let part = 0; part <= (bridge > 0 ? Math.abs(rise) : 0); part += 1) {
        const y = rows[column] + Math.sign(rise) * part, place = y * width + x, darkness = part ? bridge : values[column];
        if (y < 0 || y >= height || x < 0 || x >= width || darkness <= projected.data[place]) continue;
        projected.data[place] = darkness;
        distance.data[place] = lift / subjectHeight;
      }
    }
  }
  return { projected, distance };
}

// A sample of a plane; 0 above and below it.
function valueAt({ width, height, data }, row, column) {
  return row < 0 || row >= height ? 0 : data[row * width + column];
}

// The subject mirrored at the ground it stands on, fading out over `length` (a share of its height).
function renderReflection(subject, subjectHeight, length, opacity) {
  const { width, height, data } = subject, layer = new ImageData(width, height), contact = findGroundContact(averageAlpha(subject, 1), subjectHeight);
  if (!contact) return layer;
  const ground = contact.groundRows.map(round), fadeRows = Math.max(1, round(subjectHeight * length));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const source = 2 * ground[x] - 2 - y, away = y - ground[x], share = away >= -1 && source >= 0 ? Math.min(1, Math.max(0, 1 - (away + 0.5) / fadeRows)) : 0;
      if (!share) continue;
      const from = 4 * (Math.min(height - 1, source) * width + x), to = 4 * (y * width + x);
      layer.data.set([data[from], data[from + 1], data[from + 2], round(data[from + 3] * opacity * share)], to);
    }
  }
  return layer;
}
