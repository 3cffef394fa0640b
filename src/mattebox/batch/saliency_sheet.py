"""Why it was cut so: the photograph, where its parts decide, and where the network is unsure, side by side.

Knows outcomes and photographs; how it is found out is the matte room's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.batch.comparison_page import GAP_PIXELS, read_photograph
from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchJob
from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.io.writer import output_format, write
from mattebox.matting.occlusion_saliency import saliency
from mattebox.models.matte_session import Session
from mattebox.types import Floats, Matte, Picture

MAX_PANEL_SIDE_PIXELS = 1000  # longer side of each part at most
INFERNO_COLOURS = (
    (0, 0, 4),
    (87, 16, 110),
    (188, 55, 84),
    (249, 142, 9),
    (252, 255, 164),
)  # Inferno (Smith & van der Walt, CC0)
HEATMAP_OPACITY = 0.75  # of the heat; the rest is the photograph in grey


@dataclass
class SaliencyWriter:
    """Writes the picture `path` of the one photograph that is cut."""

    path: Path
    session: Session | None

    def check(self, jobs: list[BatchJob]) -> None:
        """UsageError, OutputError for what cannot be explained."""
        if self.session is None:
            raise UsageError(
                "--explain shows what a network here sees, and none is asked", "leave out --by or --server"
            )
        if len(jobs) != 1 or jobs[0].source is None:
            raise UsageError("--explain takes one photograph, from a file", "give one, or leave out --explain")
        output_format(self.path)

    def add(self, outcome: Outcome) -> None:
        """Look into it and write. InputError when the photograph has gone; OutputError."""
        result, job = outcome.result, outcome.job
        if result is None or not isinstance(result.matte, Matte) or self.session is None or job.source is None:
            return
        picture = read_photograph(job)
        maps = [saliency(picture, self.session)]
        if result.matte.uncertainty is not None:
            maps.append((2 * result.matte.uncertainty).clip(0, 1))  # a spread is 0.5 at most
        write(Picture(draw_panels(picture, maps)), self.path, overwrite=True)


def draw_panels(picture: Picture, maps: list[Floats]) -> NDArray[np.uint8]:
    """The picture and each map (h x w, 0..1) over it, side by side with GAP white pixels between: sRGB uint8."""
    scale = min(1.0, MAX_PANEL_SIDE_PIXELS / max(picture.shape))
    size = max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))
    rgb = colour.to_srgb(resampling.shrink(picture.rgb, size), picture.profile)
    grey = np.repeat(rgb.mean(axis=2, keepdims=True), 3, axis=2)
    shown = [rgb]
    for values in maps:
        heat = apply_inferno(resampling.enlarge(values, size).clip(0, 1))
        shown.append(np.rint(HEATMAP_OPACITY * heat + (1 - HEATMAP_OPACITY) * grey).astype(np.uint8))
    gap = np.full((size[0], GAP_PIXELS, 3), 255, np.uint8)
    return np.concatenate([part for each in shown for part in (each, gap)][:-1], axis=1)


def apply_inferno(values: Floats) -> NDArray[np.float32]:
    """H x W 0..1 -> H x W x 3 colours 0..255, from black over purple and orange to pale yellow."""
    stops = np.linspace(0, 1, len(INFERNO_COLOURS))
    return np.stack([np.interp(values, stops, channel) for channel in zip(*INFERNO_COLOURS, strict=True)], 2).astype(
        np.float32
    )
