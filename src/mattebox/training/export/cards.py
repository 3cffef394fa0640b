"""Model cards of exported networks: provenance, calibration and measured figures.

The calibration is fitted on the validation split, confidence against the IoU reached; the figures are measured there,
too. Needs no torch.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from mattebox.errors import UsageError
from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.training.data.dataset import count_samples
from mattebox.training.evaluate.cutout import average_over_sets, scores_by_set
from mattebox.training.evaluate.predictors import card_predictor
from mattebox.training.evaluate.scores import average_scores
from mattebox.training.tasks.cutout.calibration import calibrate_card

CARD_SCORES = {"max_f": "validation max-F", "iou": "validation IoU", "mae": "validation MAE"}
WEAK_SET_IOU_MARGIN = 0.04  # a set is listed as a failure if its IoU is this far below the overall one
MAX_LISTED_FAILURES = 4
INCONCLUSIVE_PICTURES = 3  # sets of so few are not listed
INHERITED_FIELDS = ("task", "architecture", "summary", "licence", "input", "variants", "data", "recipe")


def inherited_facts(card: Card) -> dict[str, Any]:
    """Fields of a card that hold for networks derived from its own, too."""
    facts: dict[str, Any] = msgspec.to_builtins(card)
    return {k: facts[k] for k in INHERITED_FIELDS}


def require_weights(members: Sequence[Card], weights: Sequence[float]) -> None:
    """UsageError unless there are two cards or more, and a positive weight for each."""
    if len(members) < 2 or len(weights) != len(members) or min(weights) <= 0:
        raise UsageError(f"{len(members)} cards and {len(weights)} weights", "give two cards or more, and a share each")


def size_figures(card: Card) -> list[dict[str, Any]]:
    """A card's figures that hold for networks derived from its own, too: all but the scores."""
    return [msgspec.to_builtins(f) for f in card.figures if f.what not in CARD_SCORES.values()]


def known_origin(name: str) -> str:
    """`origin` of a network derived from the card `name`: the name, or "" if there is no such installed card."""
    return name if name in registry.all_cards() else ""


def user_network_facts(data: Path) -> dict[str, Any]:
    """Default fields of a user's own network, for the user to complete."""
    pairs = count_samples(data, "labelled", "train")
    return {
        "task": "cutout",
        "summary": f"trained on {data.resolve().name}",
        "licence": {"name": "unstated", "commercial": True, "notes": "the licence of these weights is yours to state"},
        "input": {"side": 320, "closer": 0.3},
        "variants": {"fast": {"side": 224}, "best": {"looks": 4}},
        "data": [f"{data.resolve().name}: {pairs} training pairs"],
    }


def bundled_network_facts(
    weights: Path, task: str, architecture: str, summary: str, notes: str, data: list[str], recipe: str, **more: Any
) -> dict[str, Any]:
    """Fields, without figures, of an embedded network whose weights are written already; `more` are further fields."""
    return {
        "name": weights.stem,
        "task": task,
        "architecture": architecture,
        "summary": summary,
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "licence": {"name": "Apache-2.0", "commercial": True, "notes": notes},
        **more,
        "data": data,
        "recipe": recipe,
        "figures": [],
    }


def parameter_figure(count: int, command: str) -> dict[str, Any]:
    """The figure of a network's number of parameters, and the command that measures it."""
    return {"what": "parameters", "value": count, "command": command}


def write_evaluated_card(weights: Path, facts: dict[str, Any], figures: list[dict[str, Any]], data: Path) -> Path:
    """Calibrate and score a network on the validation split, and write its card.

    Parameters
    ----------
    weights : Path
        NAME.onnx; the card is NAME.json beside it.
    facts : dict
        Fields of the card but name, weights, hash, calibration and figures.
    figures : list of dict
        Figures other than the scores.
    data : Path
        Shards, a folder or a CSV.

    Returns
    -------
    Path
        The card.
    """
    name, path = weights.stem, weights.with_suffix(".json")
    facts = facts | {"name": name, "weights": weights.name, "figures": [], "calibration": {}}
    facts |= {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    write_facts(path, facts)
    facts["calibration"] = calibrate_card(str(path), data)
    by_set = scores_by_set(card_predictor(str(path)), data)
    scores = average_over_sets(by_set)
    facts["failures"] = describe_failures({name: average_scores(rows) for name, rows in by_set.items()}, scores["iou"])
    print(*(f"weak on {line}" for line in facts["failures"]), sep="\n")
    command = f"python -m mattebox.training.evaluate.cutout DATA --card {name}"
    score_figures = [
        {"what": what, "value": round(scores[key], 4), "command": command} for key, what in CARD_SCORES.items()
    ]
    facts["figures"] = [*figures, *score_figures]
    write_facts(path, facts)
    return path


def describe_failures(by_set: dict[str, dict[str, float]], overall_iou: float) -> list[str]:
    """Sets whose IoU is clearly below the overall one, worst first, as lines of text."""
    weak = [
        (name, scores)
        for name, scores in by_set.items()
        if scores["iou"] < overall_iou - WEAK_SET_IOU_MARGIN and scores["pictures"] > INCONCLUSIVE_PICTURES
    ]
    worst = sorted(weak, key=lambda item: item[1]["iou"])[:MAX_LISTED_FAILURES]
    return [f"{name}: IoU {s['iou']:.2f} of {s['pictures']:.0f} validation pictures" for name, s in worst]


def provenance_note(method: str) -> str:
    """Notes of a card: the method, the date, and the commit of the code if it is known."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    result = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("git") else None
    commit = f", code at commit {result.stdout.strip()}" if result is not None and result.returncode == 0 else ""
    return f"{method} {date.today():%Y-%m-%d}{commit}"


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """Write a card's JSON file."""
    path.write_text(json.dumps(facts, indent=2) + "\n")
