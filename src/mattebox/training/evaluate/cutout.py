"""Judge a cutout network on the check set, if there is one, and the validation split: short tables here, everything in an HTML page and JSON.

    python -m mattebox.training.evaluate.cutout DATA --card NAME [--against CARD ...] [--u2netp FILE] [--out REPORT_DIR]

DATA is tar shards with a manifest, a folder with images/ and masks/, or a CSV of image,mask. Where a folder has
instances/ as well, maps of several subjects, it is also judged how well they are told apart. Needs no torch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mattebox.errors import MatteboxError, UsageError
from mattebox.models.cards.registry import find_card
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.models.matte_session import Session
from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.card_evaluation import EvaluationResult, evaluate_network
from mattebox.training.evaluate.check_set import (
    CHECK_SCORES,
    CutPhotograph,
    evaluate_check_set,
    predictor_cutter,
    session_cutter,
)
from mattebox.training.evaluate.instances import evaluate_instances
from mattebox.training.evaluate.predictors import (
    AlphaPredictor,
    SubjectPredictor,
    assume_subject_present,
    session_subject_predictor,
    u2net_predictor,
)
from mattebox.training.evaluate.report import render_evaluation_report
from mattebox.training.evaluate.scores import average_scores, clear_unknown_pixels, score_alpha

TABLE_SCORES = ("iou", "max_f", "mae", "boundary_f", "weighted_f", "s")


def evaluate_predictor(predict: AlphaPredictor, data: Path) -> dict[str, float]:
    """Means of IoU, MAE and F over the validation split."""
    return average_over_sets(scores_by_set(predict, data))


def scores_by_set(predict: AlphaPredictor, data: Path) -> dict[str, list[dict[str, Any]]]:
    """Each validation picture's scores, by the set that it is of."""
    by_set: dict[str, list[dict[str, Any]]] = {}
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        truth = np.asarray(mask, np.float32) / np.float32(255)
        scored = clear_unknown_pixels(row.set, predict(np.asarray(picture)), truth)
        by_set.setdefault(row.set, []).append(score_alpha(*scored))
    return by_set


def average_over_sets(by_set: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Means over the pictures of all sets."""
    return average_scores(s for rows in by_set.values() for s in rows)


def compare_networks(names: list[str], u2netp: Path | None, data: Path, out: Path | None) -> list[EvaluationResult]:
    """Judge cards, and a U2-Netp file, on the same pictures; the page and the JSON go to `out`."""
    sessions = {name: Session.open(name) for name in names}
    sees: dict[str, SubjectPredictor] = {name: session_subject_predictor(session) for name, session in sessions.items()}
    known: dict[str, Calibration | None] = {name: find_card(name).calibration for name in names}
    cutters: dict[str, CutPhotograph] = {name: session_cutter(session) for name, session in sessions.items()}
    if u2netp is not None:
        cutters[u2netp.stem] = predictor_cutter(u2net_predictor(u2netp))
        sees[u2netp.stem], known[u2netp.stem] = assume_subject_present(u2net_predictor(u2netp)), None
    apart = {name: evaluate_instances(session, data) for name, session in sessions.items()}
    verdicts = [
        replace(
            evaluate_network(name, see, data, known[name], apart.get(name)),
            check_scores=evaluate_check_set(cutters[name], data),
        )
        for name, see in sees.items()
    ]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_text(json.dumps([v.as_dict() for v in verdicts], indent=1) + "\n")
        (out / "report.html").write_text(render_evaluation_report(verdicts, sees, data), encoding="utf-8")
    return verdicts


def print_table(results: list[EvaluationResult]) -> None:
    """The short tables: the check set first."""
    checked = [(verdict.name, verdict.check_scores) for verdict in results if verdict.check_scores is not None]
    if checked:
        print("Check set, as delivered, refused photographs as empty masks:")
        print(f"{'network':20s}", *(f"{c:>13s}" for c in CHECK_SCORES))
        for name, scores in checked:
            print(f"{name:20s}", *(_format_score(scores.get(c)) for c in CHECK_SCORES))
        print("Validation split, without refinement:")
    print(f"{'network':20s}", *(f"{c:>10s}" for c in TABLE_SCORES), f"{'ECE':>8s} {'ghosts':>8s} {'mAP':>8s}")
    for verdict in results:
        facts, means = verdict.as_dict(), verdict.summaries["all"]
        ends = [facts.get("calibration_error"), facts.get("ghosts"), facts.get("instances_map")]
        told = ("       -" if value is None else f"{value:8.3f}" for value in ends)
        print(f"{verdict.name:20s}", *(f"{means[c]:10.4f}" for c in TABLE_SCORES), *told)


def _format_score(value: float | None) -> str:
    if value is None:
        return f"{'-':>13s}"
    return f"{value:13d}" if isinstance(value, int) else f"{value:13.4f}"


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", help="the network to judge")
    parser.add_argument("--against", nargs="+", default=[], metavar="CARD", help="others, on the same pictures")
    parser.add_argument("--u2netp", type=Path, help="a U2-Netp ONNX file")
    parser.add_argument("--out", type=Path, help="folder for report.html and report.json")
    args = parser.parse_args(argv)
    try:
        names = list(dict.fromkeys([*([args.card] if args.card else []), *args.against]))
        if not names and args.u2netp is None:
            raise UsageError("no network to judge", "give --card NAME or --u2netp FILE")
        print_table(compare_networks(names, args.u2netp, args.data, args.out))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
