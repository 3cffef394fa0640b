"""Test scenes for matting: photographs composited with a known alpha, and the coarse matte that refinement starts from.

Synthetic scenes combine scikit-image's photographs, mirrored and repeated at their own resolution. Real scenes are
validation pictures of things and people photographed on white, whose alpha and colours are known, put on photographed
backgrounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.common import load_photograph
from mattebox.io import resampling
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats, ImageShape, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic

COARSE_SAMPLES = 320 * 320  # samples of a network's output
MIN_FOUND_IOU = 0.9  # from which a network counts as having found the subject


class MattingScene(NamedTuple):
    picture: Picture
    coarse_matte: Matte
    truth: Floats  # alpha, 0..1
    foreground_rgb: np.ndarray


def make_synthetic_scene(kind: str, megapixels: float) -> MattingScene:
    """A disc with a hard edge, with strands (hair), or with a soft edge: chelsea over rocket, 4:3."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    shape: ImageShape = (height, round(height * 4 / 3))
    truth = {"hard": disc, "hair": hairy, "soft": lambda s: disc(s, softness=0.02 * min(s))}[kind](shape)
    front, back = (mosaic(load_photograph(name), shape) for name in ("chelsea", "rocket"))
    return MattingScene(composite(truth, front, back), network_sized_matte(truth), truth, front)


def network_sized_matte(truth: Floats) -> Matte:
    """The known alpha at the resolution of a network's output."""
    scale = (COARSE_SAMPLES / truth.size) ** 0.5
    return simulate_coarse_matte(truth, (max(1, round(truth.shape[0] * scale)), max(1, round(truth.shape[1] * scale))))


def simulate_coarse_matte(truth: Floats, shape: ImageShape) -> Matte:
    """The known alpha as a network might return it: shrunk, and blurred by a binomial filter of three samples."""
    small = resampling.shrink(np.round(truth * 255).astype(np.uint8), shape).astype(np.float32) / 255
    for axis in (0, 1):
        small = (np.roll(small, 1, axis) + 2 * small + np.roll(small, -1, axis)) / 4
    return Matte(np.round(small * 65535).astype(np.uint16), 1.0, True, (0, 0, *shape[::-1]))


def composite_on_backgrounds(data: Path, megapixels: float) -> Iterator[tuple[Picture, Floats, np.ndarray]]:
    """Validation pictures photographed on white, put on other backgrounds: composite, true alpha, true colours."""
    from mattebox.training.data.dataset import stream_samples, unmix_white_background

    backgrounds = (picture for _, picture, _ in stream_samples(data, "background", "val") if min(picture.size) >= 200)
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        if row.set != "magento_white" or mask is None:
            continue
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = round(picture.width * scale), round(picture.height * scale)
        colours = Image.fromarray(unmix_white_background(np.asarray(picture), np.asarray(mask)))
        front, back = (np.asarray(p.resize(size, Image.Resampling.BICUBIC)) for p in (colours, next(backgrounds)))
        truth = np.asarray(mask.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
        yield composite(truth, front, back), truth, front


def load_real_scenes(data: Path, megapixels: float, count: int) -> list[MattingScene]:
    """Such composites with our network's matte, for the first `count` whose subject it finds."""
    from mattebox.matting.segmentation import segment
    from mattebox.models.matte_session import open_session

    session = open_session("balanced", "cpu")
    scenes = (
        MattingScene(picture, segment(picture, session), truth, foreground_rgb)
        for picture, truth, foreground_rgb in composite_on_backgrounds(data, megapixels)
    )
    return list(islice(filter(_is_subject_found, scenes), count))


def _is_subject_found(scene: MattingScene) -> bool:
    coarse_alpha = scene.coarse_matte.alpha.astype(np.float32) / np.float32(65535)
    alpha = resampling.enlarge(coarse_alpha, scene.picture.shape, "bilinear")
    return iou(alpha, scene.truth) > MIN_FOUND_IOU
