"""How well mattes of clips hold together in time, on drawn clips with known mattes (`video_clips`).

    python -m benchmarks.video                      all ways of coherence, all motions
    python -m benchmarks.video --motions still,fast --coherence motion,frame --edges none
    python -m benchmarks.video --frames 72          longer clips, on which more of the scene is learned
    python -m benchmarks.video --sequences FOLDER   real ones instead: FOLDER/NAME/frames and FOLDER/NAME/truth

For each: MAD (mean absolute difference, x 1000), dtSSD (root mean square of the error's change from frame to frame, x
1000; Erofeev et al., 2015), J and F (mean IoU and boundary F-measure, x 1000; DAVIS 2016), flicker (standard deviation
over time on the still clip, x 1000), lag (the shift in frames at which the mattes fit the truth best), runs of the
network per frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import argument_parser, load_photograph
from benchmarks.video_clips import FRAME_COUNT, MOTIONS, SUBJECTS, DrawnFrame, draw_clip
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.segmentation import segment
from mattebox.metrics.sequences import contour_accuracy, dtssd, flicker, region_similarity
from mattebox.models.matte_session import Session
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from mattebox.video.cutter import CoarseCutter
from mattebox.video.frame_cutout import RefinedFrame, find_edges
from mattebox.video.steady_mattes import SteadyMattes

MAX_LAG_FRAMES = 3
SEQUENCE_FRAMES, SEQUENCE_SIZE = 16, (640, 360)  # of real ones: the first frames, at most so large


@dataclass(frozen=True)
class Score:
    """The measures of one clip; see the module."""

    mad: float
    dtssd: float
    j: float
    f: float
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
    step, steady, refined = Cut(edges=edges), SteadyMattes(), list[RefinedFrame]()  # type: ignore[arg-type]
    coarse = [c for n, frame in enumerate(frames) for c in cutter.push(Picture(frame.rgb), n, n / 25)] + cutter.flush()
    for matte in coarse:
        edged = find_edges(matte, step, session.card.calibration)
        refined += [edged] if coherence == "frame" else steady.push(edged)
    refined += steady.flush()
    found = np.stack([frame.matte.alpha.astype(np.float32) / 255 for frame in refined])
    truth = np.stack([frame.alpha for frame in frames])
    runs = sum(matte.origin == "network" for matte in coarse) / len(coarse)
    return Score(
        float(np.abs(found - truth).mean()), dtssd(found, truth), region_similarity(found, truth).mean,
        contour_accuracy(found, truth).mean, flicker(found), find_lag(found, truth), runs,
    )  # fmt: skip


def find_lag(found: np.ndarray, truth: np.ndarray) -> int:
    """Frames by which the mattes come late (positive) or early, by the smallest difference."""
    inner = slice(MAX_LAG_FRAMES, len(truth) - MAX_LAG_FRAMES)
    lags = range(-MAX_LAG_FRAMES, MAX_LAG_FRAMES + 1)
    errors = [np.abs(np.roll(truth, lag, axis=0)[inner] - found[inner]).mean() for lag in lags]
    return 0 if np.ptp(errors) < 1e-6 else list(lags)[int(np.argmin(errors))]


def iter_drawn_clips(
    motions: Sequence[str], seeds: int, session: Session, frame_count: int = FRAME_COUNT
) -> Iterator[tuple[str, list[DrawnFrame]]]:
    """The drawn clips by the names of their motions."""
    cutouts = cut_subjects(session)
    for name in motions:
        for seed in range(seeds):
            yield name, list(draw_clip(MOTIONS[name], seed, cutouts, frame_count))


def iter_sequences(folder: Path) -> Iterator[tuple[str, list[DrawnFrame]]]:
    """Real sequences by their folders' names: pictures in `frames`, true mattes in `truth`, in the same order."""
    for place in sorted(path.parent for path in folder.glob("*/truth")):
        pairs = zip(sorted((place / "frames").iterdir()), sorted((place / "truth").iterdir()), strict=True)
        yield place.name, [read_pair(*pair) for pair, _ in zip(pairs, range(SEQUENCE_FRAMES), strict=False)]


def read_pair(picture_path: Path, truth_path: Path) -> DrawnFrame:
    """A frame and its true alpha, reduced to at most SEQUENCE_SIZE."""
    with Image.open(picture_path) as picture, Image.open(truth_path) as truth:
        scale = min(1.0, *(limit / side for limit, side in zip(SEQUENCE_SIZE, picture.size, strict=True)))
        size = round(picture.size[0] * scale), round(picture.size[1] * scale)
        alpha = np.asarray(truth.convert("L").resize(size, Image.Resampling.BOX), np.float32) / 255
        return DrawnFrame(np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)), alpha)


def main() -> None:
    """Print a row for each clip and way, and the means."""
    parser = argument_parser(
        __doc__, motions=",".join(MOTIONS), coherence="frame,motion,keys", flow="auto", edges="colour",
        model="balanced", seeds=1, frames=FRAME_COUNT, sequences="",
    )  # fmt: skip
    options = parser.parse_args()
    session, ways = Session.open(options.model), options.coherence.split(",")
    scores: dict[str, list[Score]] = {way: [] for way in ways}
    print(f"edges {options.edges}, flow {options.flow}")
    print(f"{'clip':22}{'way':8}{'MAD':>8}{'dtSSD':>8}{'J':>8}{'F':>8}{'flicker':>9}{'lag':>5}{'runs':>7}")
    motions = options.motions.split(",")
    clips = iter_sequences(Path(options.sequences)) if options.sequences else iter_drawn_clips(
        motions, options.seeds, session, options.frames)  # fmt: skip
    for name, frames in clips:
        for way in ways:
            score = score_clip(frames, session, way, options.flow, options.edges)
            scores[way].append(score)
            print_score(name, way, score, name == "still")
    for way in ways:
        fields = ("mad", "dtssd", "j", "f", "runs")
        means = [float(np.mean([getattr(score, field) for score in scores[way]])) for field in fields]
        columns = "".join(f"{1000 * mean:8.2f}" for mean in means[:4])
        print(f"{'mean':22}{way:8}{columns}{'':14}{means[4]:7.2f}")


def print_score(name: str, way: str, score: Score, is_still: bool) -> None:
    """One row; flicker only where nothing moves."""
    columns = "".join(f"{1000 * value:8.2f}" for value in (score.mad, score.dtssd, score.j, score.f))
    still = f"{1000 * score.flicker:9.2f}" if is_still else " " * 9
    print(f"{name:22}{way:8}{columns}{still}{score.lag:5}{score.runs:7.2f}", flush=True)


if __name__ == "__main__":
    main()
