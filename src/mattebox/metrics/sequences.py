"""Metrics of mattes over time: J and F of a sequence as DAVIS states them, and how far errors change between frames.

Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation (DAVIS, 2016): region
similarity J is the IoU of each frame, contour accuracy F the F-measure of its outline. dtSSD after Erofeev et al.,
Perceptually Motivated Benchmark for Video Matting (2015). Sequences are T x H x W floats, 0..1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mattebox.metrics.boundary import boundary_f
from mattebox.metrics.segmentation import iou
from mattebox.types import Floats

RECALL_THRESHOLD = 0.5  # of J and F: a frame above it counts as found
DECAY_PARTS = 4  # a sequence is parted into so many; decay is the first one's mean less the last one's


class SequenceScore(NamedTuple):
    """J or F over a sequence: the mean of the frames, the share of frames above one half, and the mean of the first
    quarter less that of the last (0 for a sequence of fewer than four frames)."""

    mean: float
    recall: float
    decay: float


def region_similarity(alphas: Iterable[Floats], truths: Iterable[Floats]) -> SequenceScore:
    """J of a sequence: the IoU of each frame. ValueError for an empty sequence or one of another length."""
    return summarise_frames([iou(alpha, truth) for alpha, truth in zip(alphas, truths, strict=True)])


def contour_accuracy(alphas: Iterable[Floats], truths: Iterable[Floats]) -> SequenceScore:
    """F of a sequence: the boundary F-measure of each frame. Errors as for `region_similarity`."""
    return summarise_frames([boundary_f(alpha, truth) for alpha, truth in zip(alphas, truths, strict=True)])


def summarise_frames(values: list[float]) -> SequenceScore:
    """Mean, recall and decay of the frames' values. ValueError where there are none."""
    if not values:
        raise ValueError("the sequence has no frames")
    scores = np.asarray(values, np.float64)
    parts = np.array_split(scores, DECAY_PARTS)
    decay = float(parts[0].mean() - parts[-1].mean()) if len(scores) >= DECAY_PARTS else 0.0
    return SequenceScore(float(scores.mean()), float((scores > RECALL_THRESHOLD).mean()), decay)


def dtssd(alphas: Floats, truths: Floats) -> float:
    """Root mean square of the error's change from frame to frame; 0 for a sequence of one frame.

    Parameters
    ----------
    alphas, truths : T x H x W float32
        0..1.
    """
    if len(alphas) < 2:
        return 0.0
    change = np.diff(alphas, axis=0) - np.diff(truths, axis=0)
    return float(np.sqrt((change**2).mean()))


def flicker(alphas: Floats) -> float:
    """Mean over the pixels of alpha's standard deviation over time, 0..1: what a still shot should have none of."""
    return float(alphas.std(axis=0).mean())
