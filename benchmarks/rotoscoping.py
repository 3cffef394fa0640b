"""How well few key frames give all mattes of a drawn clip (`video_clips`): the mean and least overlap with the truth.

    python -m benchmarks.rotoscoping                          five keys on five seconds, all motions
    python -m benchmarks.rotoscoping --motions swing --keys 3

The keys are true mattes, evenly spaced. IoU is of alpha at one half, on the grid on which mattes are carried and after
edges were found at full size; "network" is the same network frame by frame, without keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmarks.common import argument_parser
from benchmarks.video import cut_subjects
from benchmarks.video_clips import MOTIONS, DrawnFrame, draw_clip
from mattebox.io import resampling
from mattebox.matting.colour_refinement import refine
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.types import BitDepth, Floats, Matte, Picture, subject_box
from mattebox.video.motion import choose_motion_estimator
from mattebox.video.roto_carrying import blend_interval
from mattebox.video.roto_intervals import grid_shape


def overlap(alpha: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union at one half."""
    a, b = alpha > 0.5, truth > 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


def carry_keys(frames: Sequence[DrawnFrame], places: Sequence[int], session: Session) -> list[Floats]:
    """Mattes on the grid of all frames, from the true mattes of some."""
    shape = grid_shape((frames[0].rgb.shape[0], frames[0].rgb.shape[1]))
    guides = [resampling.shrink(frame.rgb, shape).astype(np.float32) / 255 for frame in frames]
    truths = {place: as_floats(resampling.shrink(np.rint(frames[place].alpha * 255).astype(np.uint8), shape))
              for place in places}  # fmt: skip
    bounds = sorted({0, len(frames) - 1, *places})
    mattes: list[Floats] = []
    for first, last in pairwise(bounds):
        part = guides[first : last + 1]

        def find(place: int, start: int = first) -> Floats:
            matte = segment(Picture(np.rint(guides[start + place] * 255).astype(np.uint8)), session)
            return resampling.enlarge(as_floats(matte.alpha), shape).clip(0, 1)

        blended = blend_interval(part, truths.get(first), truths.get(last), choose_motion_estimator(), find)
        mattes += blended if last == bounds[-1] else blended[:-1]
    return mattes


def main() -> None:
    """Print a row for each motion."""
    parser = argument_parser(__doc__, motions=",".join(MOTIONS), keys=5, frames=125, model="balanced", every=4)
    options = parser.parse_args()
    session = Session.open(options.model)
    cutouts = cut_subjects(session)
    print(f"{options.keys} keys on {options.frames} frames; every {options.every}th is scored")
    print(f"{'clip':12}{'grid mean':>10}{'least':>7}{'refined':>9}{'least':>7}{'network':>9}")
    for name in options.motions.split(","):
        frames = list(draw_clip(MOTIONS[name], 0, cutouts, options.frames))
        places = np.linspace(0, len(frames) - 1, options.keys).round().astype(int).tolist()
        mattes = carry_keys(frames, places, session)
        coarse, fine, plain = [], [], []
        for number in range(0, len(frames), options.every):
            picture, truth = Picture(frames[number].rgb), frames[number].alpha
            pixels = as_pixels(mattes[number], BitDepth.SIXTEEN)
            grown = resampling.enlarge(mattes[number], picture.shape)
            coarse.append(overlap(grown, truth))
            matte = Matte(pixels, 1.0, True, subject_box(pixels))
            fine.append(overlap(as_floats(refine(picture, matte).alpha), truth))
            plain.append(overlap(as_floats(refine(picture, segment(picture, session)).alpha), truth))
        print(f"{name:12}{np.mean(coarse):10.4f}{min(coarse):7.3f}{np.mean(fine):9.4f}{min(fine):7.3f}"
              f"{np.mean(plain):9.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
