"""White balance on photographs put under known lights, and left as they are: how far off, and how much they change.

    python -m benchmarks.white_balance [FOLDER_OR_TAR ...] [--most 100]

scikit-image's photographs, and those of the folders or tar files given, which are taken for neutral. Degrees are
between the light put on and the light taken off, in linear RGB, for each estimator alone and for what is done in the
end. Change of the photographs as they are: mean CIE76 difference in Lab, over pixels.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from mattebox.enhancement import illuminant, illuminant_estimation, tone_adjustment, white_balance
from mattebox.enhancement.colour_space import Float64Array, srgb_colour_space
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


def load_photographs(sources: list[Path]) -> Iterator[tuple[str, Picture]]:
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        yield name, Picture(np.ascontiguousarray(getattr(skimage.data, name)()))
    for place in sources:
        if place.is_dir():
            for path in sorted(p for p in place.rglob("*") if p.suffix.lower() in (".jpg", ".png", ".webp")):
                yield path.name, Picture(np.asarray(Image.open(path).convert("RGB")))
        else:
            with tarfile.open(place) as held:
                for member in held:
                    file = held.extractfile(member) if member.isfile() else None
                    if file is not None:
                        yield member.name, Picture(np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")))


def apply_illuminant(picture: Picture, light: Float64Array) -> Picture:
    """The photograph as an 8-bit file under a light, exposed so that nothing more is clipped."""
    linear = SRGB_SPACE.decode(picture.rgb) * (light / light.max()).astype(np.float32)
    return picture.with_pixels(SRGB_SPACE.encode(linear, picture.bit_depth), None)


def is_coloured(picture: Picture) -> bool:
    return float(np.ptp(picture.rgb.astype(int), axis=-1).mean()) > 4


def mean_colour_difference(one: Picture, other: Picture) -> float:
    """Mean CIE76."""
    a, b = (linear_to_lab(SRGB_SPACE.decode(p.rgb), SRGB_SPACE) for p in (one, other))
    return float(np.linalg.norm(a - b, axis=-1).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", type=Path, nargs="*")
    parser.add_argument("--most", type=int, default=100)
    arguments = parser.parse_args()
    pictures = [(n, p) for n, p in load_photographs(arguments.places) if is_coloured(p)][: arguments.most]
    report_cast_errors(pictures)
    report_changes_as_they_are(pictures)


def report_cast_errors(pictures: list[tuple[str, Picture]]) -> None:
    errors: dict[str, dict[str, list[float]]] = {}
    for _, picture in pictures:
        for name, light in ILLUMINANTS.items():
            seen = sample_light(apply_illuminant(picture, light))
            found = dict(illuminant_estimation.illuminant_estimates(seen)) | {
                "done": illuminant_estimation.estimate_white_balance(seen).light_to_correct,
                "nothing": np.ones(3),
            }
            for way, told in found.items():
                errors.setdefault(way, {}).setdefault(name, []).append(illuminant.angular_error_degrees(told, light))
    print(
        f"{len(pictures)} photographs; mean degrees left\n{'':14}"
        + "".join(f"{n:>13}" for n in ILLUMINANTS)
        + "   all  median"
    )
    for way, by_light in errors.items():
        everything = np.concatenate(list(by_light.values()))
        row = "".join(f"{np.mean(v):13.2f}" for v in by_light.values())
        print(f"{way:14}{row}{everything.mean():6.2f}{np.median(everything):8.2f}")


def report_changes_as_they_are(pictures: list[tuple[str, Picture]]) -> None:
    rows = []
    for name, picture in pictures:
        whiter = white_balance.correct_white_balance(
            picture, illuminant_estimation.estimate_white_balance(sample_light(picture)).light_to_correct
        )
        everything = tone_adjustment.apply_tone(whiter, tone_adjustment.plan_tone(whiter, Light(light="auto")))
        grey = white_balance.correct_white_balance(
            picture, dict(illuminant_estimation.illuminant_estimates(sample_light(picture)))["grey world"]
        )
        rows.append((name, *(mean_colour_difference(picture, p) for p in (grey, whiter, everything))))
    print("\nas they are: change        median    mean    most")
    for i, way in enumerate(("grey world", "white balance", "auto everything"), 1):
        values = np.array([r[i] for r in rows])
        print(f"{way:24}{np.median(values):9.2f}{values.mean():8.2f}{values.max():8.2f}")
    for name, *values in sorted(rows, key=lambda r: -r[3])[:8]:
        print(f"  {name:40}" + "".join(f"{v:8.2f}" for v in values))


if __name__ == "__main__":
    main()
