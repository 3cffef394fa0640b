// Clean-up of the network's matte: haze, specks, ghosts and translucent spots; as mattebox does in Python
// (matting/matte_cleanup.py). Planes are { width, height, data: Float32Array of alpha 0..1 }.
const MIN_SUBJECT_ALPHA = 0.5, KNOWN_ALPHA_MARGIN = 0.1;
const MIN_COMPONENT_SHARE = 0.03; // of the largest component's area: a smaller one is a speck
const SOFT_EDGE_REACH_SHARE = 0.1; // of the largest component's longer side
const MAX_EDGE_WIDTH_SHARE = 0.06; // of the longer side: an uncertain area wider than this is a ghost
const GHOST_CLIP_ALPHA = 0.4, MIN_EDGE_REACH_SAMPLES = 3;
const MIN_VISIBLE_ALPHA = 0.1, MIN_VISIBLE_SHARE = 0.0005;

// Whether next to nothing stands out.
export const isBlank = ({ data }) => data.reduce((count, value) => count + (value > MIN_VISIBLE_ALPHA), 0) < MIN_VISIBLE_SHARE * data.length;

// Values with `black` moved to 0 and 1 - `black` to 1.
export const stretchLevels = (data, black) => data.map((value) => Math.min(1, Math.max(0, (value - black) / (1 - 2 * black))));

export function cleanUpMatte(plane) {
  const { width, height } = plane, alpha = resolveGhosts(plane), { labels, components } = labelComponents(maskOf(alpha, (v) => v >= MIN_SUBJECT_ALPHA), width, height);
  if (!components.length) return plane;
  const least = MIN_COMPONENT_SHARE * components[0].area, subject = labels.map((label) => (label && components[label - 1].area >= least ? 1 : 0));
  const { box } = components[0], reach = Math.max(MIN_EDGE_REACH_SAMPLES, Math.round(SOFT_EDGE_REACH_SHARE * Math.max(box[2] - box[0], box[3] - box[1])));
  const connected = dilate(connectedMask(alpha, subject, width, height), width, height, MIN_EDGE_REACH_SAMPLES), near = dilate(subject, width, height, reach);
  const kept = alpha.map((value, i) => (near[i] && connected[i] ? value : 0));
  return { width, height, data: fillTranslucentSpots(kept, width, height) };
}

function resolveGhosts({ data, width, height }) {
  const uncertain = maskOf(data, (v) => v > KNOWN_ALPHA_MARGIN && v < 1 - KNOWN_ALPHA_MARGIN);
  const reach = Math.max(2, Math.round((MAX_EDGE_WIDTH_SHARE / 2) * Math.max(width, height)));
  const core = dilate(uncertain.map((v) => 1 - v), width, height, reach).map((v) => 1 - v);
  if (!core.includes(1)) return data;
  const wide = dilate(core, width, height, reach + 1), contrasted = stretchLevels(data, GHOST_CLIP_ALPHA);
  return data.map((value, i) => (wide[i] && uncertain[i] ? contrasted[i] : value));
}

function fillTranslucentSpots(alpha, width, height) {
  const open = connectedMask(alpha.map((v) => 1 - v), maskOf(alpha, (v) => v < MIN_SUBJECT_ALPHA), width, height), near = dilate(open, width, height, MIN_EDGE_REACH_SAMPLES);
  return alpha.map((value, i) => (near[i] ? value : 1));
}

// What is not (almost) transparent and hangs together with the subject.
function connectedMask(alpha, subject, width, height) {
  const { labels, components } = labelComponents(maskOf(alpha, (v) => v >= KNOWN_ALPHA_MARGIN), width, height), isConnected = new Uint8Array(components.length + 1);
  subject.forEach((inside, i) => { if (inside) isConnected[labels[i]] = 1; });
  isConnected[0] = 0;
  return labels.map((label) => isConnected[label]);
}

const maskOf = (data, test) => Uint8Array.from(data, (value) => (test(value) ? 1 : 0));

// The components of a mask, by sides and corners: { labels: Int32Array, components: [{ area, box }] }, the largest first.
export function labelComponents(mask, width, height) {
  const labels = new Int32Array(mask.length), found = [], stack = [];
  for (let start = 0; start < mask.length; start += 1) {
    if (!mask[start] || labels[start]) continue;
    const component = { label: found.length + 1, area: 0, box: [width, height, 0, 0] };
    labels[start] = component.label;
    for (stack.push(start); stack.length; ) growComponent(stack.pop(), component, { mask, labels, stack, width, height });
    found.push(component);
  }
  const order = [...found].sort((a, b) => b.area - a.area || a.label - b.label), rank = new Int32Array(found.length + 1);
  order.forEach(({ label }, i) => { rank[label] = i + 1; });
  return { labels: labels.map((label) => rank[label]), components: order };
}

function growComponent(at, component, { mask, labels, stack, width, height }) {
  const x = at % width, y = (at - x) / width, { box } = component;
  component.area += 1;
  component.box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row += 1) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column += 1) {
      const next = row * width + column;
      if (mask[next] && !labels[next]) labels[next] = component.label, stack.push(next);
    }
  }
}

// Dilation by a square of side 2 x `radius` + 1.
export function dilate(mask, width, height, radius) {
  let result = mask;
  for (const [count, step, lines, lineStep] of [[width, 1, height, width], [height, width, width, 1]]) {
    const next = new Uint8Array(result.length);
    for (let line = 0; line < lines; line += 1) {
      for (let i = 0, start = line * lineStep, last = -Infinity; i < count + radius; i += 1) {
        if (i < count && result[start + i * step]) last = i;
        const target = i - radius;
        if (target >= 0 && last >= target - radius) next[start + target * step] = 1;
      }
    }
    result = next;
  }
  return result;
}
