"""How well mattes of clips hold together in time, on drawn clips with known mattes (`video_clips`).

    python -m benchmarks.video                      all ways of coherence, all motions
    python -m benchmarks.video --motions still,fast --coherence motion,frame --edges none

For each: MAD (mean absolute difference, x 1000), dtSSD (root mean square of the error's change from frame to frame, x
1000; Erofeev et al., 2015), flicker (standard deviation over time on the still clip, x 1000), lag (the shift in frames
at which the mattes fit the truth best), runs of the network per frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common import argument_parser, load_photograph
from benchmarks.video_clips import FRAME_COUNT, MOTIONS, SUBJECTS, DrawnFrame, draw_clip
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from mattebox.video.cutter import CoarseCutter
from mattebox.video.frame_cutout import CutFrame, cut_frame

MAX_LAG_FRAMES = 3


@dataclass(frozen=True)
class Score:
    """The measures of one clip; see the module."""

    mad: float
    dtssd: float
    flicker: float
    lag: int
    runs: float


def cut_subjects(session: Session) -> dict[str, np.ndarray]:
    """The subjects, RGBA."""
    cutouts = {}
    for name in SUBJECTS[:2]:
        picture = Picture(load_photograph(name))
        cutout = estimate_foreground(picture, refine(picture, segment(picture, session)))
        assert cutout.alpha is not None
        cutouts[name] = np.dstack([cutout.rgb, cutout.alpha])
    return cutouts


def score_clip(frames: Sequence[DrawnFrame], session: Session, coherence: str, motion: str, edges: str) -> Score:
    """Cut the frames and compare them with the truth."""
    cutter = CoarseCutter(session, coherence=coherence, motion=motion)  # type: ignore[arg-type]
    step = Cut(edges=edges)  # type: ignore[arg-type]
    cuts = list[CutFrame]()
    for number, frame in enumerate(frames):
        cuts += [
            cut_frame(c, step, session.card.calibration) for c in cutter.push(Picture(frame.rgb), number, number / 25)
        ]
    cuts += [cut_frame(c, step, session.card.calibration) for c in cutter.flush()]
    found = np.stack([cut.matte.alpha.astype(np.float32) / 255 for cut in cuts])
    truth = np.stack([frame.alpha for frame in frames])
    change = np.diff(found, axis=0) - np.diff(truth, axis=0)
    runs = sum(cut.origin == "network" for cut in cuts) / len(cuts)
    return Score(
        float(np.abs(found - truth).mean()), float(np.sqrt((change**2).mean())), float(found.std(axis=0).mean()),
        find_lag(found, truth), runs,
    )  # fmt: skip


def find_lag(found: np.ndarray, truth: np.ndarray) -> int:
    """Frames by which the mattes come late (positive) or early, by the smallest difference."""
    inner = slice(MAX_LAG_FRAMES, len(truth) - MAX_LAG_FRAMES)
    lags = range(-MAX_LAG_FRAMES, MAX_LAG_FRAMES + 1)
    errors = [np.abs(np.roll(truth, lag, axis=0)[inner] - found[inner]).mean() for lag in lags]
    return 0 if np.ptp(errors) < 1e-6 else list(lags)[int(np.argmin(errors))]


def main() -> None:
    """Print a row for each clip and way, and the means."""
    parser = argument_parser(
        __doc__, motions=",".join(MOTIONS), coherence="frame,motion,keys", flow="auto", edges="colour",
        model="balanced", seeds=1,
    )  # fmt: skip
    options = parser.parse_args()
    session = Session.open(options.model)
    cutouts, ways = cut_subjects(session), options.coherence.split(",")
    scores: dict[str, list[Score]] = {way: [] for way in ways}
    print(f"{FRAME_COUNT} frames a clip, edges {options.edges}, flow {options.flow}")
    print(f"{'clip':12}{'way':8}{'MAD':>8}{'dtSSD':>8}{'flicker':>9}{'lag':>5}{'runs':>7}")
    for name in options.motions.split(","):
        for seed in range(options.seeds):
            frames = list(draw_clip(MOTIONS[name], seed, cutouts))
            for way in ways:
                score = score_clip(frames, session, way, options.flow, options.edges)
                scores[way].append(score)
                print_score(name, way, score, name == "still")
    for way in ways:
        means = [np.mean([getattr(score, field) for score in scores[way]]) for field in ("mad", "dtssd", "runs")]
        print(f"{'mean':12}{way:8}{1000 * means[0]:8.2f}{1000 * means[1]:8.2f}{'':14}{means[2]:7.2f}")


def print_score(name: str, way: str, score: Score, is_still: bool) -> None:
    """One row; flicker only where nothing moves."""
    flicker = f"{1000 * score.flicker:9.2f}" if is_still else " " * 9
    print(
        f"{name:12}{way:8}{1000 * score.mad:8.2f}{1000 * score.dtssd:8.2f}{flicker}{score.lag:5}{score.runs:7.2f}",
        flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
