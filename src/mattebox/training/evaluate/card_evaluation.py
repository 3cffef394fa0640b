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
from mattebox.training.data.dataset import has, stream
from mattebox.training.evaluate.predictors import See
from mattebox.training.evaluate.reliability import Bin, bins, calibration_error
from mattebox.training.evaluate.scores import full_score, summarise
from mattebox.training.evaluate.slices import slices


@dataclass(frozen=True)
class Verdict:
    """One network's results. `pictures`: name, slices, confidence, found and measures of each; `apart`: mean average
    precision over several subjects, where there are maps of them."""

    name: str
    pictures: list[dict[str, Any]]
    ghosts: int | None
    backgrounds: int
    calibrated: bool
    summaries: dict[str, dict[str, float]] = field(default_factory=dict)
    apart: float | None = None

    @property
    def diagram(self) -> list[Bin]:
        return bins(*(np.array([p[k] for p in self.pictures]) for k in ("confidence", "iou")))

    def facts(self) -> dict[str, Any]:
        """For machines; without the curves."""
        missed = sum(not p["found"] for p in self.pictures)
        facts: dict[str, Any] = {"name": self.name, "slices": self.summaries}
        if self.apart is not None:
            facts["instances_map"] = self.apart
        if self.calibrated:
            facts["calibration_error"] = calibration_error(self.diagram)
            facts["diagram"] = [asdict(b) for b in self.diagram]
            facts["missed"] = missed / len(self.pictures)
            facts["ghosts"] = None if self.ghosts is None else self.ghosts / self.backgrounds
            facts["backgrounds"] = self.backgrounds
        facts["pictures"] = [{k: v for k, v in p.items() if k != "f"} for p in self.pictures]
        return facts


def evaluate(name: str, see: See, data: Path, calibration: Calibration | None, apart: float | None = None) -> Verdict:
    """Judge on the validation split; without a calibration (a foreign network) confidence is left as promised. How well
    it tells subjects `apart` is known beforehand, or not."""
    known, pictures = calibration or Calibration(), []
    for row, picture, mask in stream(data, "labelled", "val"):
        rgb, truth = np.asarray(picture), np.asarray(mask, np.float32) / np.float32(255)
        alpha, presence = see(rgb)
        matte = answer(alpha, known, presence)
        facts = {"name": row.key, "slices": slices(row.set, rgb, truth), "confidence": matte.confidence}
        pictures.append(facts | {"found": matte.found} | full_score(alpha, truth))
    if not pictures:
        raise InputMissing(f"{data}: no picture for validation", "mark some with split = val, or give at least two")
    empty = [_found(*see(np.asarray(p)), known) for _, p, _ in stream(data, "background", "val")]
    ghosts = sum(empty) if has(data, "background") else None
    return Verdict(name, pictures, ghosts, len(empty), calibration is not None, by_slice(pictures), apart)


def _found(alpha: Any, presence: float, known: Calibration) -> bool:
    return answer(alpha, known, presence).found


def by_slice(pictures: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means over all and over each slice."""
    names = sorted({s for p in pictures for s in p["slices"]}, key=lambda s: (s.startswith("set "), s))
    return {"all": summarise(pictures)} | {s: summarise(p for p in pictures if s in p["slices"]) for s in names}
