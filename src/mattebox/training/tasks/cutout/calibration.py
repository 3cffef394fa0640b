"""Confidence that means something: fitted on the validation split, checked by folds.

Fits confidence = presence x sigmoid(bias + slope x logit(expected IoU)) to the IoU really reached, by logistic
regression with soft targets (Platt 1999); presence is what the network says of there being a subject, if it does.
Places the threshold of `found` between photographs with a subject and empty rooms.
    python -m mattebox.training.tasks.cutout.calibration DATA --card balanced    prints the fit and its reliability
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.matting.confidence import expected_iou
from mattebox.metrics.segmentation import iou
from mattebox.models.matte_session import Session
from mattebox.training.data.dataset import stream
from mattebox.training.evaluate.predictors import See, seer

FOLDS = 4
STEPS = 50  # of Newton's method
FEWEST = 24  # validation pictures
USEFUL = 0.5  # IoU from which a matte is worth having: to refuse a photograph of which it is not costs nobody anything


def calibrate(model: str, data: Path) -> dict[str, Any]:
    """The card's calibration, and printed: how reliable it is on folds it was not fitted on."""
    see = seer(Session.open(model))
    seen = [
        (expected_iou(alpha), iou(alpha, np.asarray(mask, np.float32) / np.float32(255)), presence)
        for (alpha, presence), mask in ((see(np.asarray(p)), m) for _, p, m in stream(data, "labelled", "val") if m)
    ]
    if len(seen) < FEWEST:
        print(
            f"{len(seen)} validation pictures are too few to calibrate on: the confidence is what the network promises"
        )
        return {}
    promised, reached, presence = np.array(seen).T
    print("reliability, folds:", reliability(promised, reached, presence))
    bias, slope = fit(promised, reached, presence)
    sure = presence * sigmoid(bias + slope * logit(promised))
    ghosts = [p * sigmoid(bias + slope * logit(expected)) for expected, p in empties(see, data)]
    threshold = best_threshold(sure[reached >= USEFUL], np.array(ghosts))
    return {
        "bias": round(bias, 4),
        "slope": round(slope, 4),
        "found_confidence": round(threshold, 3),
        "found_share": 0.001,
    }


def fit(promised: NDArray[Any], reached: NDArray[Any], presence: NDArray[Any] | float = 1.0) -> tuple[float, float]:
    """Bias and slope by Newton's method on the cross entropy with soft targets, of what presence leaves to say."""
    reached = np.clip(reached / np.maximum(presence, 0.1), 0, 1)
    x = np.stack([np.ones_like(promised), logit(promised)], 1)
    bias, slope = logistic(x, reached, np.ones(len(x)), np.array([1e-3, 1e-3]), np.array([0.0, 1.0]))
    return float(bias), float(slope)


def logistic(
    x: NDArray[Any], truth: NDArray[Any], worth: NDArray[Any], decay: NDArray[Any], start: NDArray[Any]
) -> NDArray[Any]:
    """Weights C of the logistic regression of N x C on truth 0..1, each row `worth` so much, by Newton's method;
    `decay` draws each weight to where it starts."""
    w = start
    for _ in range(STEPS):
        p = sigmoid(x @ w)
        hessian = (x * (worth * p * (1 - p))[:, None]).T @ x + np.diag(decay)
        w = w - np.linalg.solve(hessian, x.T @ (worth * (p - truth)) + decay * (w - start))
    return w


def reliability(
    promised: NDArray[Any], reached: NDArray[Any], presence: NDArray[Any] | None = None
) -> dict[str, float]:
    """Held-out mean absolute gap between confidence and IoU, in bins of equal size, and their correlation."""
    fold, presence = np.arange(len(promised)) % FOLDS, np.ones(len(promised)) if presence is None else presence
    given = np.empty(len(promised))
    for k in range(FOLDS):
        bias, slope = fit(promised[fold != k], reached[fold != k], presence[fold != k])
        given[fold == k] = presence[fold == k] * sigmoid(bias + slope * logit(promised[fold == k]))
    bins = np.array_split(np.argsort(given), 8)
    gap = np.mean([abs(given[b].mean() - reached[b].mean()) for b in bins])
    return {
        "calibration error": round(float(gap), 4),
        "correlation": round(float(np.corrcoef(given, reached)[0, 1]), 3),
    }


def empties(see: See, data: Path) -> list[tuple[float, float]]:
    """Expected IoU and presence that the network promises on the empty rooms and clutter it was not trained on."""
    seen = (see(np.asarray(p)) for _, p, _ in stream(data, "background", "val"))
    return [(expected_iou(alpha), presence) for alpha, presence in seen]


def best_threshold(with_subject: NDArray[Any], without: NDArray[Any]) -> float:
    """Where missed subjects, counted twenty times, and ghosts are fewest; no subject counts whose matte is useless."""
    if not len(without):
        print("no backgrounds: `found` is decided by subjects alone")
        without = np.zeros(1)
    tries = np.linspace(0.02, 0.9, 89)
    cost = [20 * np.mean(with_subject < t) + np.mean(without >= t) for t in tries]
    best = float(tries[int(np.argmin(cost))])
    print(f"found at {best:.2f}: misses {np.mean(with_subject < best):.3f}, ghosts {np.mean(without >= best):.3f}")
    return best


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def logit(p: Any) -> Any:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", default="balanced")
    args = parser.parse_args()
    print(calibrate(args.card, args.data))


if __name__ == "__main__":
    main()
