"""Low light: photographs darkened by known stops, with a sensor's noise, and lifted again: how near they come.

    python -m benchmarks.low_light [FOLDER_OR_TAR ...] [--most 40]

Ways: `--light auto` alone and with `--restore auto`; histogram equalisation; the gamma that makes the mean that of the
photograph (which nobody knows); and the best of the curves of Zero-DCE (Guo et al. 2020), eight times
x + a x (1 - x) with one `a` for the picture, chosen by the error itself: what a curve network that sees the whole
picture could reach at most. PSNR in dB of encoded values, and of them once their means are made alike (since how bright
dusk should be is taste).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mattebox as mb
from benchmarks.white_balance import SRGB_SPACE, is_coloured, load_photographs
from mattebox.types import Picture

EncodedRgb = NDArray[np.float64]

UNDEREXPOSURE_STOPS, NOISE_SIGMA = (1.5, 3.0, 4.5), 0.01  # of the light at white; noise grows with its square root


def darken(picture: Picture, stops: float, seed: int) -> Picture:
    light = SRGB_SPACE.decode(picture.rgb) * np.float32(2.0**-stops)
    grain = np.random.default_rng(seed).normal(0, NOISE_SIGMA, light.shape) * np.sqrt(light)
    return picture.with_pixels(SRGB_SPACE.encode((light + grain).astype(np.float32), picture.bit_depth), None)


def equalise_histogram(rgb: EncodedRgb) -> EncodedRgb:
    """By the histogram of the largest of red, green and blue."""
    top = rgb.max(-1)
    order = np.sort(top, axis=None)
    place = np.searchsorted(order, top, side="right") / order.size
    return rgb * (place / np.maximum(top, 1 / 255))[..., None]


def apply_matching_gamma(rgb: EncodedRgb, target_mean: float) -> EncodedRgb:
    powers = np.linspace(0.15, 1, 86)
    best = min(powers, key=lambda power: abs(float((rgb**power).mean()) - target_mean))
    return np.asarray(rgb**best)


def apply_best_curve(rgb: EncodedRgb, truth: EncodedRgb) -> EncodedRgb:
    def lifted(amount: float) -> EncodedRgb:
        made = rgb
        for _ in range(8):
            made = made + amount * made * (1 - made)
        return made

    return min((lifted(a) for a in np.linspace(0, 1, 41)), key=lambda made: float(((made - truth) ** 2).mean()))


def psnr(result: EncodedRgb, truth: EncodedRgb) -> float:
    return float(-10 * np.log10(((result.clip(0, 1) - truth) ** 2).mean()))


def match_mean(result: EncodedRgb, truth: EncodedRgb) -> EncodedRgb:
    """Scaled to the truth's mean."""
    return result * (truth.mean() / max(float(result.mean()), 1e-3))


def run_methods(dark_picture: Picture, truth: EncodedRgb) -> dict[str, EncodedRgb]:
    seen = dark_picture.rgb / 255
    auto = mb.enhance(dark_picture, light="auto").picture.rgb / 255
    both = mb.enhance(dark_picture, light="auto", restore="auto").picture.rgb / 255
    return {
        "as it is": seen, "light auto": auto, "restore and light auto": both, "equalised": equalise_histogram(seen),
        "gamma to the true mean": apply_matching_gamma(seen, float(truth.mean())), "best curve": apply_best_curve(seen, truth),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", type=Path, nargs="*")
    parser.add_argument("--most", type=int, default=40)
    arguments = parser.parse_args()
    pictures = [p for _, p in load_photographs(arguments.places) if is_coloured(p)][: arguments.most]
    found: dict[str, dict[float, list[tuple[float, float]]]] = {}
    for seed, picture in enumerate(pictures):
        truth = picture.rgb / 255
        for stops in UNDEREXPOSURE_STOPS:
            for way, made in run_methods(darken(picture, stops, seed), truth).items():
                pair = psnr(made, truth), psnr(match_mean(made, truth), truth)
                found.setdefault(way, {}).setdefault(stops, []).append(pair)
    heads = "".join(f"{f'{s:g} stops':>16}" for s in UNDEREXPOSURE_STOPS)
    print(f"{len(pictures)} photographs; PSNR, and with equal means\n{'':24}{heads}")
    for way, by_stops in found.items():
        print(f"{way:24}" + "".join("{:9.2f}{:7.2f}".format(*np.mean(v, axis=0)) for v in by_stops.values()))


if __name__ == "__main__":
    main()
