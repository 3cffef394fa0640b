"""A card judged in full: every measure by slice, the reliability of its confidence, ghosts on empty rooms.

Knows nothing of how the result is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mattebox.errors import InputMissing
from mattebox.matting.confidence import build_scored_matte as answer
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.training.data.dataset import has_samples, stream_samples
from mattebox.training.evaluate.predictors import SubjectPredictor
from mattebox.training.evaluate.reliability import ReliabilityBin, bin_by_confidence, calibration_error
from mattebox.training.evaluate.scores import average_scores, clear_unknown_pixels, score_alpha_fully
from mattebox.training.evaluate.slices import assign_slices


@dataclass(frozen=True)
class EvaluationResult:
    """One network's results. `pictures`: name, slices, confidence, found and measures of each; `instance_average_precision`: mean average
    precision over several subjects, where there are maps of them."""

    name: str
    pictures: list[dict[str, Any]]
    false_positives: int | None
    backgrounds: int
    is_calibrated: bool
    summaries: dict[str, dict[str, float]] = field(default_factory=dict)
    instance_average_precision: float | None = None
    check_scores: dict[str, float] | None = None

    @property
    def reliability_diagram(self) -> list[ReliabilityBin]:
        return bin_by_confidence(*(np.array([p[k] for p in self.pictures]) for k in ("confidence", "iou")))

    def as_dict(self) -> dict[str, Any]:
        """For machines; without the curves."""
        missed = sum(not p["found"] for p in self.pictures)
        facts: dict[str, Any] = {"name": self.name}
        if self.check_scores is not None:
            facts["check"] = self.check_scores
        facts["slices"] = self.summaries
        if self.instance_average_precision is not None:
            facts["instances_map"] = self.instance_average_precision
        if self.is_calibrated:
            facts["calibration_error"] = calibration_error(self.reliability_diagram)
            facts["diagram"] = [asdict(b) for b in self.reliability_diagram]
            facts["missed"] = missed / len(self.pictures)
            facts["ghosts"] = None if self.false_positives is None else self.false_positives / self.backgrounds
            facts["backgrounds"] = self.backgrounds
        facts["pictures"] = [{k: v for k, v in p.items() if k != "f"} for p in self.pictures]
        return facts


def evaluate_network(
    name: str,
    predict: SubjectPredictor,
    data: Path,
    calibration: Calibration | None,
    instance_average_precision: float | None = None,
) -> EvaluationResult:
    """Judge on the validation split; without a calibration (a foreign network) confidence is left as promised. How well
    it tells subjects `instance_average_precision` is known beforehand, or not."""
    known, pictures = calibration or Calibration(), []
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        rgb, truth = np.asarray(picture), np.asarray(mask, np.float32) / np.float32(255)
        alpha, presence = predict(rgb)
        alpha, truth = clear_unknown_pixels(row.set, alpha, truth)
        matte = answer(alpha, known, presence)
        facts = {"name": row.key, "slices": assign_slices(row.set, rgb, truth), "confidence": matte.confidence}
        pictures.append(facts | {"found": matte.found} | score_alpha_fully(alpha, truth))
    if not pictures:
        raise InputMissing(f"{data}: no picture for validation", "mark some with split = val, or give at least two")
    empty = [_is_subject_found(*predict(np.asarray(p)), known) for _, p, _ in stream_samples(data, "background", "val")]
    ghosts = sum(empty) if has_samples(data, "background") else None
    return EvaluationResult(
        name,
        pictures,
        ghosts,
        len(empty),
        calibration is not None,
        summarise_by_slice(pictures),
        instance_average_precision,
    )


def _is_subject_found(alpha: Any, presence: float, calibration: Calibration) -> bool:
    return answer(alpha, calibration, presence).found


def summarise_by_slice(pictures: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means over all and over each slice."""
    names = sorted({s for p in pictures for s in p["slices"]}, key=lambda s: (s.startswith("set "), s))
    return {"all": average_scores(pictures)} | {
        s: average_scores(p for p in pictures if s in p["slices"]) for s in names
    }
