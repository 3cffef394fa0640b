"""Mix two teachers' masks of the unlabelled photographs, and labels drawn by hand, into soft labels with weights.

    python -m mattebox.training.tasks.cutout.mixed_labels DATA FIRST.npz SECOND.npz OUT.npz [--polygons FILE.json]

FIRST and SECOND are files of `pseudo_labels`, of one side; the first teacher has the sharper outlines. The polygons
are {"set/stem": {"polygons": [[[x, y], ...], ...]}}, 0..1 from the picture's left top corner, even-odd; with
"teacher": "first", "second" or "both", that mask counts as well: with "keep" only inside these polygons, with "cut"
only outside of those. Neither polygons nor a teacher says that the picture has no subject.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from mattebox.errors import InputUnreadable, MatteboxError, UsageError
from mattebox.training.data.dataset import list_sample_names
from mattebox.training.data.soft_labels import SoftLabels, read_soft_labels, write_soft_labels
from mattebox.training.tasks.cutout.outline_band import find_thin_parts, outline_band
from mattebox.training.tasks.cutout.teacher_mixing import MixedLabel, mix_teachers, sharpen_chosen_mask
from mattebox.types import Floats

DRAWN_PICTURE_WEIGHT = 2.0  # a label by hand counts as two pictures on which the teachers agree
CHOSEN_PICTURE_WEIGHT = 1.0  # a teacher's mask that somebody found right
DRAWN_OUTLINE_WEIGHT = 0.25  # outlines by hand are off by a percent or two
DRAWN_OUTLINE_PIXELS = 5  # width of their band
SUPERSAMPLING = 4  # of drawn polygons
Polygons: TypeAlias = list[list[tuple[float, float]]]
DrawnLabels: TypeAlias = Mapping[str, Mapping[str, Any]]


def mix_labels(names: list[str], first: SoftLabels, second: SoftLabels, drawn: DrawnLabels) -> SoftLabels:
    """Mix two teachers' masks picture by picture; a label drawn by hand takes their place.

    Parameters
    ----------
    names : list of str
        SET/STEM of each picture.
    first, second : SoftLabels
        Their masks, in the same order and of the same side.
    drawn : mapping
        Labels by hand, by name; see the module.

    Returns
    -------
    SoftLabels
        With weights of pixels and pictures.

    Raises
    ------
    UsageError
        If the masks are not of these pictures, or of different sides.
    """
    if not len(names) == len(first) == len(second) or first.masks.shape != second.masks.shape:
        raise UsageError(
            f"there are {len(names)} pictures, and masks of {first.masks.shape} and {second.masks.shape}",
            "let both teachers label this data with the same --side",
        )
    masks, pixel_weights = np.empty_like(first.masks), np.empty_like(first.masks)
    picture_weights, cases = np.empty(len(names), np.float32), Counter[str]()
    for i, name in enumerate(names):
        alphas = [labels.masks[i].astype(np.float32) / np.float32(255) for labels in (first, second)]
        label = draw_label(drawn[name], *alphas) if name in drawn else mix_teachers(*alphas)
        masks[i], pixel_weights[i] = np.rint(label.alpha * 255), np.rint(label.pixel_weights * 255)
        picture_weights[i] = label.picture_weight
        cases[label.case] += 1
    print(", ".join(f"{case} {count}" for case, count in cases.most_common()), file=sys.stderr)
    teachers = [*first.teachers, *second.teachers, *(["polygons"] if drawn else [])]
    return SoftLabels(masks, teachers, pixel_weights, picture_weights)


def draw_label(entry: Mapping[str, Any], first: Floats, second: Floats) -> MixedLabel:
    """The label of an entry of the polygons, at the side of the teachers' square masks."""
    drawn, kept, cut = (draw_polygons(entry.get(role, []), len(first)) for role in ("polygons", "keep", "cut"))
    alpha = drawn
    if "teacher" in entry:
        masks = {"first": first, "second": second, "both": np.maximum(first, second)}
        chosen = sharpen_chosen_mask(masks[entry["teacher"]]) * (1 - cut)
        alpha = np.maximum(drawn, chosen * kept if "keep" in entry else chosen)
    band = np.max([_find_drawn_outline(polygons) for polygons in (drawn, kept, cut)], axis=0)
    weights = 1 - (1 - DRAWN_OUTLINE_WEIGHT) * band
    if "teacher" in entry and not entry.get("polygons"):
        return MixedLabel(alpha, weights, CHOSEN_PICTURE_WEIGHT, "chosen")
    return MixedLabel(alpha, weights, DRAWN_PICTURE_WEIGHT, "drawn")


def _find_drawn_outline(fill: Floats) -> Floats:
    """The band along the outline of filled polygons, but for what is thinner than the band: that counts in full."""
    inside = fill > 0.5
    return outline_band(inside, DRAWN_OUTLINE_PIXELS) * ~find_thin_parts(inside, DRAWN_OUTLINE_PIXELS)


def draw_polygons(polygons: Polygons, side: int) -> Floats:
    """Antialiased fill, side x side, 0..1, of polygons in 0..1; what lies in an even number of them is outside."""
    fine = side * SUPERSAMPLING
    inside = np.zeros((fine, fine), bool)
    for polygon in polygons:
        layer = Image.new("1", (fine, fine))
        ImageDraw.Draw(layer).polygon([(x * fine, y * fine) for x, y in polygon], fill=1)
        inside ^= np.asarray(layer)
    fill: Floats = inside.reshape(side, SUPERSAMPLING, side, SUPERSAMPLING).mean((1, 3)).astype(np.float32)
    return fill


def read_polygons(file: Path | None) -> dict[str, dict[str, Any]]:
    """Labels by hand, by name; none without a file. InputUnreadable."""
    if file is None:
        return {}
    try:
        entries: dict[str, dict[str, Any]] = json.loads(file.read_text())
        for entry in entries.values():
            for polygon in [*entry.get("polygons", []), *entry.get("keep", []), *entry.get("cut", [])]:
                if np.shape(polygon)[1:] != (2,) or len(polygon) < 3:
                    raise ValueError("a polygon has three points or more, of two numbers")
            if entry.get("teacher", "both") not in ("first", "second", "both"):
                raise ValueError("teacher is first, second or both")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputUnreadable(f"{file}: holds no polygons ({error})", "see mixed_labels for their format") from error
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--polygons", type=Path, help="labels drawn by hand")
    args = parser.parse_args()
    try:
        names = list_sample_names(args.data, "unlabelled", "train")
        first, second = read_soft_labels(args.first), read_soft_labels(args.second)
        write_soft_labels(mix_labels(names, first, second, read_polygons(args.polygons)), args.out)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
