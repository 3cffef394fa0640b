// Places on a photograph as settings, "X%,Y%".

// [x, y] in shares of the photograph; null for none.
export function parsePlace(value) {
  const shares = (value ?? "").split(",").map((part) => parseFloat(part) / 100);
  return shares.length === 2 && shares.every((share) => share >= 0 && share < 1) ? shares : null;
}

export const placeText = (shares) => shares.map((share) => `${(100 * Math.min(0.9999, Math.max(0, share))).toFixed(2)}%`).join(",");
