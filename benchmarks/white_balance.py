"""White balance under known illuminants, and changes to photographs that need none.

    python -m benchmarks.white_balance [FOLDER_OR_TAR ...] [--most 100]

The photographs are scikit-image's and those of the folders or tar files, all taken to be neutral. Angular errors are in
degrees between the simulated light and the estimate, in linear RGB, for each estimator alone and for the correction
that is applied. The change of unaltered photographs is the mean CIE76 difference in Lab.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph
from mattebox.enhancement import illuminant, tone_adjustment, white_balance
from mattebox.enhancement.colour_space import Float64Array, srgb_colour_space
from mattebox.enhancement.illuminant_estimation import estimate_white_balance, illuminant_estimates
from mattebox.enhancement.lab import linear_to_lab
from mattebox.enhancement.light_sample import sample_light
from mattebox.recipe.steps import Light
from mattebox.types import Picture

SRGB_SPACE = srgb_colour_space()
ILLUMINANTS = {
    "2800K": illuminant.light_from_kelvin(2800, SRGB_SPACE),
    "3600K": illuminant.light_from_kelvin(3600, SRGB_SPACE),
    "4800K": illuminant.light_from_kelvin(4800, SRGB_SPACE),
    "9000K": illuminant.light_from_kelvin(9000, SRGB_SPACE),
    "15000K": illuminant.light_from_kelvin(15000, SRGB_SPACE),
    "3600K green": illuminant.light_from_kelvin(3600, SRGB_SPACE) * (0.9, 1, 0.9),
    "green": np.array([0.8, 1, 0.75]),
    "magenta": np.array([1.2, 1, 1.25]),
}
LARGEST_CHANGES = 8  # rows printed


class ColourChange(NamedTuple):
    """Mean CIE76 difference of a photograph from its corrected versions."""

    name: str
    grey_world: float
    white_balance: float
    auto_everything: float


def load_photographs(sources: list[Path]) -> Iterator[tuple[str, Picture]]:
    """Names and pictures: scikit-image's, then those of folders and tar files."""
    for name in PHOTO_NAMES:
        yield name, Picture(load_photograph(name))
    for source in sources:
        if source.is_dir():
            for path in sorted(p for p in source.rglob("*") if p.suffix.lower() in (".jpg", ".png", ".webp")):
                yield path.name, Picture(np.asarray(Image.open(path).convert("RGB")))
        else:
            with tarfile.open(source) as archive:
                for member in archive:
                    file = archive.extractfile(member) if member.isfile() else None
                    if file is not None:
                        yield member.name, Picture(np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")))


def apply_illuminant(picture: Picture, light: Float64Array) -> Picture:
    """The photograph as an 8-bit file under a light, exposed so that no more pixels clip."""
    linear = SRGB_SPACE.decode(picture.rgb) * (light / light.max()).astype(np.float32)
    return picture.with_pixels(SRGB_SPACE.encode(linear, picture.bit_depth), None)


def is_coloured(picture: Picture) -> bool:
    return float(np.ptp(picture.rgb.astype(int), axis=-1).mean()) > 4


def mean_colour_difference(first: Picture, second: Picture) -> float:
    """Mean CIE76 difference over pixels."""
    a, b = (linear_to_lab(SRGB_SPACE.decode(p.rgb), SRGB_SPACE) for p in (first, second))
    return float(np.linalg.norm(a - b, axis=-1).mean())


def report_angular_errors(pictures: list[Picture]) -> None:
    errors: dict[str, dict[str, list[float]]] = {}
    for picture in pictures:
        for name, light in ILLUMINANTS.items():
            sample = sample_light(apply_illuminant(picture, light))
            estimates = dict(illuminant_estimates(sample)) | {
                "applied": estimate_white_balance(sample).light_to_correct,
                "nothing": np.ones(3),
            }
            for method, estimate in estimates.items():
                error = illuminant.angular_error_degrees(estimate, light)
                errors.setdefault(method, {}).setdefault(name, []).append(error)
    print(f"{len(pictures)} photographs; mean degrees left")
    print(" " * 14 + "".join(f"{name:>13}" for name in ILLUMINANTS) + "   all  median")
    for method, by_light in errors.items():
        values = np.concatenate(list(by_light.values()))
        row = "".join(f"{np.mean(v):13.2f}" for v in by_light.values())
        print(f"{method:14}{row}{values.mean():6.2f}{np.median(values):8.2f}")


def measure_change(name: str, picture: Picture) -> ColourChange:
    sample = sample_light(picture)
    grey_world = dict(illuminant_estimates(sample))["grey world"]
    light = estimate_white_balance(sample).light_to_correct
    balanced = white_balance.correct_white_balance(picture, light)
    enhanced = tone_adjustment.apply_tone(balanced, tone_adjustment.plan_tone(balanced, Light(light="auto")))
    versions = (white_balance.correct_white_balance(picture, grey_world), balanced, enhanced)
    return ColourChange(name, *(mean_colour_difference(picture, version) for version in versions))


def report_changes(changes: list[ColourChange]) -> None:
    print("\nunaltered photographs: change   median    mean     max")
    for column, label in enumerate(("grey world", "white balance", "auto everything"), 1):
        values = np.array([change[column] for change in changes])
        print(f"{label:30}{np.median(values):8.2f}{values.mean():8.2f}{values.max():8.2f}")
    for name, *differences in sorted(changes, key=lambda change: -change.auto_everything)[:LARGEST_CHANGES]:
        print(f"  {name:40}" + "".join(f"{value:8.2f}" for value in differences))


def main() -> None:
    parser = argument_parser(__doc__, most=100)
    parser.add_argument("places", type=Path, nargs="*", metavar="FOLDER_OR_TAR")
    args = parser.parse_args()
    photographs = [(name, p) for name, p in load_photographs(args.places) if is_coloured(p)][: args.most]
    report_angular_errors([picture for _, picture in photographs])
    report_changes([measure_change(name, picture) for name, picture in photographs])


if __name__ == "__main__":
    main()
