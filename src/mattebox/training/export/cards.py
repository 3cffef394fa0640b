"""The card of a network that the workshop has made: what is known of its making, and what it is worth.

The calibration is fitted on the validation split, confidence against the IoU really reached; so are the figures. Needs
no torch; knows nothing of how networks are trained or written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.training.data.dataset import count_samples
from mattebox.training.evaluate.cutout import average_over_sets, scores_by_set
from mattebox.training.evaluate.predictors import card_predictor
from mattebox.training.evaluate.scores import average_scores
from mattebox.training.tasks.cutout.calibration import calibrate_card

CARD_SCORES = {"max_f": "validation max-F", "iou": "validation IoU", "mae": "validation MAE"}
WEAK_SET_IOU_MARGIN, MAX_LISTED_FAILURES, INCONCLUSIVE_PICTURES = (
    0.04,
    4,
    3,
)  # IoU below the usual one that is a failure; how many are told; pictures that prove none
INHERITED_FIELDS = ("task", "architecture", "summary", "licence", "input", "variants", "data", "recipe")


def inherited_facts(card: Card) -> dict[str, Any]:
    """What a card says of its network's making and use."""
    told: dict[str, Any] = msgspec.to_builtins(card)
    return {k: told[k] for k in INHERITED_FIELDS}


def size_figures(card: Card) -> list[dict[str, Any]]:
    """A card's figures that hold for any network made of its own: all but what was judged."""
    return [msgspec.to_builtins(f) for f in card.figures if f.what not in CARD_SCORES.values()]


def known_origin(name: str) -> str:
    """What a network made of one of that name says it was made of: nothing where the house does not know that one."""
    return name if name in registry.all_cards() else ""


def user_network_facts(data: Path) -> dict[str, Any]:
    """The facts of a network of the user's own, which the user may want to complete."""
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
    """The facts, without figures, of a network that the house carries, whose weights lie there already."""
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
    """The figure that says how large a network is."""
    return {"what": "parameters", "value": count, "command": command}


def write_evaluated_card(weights: Path, facts: dict[str, Any], figures: list[dict[str, Any]], data: Path) -> Path:
    """NAME.json beside NAME.onnx, calibrated and judged on the validation split; `figures` are figures besides."""
    name, path = weights.stem, weights.with_suffix(".json")
    facts = facts | {"name": name, "weights": weights.name, "figures": [], "calibration": {}}
    facts |= {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    write_facts(path, facts)
    facts["calibration"] = calibrate_card(str(path), data)
    by_set = scores_by_set(card_predictor(str(path)), data)
    scores = average_over_sets(by_set)
    facts["failures"] = describe_failures({of: average_scores(rows) for of, rows in by_set.items()}, scores["iou"])
    print(*(f"weak on {line}" for line in facts["failures"]), sep="\n")
    command = f"python -m mattebox.training.evaluate.cutout DATA --card {name}"
    judged = [{"what": what, "value": round(scores[key], 4), "command": command} for key, what in CARD_SCORES.items()]
    facts["figures"] = [*figures, *judged]
    write_facts(path, facts)
    return path


def describe_failures(by_set: dict[str, dict[str, float]], overall_iou: float) -> list[str]:
    """The sets on which a network is worst, worst first, in words: those clearly below its `overall_iou` IoU."""
    poor = [
        (of, s)
        for of, s in by_set.items()
        if s["iou"] < overall_iou - WEAK_SET_IOU_MARGIN and s["pictures"] > INCONCLUSIVE_PICTURES
    ]
    worst = sorted(poor, key=lambda told: told[1]["iou"])[:MAX_LISTED_FAILURES]
    return [f"{of}: IoU {s['iou']:.2f} of {s['pictures']:.0f} validation pictures" for of, s in worst]


def provenance_note(method: str) -> str:
    """How, on which day, and the commit of the workshop where there is one."""
    words = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True, check=False) if shutil.which("git") else None
    commit = f", workshop at commit {done.stdout.strip()}" if done is not None and done.returncode == 0 else ""
    return f"{method} {date.today():%Y-%m-%d}{commit}"


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """The card's file."""
    path.write_text(json.dumps(facts, indent=2) + "\n")
