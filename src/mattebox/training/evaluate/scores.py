"""Scores of a predicted alpha against the truth, and their means over pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mattebox.metrics.boundary import boundary_f
from mattebox.metrics.matting import connectivity_error, gradient_error, mse, sad
from mattebox.metrics.segmentation import f_curve, iou, mae, mean_f
from mattebox.metrics.structure import max_e, mean_e, s_measure, weighted_f
from mattebox.training.data.tar_shards import UNKNOWN_ALPHA_MARGIN, UNKNOWN_PIXEL_SETS
from mattebox.types import Floats

EXTRA_SCORES: dict[str, Callable[[Floats, Floats], float]] = {
    "mean_f": mean_f,
    "weighted_f": weighted_f,
    "s": s_measure,
    "max_e": max_e,
    "mean_e": mean_e,
    "boundary_f": boundary_f,
    "sad": sad,
    "mse": mse,
    "grad": gradient_error,
    "conn": connectivity_error,
}


def clear_unknown_pixels(set_name: str, alpha: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Alpha and truth with those pixels as background that the set's masks leave unknown."""
    if set_name not in UNKNOWN_PIXEL_SETS:
        return alpha, truth
    is_unknown = np.abs(truth - 0.5) < UNKNOWN_ALPHA_MARGIN
    return np.where(is_unknown, np.float32(0), alpha), np.where(is_unknown, np.float32(0), truth)


def score_alpha(alpha: Floats, truth: Floats) -> dict[str, Any]:
    """IoU, MAE and F curve of one picture; both alphas H x W, 0..1."""
    return {"iou": iou(alpha, truth), "mae": mae(alpha, truth), "f": f_curve(alpha, truth)}


def score_alpha_fully(alpha: Floats, truth: Floats) -> dict[str, Any]:
    """All scores of one picture."""
    return score_alpha(alpha, truth) | {name: score(alpha, truth) for name, score in EXTRA_SCORES.items()}


def average_scores(scores: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Mean scores over pictures; `max_f` is at the best threshold of each picture, `max_f_one` at the best for all."""
    rows = list(scores)
    mean = {k: float(np.mean([r[k] for r in rows])) for k in ("iou", "mae", *EXTRA_SCORES) if k in rows[0]}
    curves = np.stack([r["f"] for r in rows])
    best = {"max_f": float(curves.max(1).mean()), "max_f_one": float(curves.mean(0).max())}
    return {**best, **mean, "pictures": len(rows)}
