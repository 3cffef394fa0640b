"""The check set: photographs from outside, on which the whole product is judged as a user meets it.

A card's answer is what `mattebox cut` delivers, edges refined; a photograph that it refuses counts as an empty mask.
For reporting only: nothing is trained, chosen or calibrated by these photographs (the validation split is for that).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mattebox.errors import NoSubject
from mattebox.metrics.region_errors import count_stray_pieces, thin_recall, wrongly_taken_share
from mattebox.models.matte_session import Session
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.training.data.dataset import has_samples, stream_samples
from mattebox.training.evaluate.predictors import AlphaPredictor
from mattebox.training.evaluate.reliability import ReliabilityBin, bin_by_confidence, calibration_error
from mattebox.training.evaluate.scores import average_scores, score_alpha
from mattebox.types import Floats, Picture

CHECK_SCORES = (
    "max_f",
    "mae",
    "iou",
    "thin_recall",
    "stray",
    "wrongly_taken",
    "refused",
    "doubtful",
    "ece",
    "pictures",
)


@dataclass(frozen=True)
class Delivery:
    """What a user gets of a photograph: alpha H x W, empty where it is refused. `confidence` is None where a network
    promises none."""

    alpha: Floats
    is_refused: bool = False
    is_doubtful: bool = False
    confidence: float | None = None


CutPhotograph = Callable[[Any], Delivery]
"""An H x W x 3 uint8 photograph -> what is delivered."""


def session_cutter(session: Session) -> CutPhotograph:
    """`mattebox cut` with its defaults and this session."""

    def cut(rgb: Any) -> Delivery:
        try:
            result = run_recipe(Picture(np.ascontiguousarray(rgb)), Recipe((Cut(),)), session=session)
        except NoSubject:
            return Delivery(np.zeros(rgb.shape[:2], np.float32), is_refused=True, confidence=0.0)
        assert result.matte is not None
        alpha = result.matte.alpha.astype(np.float32) / np.float32(result.matte.bit_depth.peak)
        return Delivery(alpha, False, not result.matte.found, result.matte.confidence)

    return cut


def predictor_cutter(predict: AlphaPredictor) -> CutPhotograph:
    """A foreign network, whose mask is delivered as it is."""
    return lambda rgb: Delivery(predict(rgb))


class CheckResult(NamedTuple):
    """Means over the check set, by the names in CHECK_SCORES, and the reliability diagram of the confidence."""

    scores: dict[str, float]
    diagram: list[ReliabilityBin]


def evaluate_check_set(cut: CutPhotograph, data: Path) -> CheckResult | None:
    """Cut the check set and score what is delivered; None where the material has no check set.

    `thin_recall` is the mean over the photographs whose subject has thin parts, `stray` the share of photographs with a
    stray piece, `ece` the calibration error of the confidence.
    """
    if not has_samples(data, "check"):
        return None
    rows = [score_delivery(cut(np.asarray(p)), _as_alpha(m)) for _, p, m in stream_samples(data, "check", "check")]
    return CheckResult(summarise_deliveries(rows), build_diagram(rows))


def score_delivery(delivery: Delivery, truth: Floats) -> dict[str, Any]:
    """The scores of one photograph."""
    alpha = delivery.alpha
    return score_alpha(alpha, truth) | {
        "thin_recall": thin_recall(alpha, truth),
        "stray": float(count_stray_pieces(alpha, truth) > 0),
        "wrongly_taken": wrongly_taken_share(alpha, truth),
        "refused": float(delivery.is_refused),
        "doubtful": float(delivery.is_doubtful),
        "confidence": delivery.confidence,
    }


def summarise_deliveries(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Means over photographs; `refused` and `doubtful` are counts."""
    summary = average_scores(rows)
    for name in ("thin_recall", "stray", "wrongly_taken"):
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            summary[name] = float(np.mean(values))
    for name in ("refused", "doubtful"):
        summary[name] = int(sum(row[name] for row in rows))
    diagram = build_diagram(rows)
    if diagram:
        summary["ece"] = calibration_error(diagram)
    return summary


def build_diagram(rows: list[dict[str, Any]]) -> list[ReliabilityBin]:
    """Reliability diagram of the photographs whose network promises a confidence."""
    promised = [row for row in rows if row["confidence"] is not None]
    if not promised:
        return []
    confidence, reached = (np.array([row[name] for row in promised]) for name in ("confidence", "iou"))
    return bin_by_confidence(confidence, reached)


def _as_alpha(mask: Any) -> Floats:
    alpha: Floats = np.asarray(mask, np.float32) / np.float32(255)
    return alpha
