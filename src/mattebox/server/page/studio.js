// The studio background, as in the server's composition/backdrop.py, but without its dithering: a paper sweep, whose wall darkens to the top
// and the sides, and whose floor is brightest at the front.
const HORIZON = 0.66, LIGHT = 0.5; // shares of height and width
const COLOURS = [[170, 170, 171], [212, 212, 214], [236, 236, 238], [250, 250, 252]]; // from the darkest part to the lightest, evenly spaced

// An ImageData.
export function renderStudio(width, height) {
  const image = new ImageData(width, height), across = [0.8, 0.9].map((spread) => Float64Array.from({ length: width }, (_, x) => Math.exp(-(((((x + 0.5) / width - LIGHT) * 2) / spread) ** 2))));
  for (let row = 0, at = 0; row < height; row += 1) {
    const y = (row + 0.5) / height, floorShare = 1 / (1 + Math.exp(-(y - HORIZON) / 0.045));
    const wall = 0.3 * Math.exp(-(((y - HORIZON + 0.21) / 0.4) ** 2)), floor = 0.38 * Math.exp(-(((y - (HORIZON + 1.1) / 2) / 0.35) ** 2));
    for (let x = 0; x < width; x += 1, at += 4) {
      const light = (0.42 + wall * across[0][x]) * (1 - floorShare) + (0.62 + floor * across[1][x]) * floorShare;
      const position = Math.min(1, Math.max(0, light)) * (COLOURS.length - 1), lower = Math.min(COLOURS.length - 2, Math.floor(position)), share = position - lower;
      for (let channel = 0; channel < 3; channel += 1) image.data[at + channel] = COLOURS[lower][channel] + share * (COLOURS[lower + 1][channel] - COLOURS[lower][channel]);
      image.data[at + 3] = 255;
    }
  }
  return image;
}
