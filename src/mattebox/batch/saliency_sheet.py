"""Explains a cut: the photograph, an occlusion saliency map and the uncertainty map, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.batch.comparison_page import GAP_PIXELS
from mattebox.batch.job import Outcome
from mattebox.batch.photographs import read_photograph
from mattebox.batch.plan import BatchJob
from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.io.writer import output_format, write
from mattebox.matting.occlusion_saliency import saliency
from mattebox.models.matte_session import Session
from mattebox.pipeline.html_preview import limited_shape
from mattebox.types import Floats, Matte, Picture

MAX_PANEL_SIDE_PIXELS = 1000  # longer side of each panel
# Inferno (Smith & van der Walt, CC0)
INFERNO_COLOURS = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
HEATMAP_OPACITY = 0.75  # over the photograph in grey


@dataclass
class SaliencyWriter:
    """Writes the panels of the one photograph that is cut to `path`."""

    path: Path
    session: Session | None

    def check(self, jobs: list[BatchJob]) -> None:
        """Refuse jobs that cannot be explained. UsageError, OutputError."""
        if self.session is None:
            raise UsageError("--explain needs a network on this machine", "leave out --by or --server")
        if len(jobs) != 1 or jobs[0].source is None:
            raise UsageError("--explain takes one photograph, from a file", "give one, or leave out --explain")
        output_format(self.path)

    def add(self, outcome: Outcome) -> None:
        """Compute the maps and write the panels. InputError when the photograph is gone; OutputError."""
        result, job = outcome.result, outcome.job
        if result is None or not isinstance(result.matte, Matte) or self.session is None or job.source is None:
            return
        picture = read_photograph(job)
        maps = [saliency(picture, self.session)]
        if result.matte.uncertainty is not None:
            maps.append((2 * result.matte.uncertainty).clip(0, 1))  # a standard deviation of values 0..1 is 0.5 at most
        write(Picture(draw_panels(picture, maps)), self.path, overwrite=True)


def draw_panels(picture: Picture, maps: list[Floats]) -> NDArray[np.uint8]:
    """Draw the picture, and each map as a heat map over it, side by side.

    Parameters
    ----------
    picture : Picture
    maps : list of (h, w) float32
        0 to 1.

    Returns
    -------
    (H, W, 3) uint8
        sRGB, with white gaps of GAP_PIXELS.
    """
    size = limited_shape(picture.shape, MAX_PANEL_SIDE_PIXELS)
    rgb = colour.to_srgb(resampling.shrink(picture.rgb, size), picture.profile)
    grey = np.repeat(rgb.mean(axis=2, keepdims=True), 3, axis=2)
    panels = [rgb]
    for values in maps:
        heat_map = apply_inferno(resampling.enlarge(values, size).clip(0, 1))
        panels.append(np.rint(HEATMAP_OPACITY * heat_map + (1 - HEATMAP_OPACITY) * grey).astype(np.uint8))
    gap = np.full((size[0], GAP_PIXELS, 3), 255, np.uint8)
    return np.concatenate([part for panel in panels for part in (panel, gap)][:-1], axis=1)


def apply_inferno(values: Floats) -> NDArray[np.float32]:
    """H x W values 0..1 as H x W x 3 colours 0..255 of the colour map Inferno, from black to pale yellow."""
    stops = np.linspace(0, 1, len(INFERNO_COLOURS))
    return np.stack([np.interp(values, stops, channel) for channel in zip(*INFERNO_COLOURS, strict=True)], 2).astype(
        np.float32
    )
