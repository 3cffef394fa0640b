"""Low-light enhancement: photographs darkened by known stops, with sensor noise, and brightened again.

    python -m benchmarks.low_light [FOLDER_OR_TAR ...] [--most 40]

Methods: `--light auto` alone and with `--restore auto`; histogram equalisation; the gamma that restores the original's
mean (which nobody knows); and the best of the curves of Zero-DCE (Guo et al. 2020), x + a x (1 - x) eight times with
one `a` for the picture, chosen by the error itself: the upper bound of a curve network that sees the whole picture.
PSNR in dB of encoded values, and of them with equal means (since how bright dusk should be is taste).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mattebox as mb
from benchmarks.common import argument_parser
from benchmarks.white_balance import SRGB_SPACE, is_coloured, load_photographs
from mattebox.types import Picture

EncodedRgb = NDArray[np.float64]  # H x W x 3, 0..1

UNDEREXPOSURE_STOPS = (1.5, 3.0, 4.5)
NOISE_SIGMA = 0.01  # of the light at white; noise grows with its square root


def darken(picture: Picture, stops: float, seed: int) -> Picture:
    """Underexpose in linear light and add noise."""
    light = SRGB_SPACE.decode(picture.rgb) * np.float32(2.0**-stops)
    noise = np.random.default_rng(seed).normal(0, NOISE_SIGMA, light.shape) * np.sqrt(light)
    return picture.with_pixels(SRGB_SPACE.encode((light + noise).astype(np.float32), picture.bit_depth), None)


def equalise_histogram(rgb: EncodedRgb) -> EncodedRgb:
    """By the histogram of the largest of red, green and blue."""
    brightness = rgb.max(-1)
    values = np.sort(brightness, axis=None)
    rank = np.searchsorted(values, brightness, side="right") / values.size
    return np.asarray(rgb * (rank / np.maximum(brightness, 1 / 255))[..., None])


def apply_matching_gamma(rgb: EncodedRgb, target_mean: float) -> EncodedRgb:
    exponents = np.linspace(0.15, 1, 86)
    best = min(exponents, key=lambda exponent: abs(float((rgb**exponent).mean()) - target_mean))
    return np.asarray(rgb**best)


def apply_curve(rgb: EncodedRgb, amount: float) -> EncodedRgb:
    for _ in range(8):
        rgb = rgb + amount * rgb * (1 - rgb)
    return rgb


def apply_best_curve(rgb: EncodedRgb, truth: EncodedRgb) -> EncodedRgb:
    candidates = (apply_curve(rgb, amount) for amount in np.linspace(0, 1, 41))
    return min(candidates, key=lambda candidate: float(((candidate - truth) ** 2).mean()))


def psnr(result: EncodedRgb, truth: EncodedRgb) -> float:
    return float(-10 * np.log10(((result.clip(0, 1) - truth) ** 2).mean()))


def match_mean(result: EncodedRgb, truth: EncodedRgb) -> EncodedRgb:
    """Scale to the truth's mean."""
    return np.asarray(result * (truth.mean() / max(float(result.mean()), 1e-3)))


def run_methods(dark_picture: Picture, truth: EncodedRgb) -> dict[str, EncodedRgb]:
    dark = dark_picture.rgb / 255
    return {
        "as it is": dark,
        "light auto": mb.enhance(dark_picture, light="auto").picture.rgb / 255,
        "restore and light auto": mb.enhance(dark_picture, light="auto", restore="auto").picture.rgb / 255,
        "equalised": equalise_histogram(dark),
        "gamma to the true mean": apply_matching_gamma(dark, float(truth.mean())),
        "best curve": apply_best_curve(dark, truth),
    }


def main() -> None:
    parser = argument_parser(__doc__, most=40)
    parser.add_argument("places", type=Path, nargs="*", metavar="FOLDER_OR_TAR")
    args = parser.parse_args()
    pictures = [p for _, p in load_photographs(args.places) if is_coloured(p)][: args.most]
    scores: dict[str, dict[float, list[tuple[float, float]]]] = {}
    for seed, picture in enumerate(pictures):
        truth = picture.rgb / 255
        for stops in UNDEREXPOSURE_STOPS:
            for method, result in run_methods(darken(picture, stops, seed), truth).items():
                pair = psnr(result, truth), psnr(match_mean(result, truth), truth)
                scores.setdefault(method, {}).setdefault(stops, []).append(pair)
    header = "".join(f"{f'{stops:g} stops':>16}" for stops in UNDEREXPOSURE_STOPS)
    print(f"{len(pictures)} photographs; PSNR, and with equal means\n{'':24}{header}")
    for method, by_stops in scores.items():
        print(f"{method:24}" + "".join("{:9.2f}{:7.2f}".format(*np.mean(v, axis=0)) for v in by_stops.values()))


if __name__ == "__main__":
    main()
