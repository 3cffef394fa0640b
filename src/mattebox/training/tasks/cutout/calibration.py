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
from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.predictors import SubjectPredictor, session_subject_predictor

FOLDS = 4
NEWTON_STEPS = 50  # of Newton's method
MIN_VALIDATION_PICTURES = 24  # validation pictures
MIN_USEFUL_IOU = (
    0.5  # IoU from which a matte is worth having: to refuse a photograph of which it is not costs nobody anything
)


def calibrate_card(model: str, data: Path) -> dict[str, Any]:
    """The card's calibration, and printed: how reliable it is on folds it was not fitted on."""
    see = session_subject_predictor(Session.open(model))
    seen = [
        (expected_iou(alpha), iou(alpha, np.asarray(mask, np.float32) / np.float32(255)), presence)
        for (alpha, presence), mask in (
            (see(np.asarray(p)), m) for _, p, m in stream_samples(data, "labelled", "val") if m
        )
    ]
    if len(seen) < MIN_VALIDATION_PICTURES:
        print(
            f"{len(seen)} validation pictures are too few to calibrate on: the confidence is what the network promises"
        )
        return {}
    promised, reached, presence = np.array(seen).T
    print("reliability, folds:", cross_validate_confidence(promised, reached, presence))
    bias, slope = fit_confidence(promised, reached, presence)
    sure = presence * sigmoid(bias + slope * logit(promised))
    ghosts = [p * sigmoid(bias + slope * logit(expected)) for expected, p in predict_empty_backgrounds(see, data)]
    threshold = choose_found_threshold(sure[reached >= MIN_USEFUL_IOU], np.array(ghosts))
    return {
        "bias": round(bias, 4),
        "slope": round(slope, 4),
        "found_confidence": round(threshold, 3),
        "found_share": 0.001,
    }


def fit_confidence(
    predicted_iou: NDArray[Any], actual_iou: NDArray[Any], presence: NDArray[Any] | float = 1.0
) -> tuple[float, float]:
    """Bias and slope by Newton's method on the cross entropy with soft targets, of what presence leaves to say."""
    actual_iou = np.clip(actual_iou / np.maximum(presence, 0.1), 0, 1)
    x = np.stack([np.ones_like(predicted_iou), logit(predicted_iou)], 1)
    bias, slope = fit_logistic_regression(x, actual_iou, np.ones(len(x)), np.array([1e-3, 1e-3]), np.array([0.0, 1.0]))
    return float(bias), float(slope)


def fit_logistic_regression(
    x: NDArray[Any],
    targets: NDArray[Any],
    sample_weights: NDArray[Any],
    l2_penalty: NDArray[Any],
    initial_weights: NDArray[Any],
) -> NDArray[Any]:
    """Weights C of the logistic regression of N x C on truth 0..1, each row `sample_weights` so much, by Newton's method;
    `l2_penalty` draws each weight to where it starts."""
    w = initial_weights
    for _ in range(NEWTON_STEPS):
        p = sigmoid(x @ w)
        hessian = (x * (sample_weights * p * (1 - p))[:, None]).T @ x + np.diag(l2_penalty)
        w = w - np.linalg.solve(hessian, x.T @ (sample_weights * (p - targets)) + l2_penalty * (w - initial_weights))
    return w


def cross_validate_confidence(
    predicted_iou: NDArray[Any], actual_iou: NDArray[Any], presence: NDArray[Any] | None = None
) -> dict[str, float]:
    """Held-out mean absolute gap between confidence and IoU, in bins of equal size, and their correlation."""
    fold, presence = (
        np.arange(len(predicted_iou)) % FOLDS,
        np.ones(len(predicted_iou)) if presence is None else presence,
    )
    given = np.empty(len(predicted_iou))
    for k in range(FOLDS):
        bias, slope = fit_confidence(predicted_iou[fold != k], actual_iou[fold != k], presence[fold != k])
        given[fold == k] = presence[fold == k] * sigmoid(bias + slope * logit(predicted_iou[fold == k]))
    bins = np.array_split(np.argsort(given), 8)
    gap = np.mean([abs(given[b].mean() - actual_iou[b].mean()) for b in bins])
    return {
        "calibration error": round(float(gap), 4),
        "correlation": round(float(np.corrcoef(given, actual_iou)[0, 1]), 3),
    }


def predict_empty_backgrounds(predict: SubjectPredictor, data: Path) -> list[tuple[float, float]]:
    """Expected IoU and presence that the network promises on the empty rooms and clutter it was not trained on."""
    seen = (predict(np.asarray(p)) for _, p, _ in stream_samples(data, "background", "val"))
    return [(expected_iou(alpha), presence) for alpha, presence in seen]


def choose_found_threshold(with_subject: NDArray[Any], without_subject: NDArray[Any]) -> float:
    """Where missed subjects, counted twenty times, and ghosts are fewest; no subject counts whose matte is useless."""
    if not len(without_subject):
        print("no backgrounds: `found` is decided by subjects alone")
        without_subject = np.zeros(1)
    tries = np.linspace(0.02, 0.9, 89)
    cost = [20 * np.mean(with_subject < t) + np.mean(without_subject >= t) for t in tries]
    best = float(tries[int(np.argmin(cost))])
    print(
        f"found at {best:.2f}: misses {np.mean(with_subject < best):.3f}, ghosts {np.mean(without_subject >= best):.3f}"
    )
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
    print(calibrate_card(args.card, args.data))


if __name__ == "__main__":
    main()
