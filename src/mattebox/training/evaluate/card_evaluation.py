"""Full evaluation of a network: all scores by slice, reliability of the confidence, false positives on backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mattebox.errors import InputMissing
from mattebox.matting.confidence import build_scored_matte
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.training.data.dataset import PictureNames, has_samples, stream_samples
from mattebox.training.evaluate.predictors import SubjectPredictor
from mattebox.training.evaluate.reliability import ReliabilityBin, bin_by_confidence, calibration_error
from mattebox.training.evaluate.scores import average_scores, clear_unknown_pixels, score_alpha_fully
from mattebox.training.evaluate.slices import assign_slices


@dataclass(frozen=True)
class EvaluationResult:
    """Results of one network.

    Attributes
    ----------
    name : str
        The network's name.
    pictures : list of dict
        Name, slices, confidence, found and scores of each picture.
    false_positives : int or None
        Backgrounds in which a subject was found; None if the data has no backgrounds.
    backgrounds : int
        Number of validation backgrounds.
    is_calibrated : bool
        Whether the network's card has a calibration.
    summaries : dict
        Mean scores by slice.
    instance_average_precision : float or None
        Mean average precision over several subjects, if the data has instance maps.
    check_scores : dict or None
        Means over the check set, by the names in `check_set.CHECK_SCORES`, if the data has one.
    check_diagram : list of ReliabilityBin
        Reliability of what is delivered of the check set; empty without one.
    """

    name: str
    pictures: list[dict[str, Any]]
    false_positives: int | None
    backgrounds: int
    is_calibrated: bool
    summaries: dict[str, dict[str, float]] = field(default_factory=dict)
    instance_average_precision: float | None = None
    check_scores: dict[str, float] | None = None
    check_diagram: list[ReliabilityBin] = field(default_factory=list)

    @property
    def reliability_diagram(self) -> list[ReliabilityBin]:
        """Bins of the reliability diagram."""
        return bin_by_confidence(*(np.array([p[k] for p in self.pictures]) for k in ("confidence", "iou")))

    def as_dict(self) -> dict[str, Any]:
        """The results for JSON, without the curves."""
        checked = {} if self.check_scores is None else {"check": self.check_scores}
        facts: dict[str, Any] = {"name": self.name} | checked | {"slices": self.summaries}
        if self.instance_average_precision is not None:
            facts["instances_map"] = self.instance_average_precision
        if self.is_calibrated:
            facts["calibration_error"] = calibration_error(self.reliability_diagram)
            facts["check_diagram"] = [asdict(b) for b in self.check_diagram]
            facts["diagram"] = [asdict(b) for b in self.reliability_diagram]
            facts["missed"] = sum(not p["found"] for p in self.pictures) / len(self.pictures)
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
    excluded: PictureNames = frozenset(),
) -> EvaluationResult:
    """Evaluate a network on the validation split.

    Parameters
    ----------
    name : str
        The network's name in reports.
    predict : SubjectPredictor
        The network.
    data : Path
        Shards, a folder or a CSV.
    calibration : Calibration or None
        The card's calibration; None for a foreign network, whose confidence is its expected IoU.
    instance_average_precision : float, optional
        Mean average precision over several subjects, measured before.
    excluded : set of str
        Names of backgrounds that do hold a subject: those are no false positives.

    Raises
    ------
    InputMissing
        If there is no validation picture.
    """
    pictures, effective_calibration = [], calibration or Calibration()
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        rgb, truth = np.asarray(picture), np.asarray(mask, np.float32) / np.float32(255)
        alpha, presence = predict(rgb)
        alpha, truth = clear_unknown_pixels(row.set, alpha, truth)
        matte = build_scored_matte(alpha, effective_calibration, presence)
        facts = {"name": row.key, "slices": assign_slices(row.set, rgb, truth), "confidence": matte.confidence}
        pictures.append(facts | {"found": matte.found} | score_alpha_fully(alpha, truth))
    if not pictures:
        raise InputMissing(f"{data}: no pictures for validation", "mark some with split = val, or give at least two")
    found = [
        build_scored_matte(alpha, effective_calibration, presence).found
        for alpha, presence in (
            predict(np.asarray(p)) for _, p, _ in stream_samples(data, "background", "val", excluded=excluded)
        )
    ]
    return EvaluationResult(
        name,
        pictures,
        sum(found) if has_samples(data, "background") else None,
        len(found),
        calibration is not None,
        summarise_by_slice(pictures),
        instance_average_precision,
    )


def summarise_by_slice(pictures: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean scores of all pictures, and of each slice."""
    names = sorted({s for p in pictures for s in p["slices"]}, key=lambda s: (s.startswith("set "), s))
    return {"all": average_scores(pictures)} | {
        s: average_scores(p for p in pictures if s in p["slices"]) for s in names
    }
