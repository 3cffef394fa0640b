"""Calibration of the confidence on the validation split, checked by cross-validation.

Fits confidence = presence x sigmoid(bias + slope x logit(expected IoU)) to the IoU reached, by logistic regression with
soft targets (Platt 1999); presence is the network's probability that there is a subject, if it has one. The threshold
of `found` is placed between photographs with a subject and empty backgrounds.

    python -m mattebox.training.tasks.cutout.calibration DATA --card balanced [--leave-out FILE]

prints the fit and its reliability. FILE names backgrounds that do hold a subject, such as
`runs/backgrounds-with-subjects.txt`.
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
from mattebox.training.core.logistic_regression import fit_logistic_regression, logit, sigmoid
from mattebox.training.data.dataset import PictureNames, read_excluded_names, stream_samples
from mattebox.training.evaluate.predictors import SubjectPredictor, session_subject_predictor

FOLDS = 4
MISS_COST = 20  # of a missed subject, against a false alarm
MAX_FALSE_ALARM_SHARE = 0.05  # of the empty backgrounds; more are accepted only where no threshold has fewer
MIN_VALIDATION_PICTURES = 24
MIN_USEFUL_IOU = 0.5  # of a matte worth having: only those count as missed subjects


def calibrate_card(model: str, data: Path, excluded: PictureNames = frozenset()) -> dict[str, Any]:
    """Fit a card's calibration and print how reliable it is on held-out folds.

    Parameters
    ----------
    model : str
        Name or path of the card.
    data : Path
        Shards, a folder or a CSV with validation pictures.
    excluded : set of str
        Names of backgrounds that do hold a subject.

    Returns
    -------
    dict
        Fields of the card's calibration; empty with too few pictures.
    """
    predict = session_subject_predictor(Session.open(model))
    results = [
        (expected_iou(alpha), iou(alpha, np.asarray(mask, np.float32) / np.float32(255)), presence)
        for (alpha, presence), mask in (
            (predict(np.asarray(p)), m) for _, p, m in stream_samples(data, "labelled", "val") if m
        )
    ]
    if len(results) < MIN_VALIDATION_PICTURES:
        print(f"{len(results)} validation pictures are too few to calibrate on: the confidence is the expected IoU")
        return {}
    expected, reached, presence = np.array(results).T
    print("reliability, folds:", cross_validate_confidence(expected, reached, presence))
    bias, slope = fit_confidence(expected, reached, presence)
    confidence = presence * sigmoid(bias + slope * logit(expected))
    backgrounds = predict_empty_backgrounds(predict, data, excluded)
    empty = [p * sigmoid(bias + slope * logit(predicted)) for predicted, p in backgrounds]
    threshold = choose_found_threshold(confidence[reached >= MIN_USEFUL_IOU], np.array(empty))
    return {
        "bias": round(bias, 4),
        "slope": round(slope, 4),
        "found_confidence": round(threshold, 3),
        "found_share": 0.001,
    }


def fit_confidence(
    predicted_iou: NDArray[Any], actual_iou: NDArray[Any], presence: NDArray[Any] | float = 1.0
) -> tuple[float, float]:
    """Bias and slope of the confidence, after the IoU reached has been divided by presence."""
    actual_iou = np.clip(actual_iou / np.maximum(presence, 0.1), 0, 1)
    x = np.stack([np.ones_like(predicted_iou), logit(predicted_iou)], 1)
    bias, slope = fit_logistic_regression(x, actual_iou, np.ones(len(x)), np.array([1e-3, 1e-3]), np.array([0.0, 1.0]))
    return float(bias), float(slope)


def cross_validate_confidence(
    predicted_iou: NDArray[Any], actual_iou: NDArray[Any], presence: NDArray[Any] | None = None
) -> dict[str, float]:
    """Calibration error (mean absolute gap to the IoU in bins of equal size) and correlation on held-out folds."""
    fold, presence = (
        np.arange(len(predicted_iou)) % FOLDS,
        np.ones(len(predicted_iou)) if presence is None else presence,
    )
    confidence = np.empty(len(predicted_iou))
    for k in range(FOLDS):
        bias, slope = fit_confidence(predicted_iou[fold != k], actual_iou[fold != k], presence[fold != k])
        confidence[fold == k] = presence[fold == k] * sigmoid(bias + slope * logit(predicted_iou[fold == k]))
    bins = np.array_split(np.argsort(confidence), 8)
    gap = np.mean([abs(confidence[b].mean() - actual_iou[b].mean()) for b in bins])
    return {
        "calibration error": round(float(gap), 4),
        "correlation": round(float(np.corrcoef(confidence, actual_iou)[0, 1]), 3),
    }


def predict_empty_backgrounds(
    predict: SubjectPredictor, data: Path, excluded: PictureNames = frozenset()
) -> list[tuple[float, float]]:
    """Expected IoU and presence on the validation backgrounds, but for those that do hold a subject."""
    results = (predict(np.asarray(p)) for _, p, _ in stream_samples(data, "background", "val", excluded=excluded))
    return [(expected_iou(alpha), presence) for alpha, presence in results]


def choose_found_threshold(with_subject: NDArray[Any], without_subject: NDArray[Any]) -> float:
    """Threshold of the confidence with the fewest misses, counted twenty times, and false alarms; with at most
    MAX_FALSE_ALARM_SHARE of false alarms if any threshold has so few."""
    if not len(without_subject):
        print("no backgrounds: `found` is decided by subjects alone")
        without_subject = np.zeros(1)
    thresholds = np.linspace(0.02, 0.9, 89)
    false_alarm_shares = np.array([np.mean(without_subject >= t) for t in thresholds])
    cost = np.array([MISS_COST * np.mean(with_subject < t) for t in thresholds]) + false_alarm_shares
    if false_alarm_shares.min() <= MAX_FALSE_ALARM_SHARE:
        cost[false_alarm_shares > MAX_FALSE_ALARM_SHARE] = np.inf
    best = float(thresholds[int(np.argmin(cost))])
    misses, false_alarms = np.mean(with_subject < best), np.mean(without_subject >= best)
    print(f"found at {best:.2f}: misses {misses:.3f}, false alarms {false_alarms:.3f}")
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", default="balanced")
    parser.add_argument("--leave-out", type=Path, metavar="FILE", help="names of backgrounds that do hold a subject")
    args = parser.parse_args()
    print(calibrate_card(args.card, args.data, read_excluded_names(args.leave_out)))


if __name__ == "__main__":
    main()
