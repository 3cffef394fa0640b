// Shapes of an aperture as convolution kernels, as in the server's lens/aperture.py. A place in the frame is [x, y] from its
// middle, [0, 0], to its corners, which lie at a distance of 1; it matters to VARYING_SHAPES only.
const SUPERSAMPLING = 8; // samples of a pixel along each axis
const ANAMORPHIC_SQUEEZE = 0.5, CATS_EYE_SHIFT = 0.9, SWIRL_SQUEEZE = 0.65;
export const VARYING_SHAPES = ["cats-eye", "swirl"];
const MAX_KERNELS = 256;
const known = new Map();

// { reach, weights }: Float32Array of (2 reach + 1)^2 shares, which sum to 1; `radius` in pixels.
export function apertureKernel(shape, radius, place = [0, 0]) {
  const key = [shape, radius, ...(VARYING_SHAPES.includes(shape) ? place : [])].join(" ");
  if (!known.has(key)) known.set(key, drawKernel(shape, radius, place));
  if (known.size > MAX_KERNELS) known.delete(known.keys().next().value);
  return known.get(key);
}

function drawKernel(shape, radius, place) {
  const reach = radius > 0.5 ? Math.ceil(radius - 0.5) : 0, side = 2 * reach + 1, weights = new Float32Array(side * side), isInside = shapeTest(shape, Math.max(radius, 0.5), place);
  const position = (index) => (index + 0.5) / SUPERSAMPLING - reach - 0.5;
  let total = 0;
  for (let row = 0; row < side * SUPERSAMPLING; row += 1) {
    for (let column = 0; column < side * SUPERSAMPLING; column += 1) {
      if (!isInside(position(column), position(row))) continue;
      weights[Math.floor(row / SUPERSAMPLING) * side + Math.floor(column / SUPERSAMPLING)] += 1;
      total += 1;
    }
  }
  return { reach, weights: weights.map((count) => count / total) };
}

// Tells whether a point lies inside the aperture.
function shapeTest(shape, radius, [placeX, placeY]) {
  if (shape === "disc") return (x, y) => x * x + y * y <= radius * radius;
  if (shape === "anamorphic") return (x, y) => (x / ANAMORPHIC_SQUEEZE) ** 2 + y * y <= radius * radius;
  if (shape === "cats-eye") {
    const [right, down] = [placeX, placeY].map((v) => (CATS_EYE_SHIFT / 2) * radius * v);
    return (x, y) => Math.hypot(x - right, y - down) <= radius && Math.hypot(x + right, y + down) <= radius;
  }
  if (shape === "swirl") {
    const angle = Math.atan2(placeY, placeX), [cos, sin] = [Math.cos(angle), Math.sin(angle)], narrow = 1 - SWIRL_SQUEEZE * Math.min(1, Math.hypot(placeX, placeY));
    return (x, y) => ((x * cos + y * sin) / narrow) ** 2 + (y * cos - x * sin) ** 2 <= radius * radius;
  }
  const sector = (2 * Math.PI) / Number(shape), inner = radius * Math.cos(sector / 2);
  return (x, y) => {
    const angle = Math.atan2(x, -y), fromMiddle = angle - sector * Math.floor(angle / sector) - sector / 2; // 0 is up, a corner
    return Math.hypot(x, y) * Math.cos(fromMiddle) <= inner;
  };
}
