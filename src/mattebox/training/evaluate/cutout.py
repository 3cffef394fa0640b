"""Evaluation of cutout networks on the check set and the validation split: tables, and a report as HTML and JSON.

    python -m mattebox.training.evaluate.cutout DATA --card NAME [--against CARD ...] [--u2netp FILE]
        [--leave-out FILE] [--out REPORT_DIR]

DATA is tar shards with a manifest, a folder with images/ and masks/, or a CSV of image,mask. If a folder has
instances/, maps of several subjects, their separation is evaluated, too. Needs no torch.
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
from mattebox.training.data.dataset import PictureNames, read_excluded_names, stream_samples
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
    """Mean IoU, MAE and F over the validation split."""
    return average_over_sets(scores_by_set(predict, data))


def scores_by_set(predict: AlphaPredictor, data: Path) -> dict[str, list[dict[str, Any]]]:
    """Scores of each validation picture, by set."""
    by_set: dict[str, list[dict[str, Any]]] = {}
    for row, picture, mask in stream_samples(data, "labelled", "val"):
        truth = np.asarray(mask, np.float32) / np.float32(255)
        scored = clear_unknown_pixels(row.set, predict(np.asarray(picture)), truth)
        by_set.setdefault(row.set, []).append(score_alpha(*scored))
    return by_set


def average_over_sets(by_set: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Mean scores over the pictures of all sets."""
    return average_scores(s for rows in by_set.values() for s in rows)


def compare_networks(
    names: list[str], u2netp: Path | None, data: Path, out: Path | None, excluded: PictureNames = frozenset()
) -> list[EvaluationResult]:
    """Evaluate networks on the same pictures.

    Parameters
    ----------
    names : list of str
        Names or paths of cards.
    u2netp : Path or None
        A U2-Netp ONNX file to compare with.
    data : Path
        Shards, a folder or a CSV.
    out : Path or None
        Folder for report.html and report.json.
    excluded : set of str
        Names of backgrounds that do hold a subject.
    """
    sessions = {name: Session.open(name) for name in names}
    predictors: dict[str, SubjectPredictor] = {name: session_subject_predictor(s) for name, s in sessions.items()}
    calibrations: dict[str, Calibration | None] = {name: find_card(name).calibration for name in names}
    cutters: dict[str, CutPhotograph] = {name: session_cutter(session) for name, session in sessions.items()}
    if u2netp is not None:
        cutters[u2netp.stem] = predictor_cutter(u2net_predictor(u2netp))
        predictors[u2netp.stem] = assume_subject_present(u2net_predictor(u2netp))
        calibrations[u2netp.stem] = None
    precisions = {name: evaluate_instances(session, data) for name, session in sessions.items()}
    results = []
    for name, predict in predictors.items():
        result = evaluate_network(name, predict, data, calibrations[name], precisions.get(name), excluded)
        checked = evaluate_check_set(cutters[name], data)
        if checked is not None:
            result = replace(result, check_scores=checked.scores, check_diagram=checked.diagram)
        results.append(result)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_text(json.dumps([result.as_dict() for result in results], indent=1) + "\n")
        (out / "report.html").write_text(render_evaluation_report(results, predictors, data), encoding="utf-8")
    return results


def print_table(results: list[EvaluationResult]) -> None:
    """Print a line of scores for each network, of the check set first; FP is the share of backgrounds with a false
    positive."""
    checked = [(result.name, result.check_scores) for result in results if result.check_scores is not None]
    if checked:
        print("Check set, as delivered, refused photographs as empty masks:")
        print(f"{'network':20s}", *(f"{c:>13s}" for c in CHECK_SCORES))
        for name, scores in checked:
            print(f"{name:20s}", *(_format_score(scores.get(c)) for c in CHECK_SCORES))
        print("Validation split, without refinement:")
    print(f"{'network':20s}", *(f"{c:>10s}" for c in TABLE_SCORES), f"{'ECE':>8s} {'FP':>8s} {'mAP':>8s}")
    for result in results:
        facts, means = result.as_dict(), result.summaries["all"]
        optional = [facts.get("calibration_error"), facts.get("ghosts"), facts.get("instances_map")]
        cells = ("       -" if value is None else f"{value:8.3f}" for value in optional)
        print(f"{result.name:20s}", *(f"{means[c]:10.4f}" for c in TABLE_SCORES), *cells)


def _format_score(value: float | None) -> str:
    if value is None:
        return f"{'-':>13s}"
    return f"{value:13d}" if isinstance(value, int) else f"{value:13.4f}"


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", help="the network to evaluate")
    parser.add_argument("--against", nargs="+", default=[], metavar="CARD", help="others, on the same pictures")
    parser.add_argument("--u2netp", type=Path, help="a U2-Netp ONNX file")
    parser.add_argument("--leave-out", type=Path, metavar="FILE", help="names of backgrounds that do hold a subject")
    parser.add_argument("--out", type=Path, help="folder for report.html and report.json")
    args = parser.parse_args(argv)
    try:
        names = list(dict.fromkeys([*([args.card] if args.card else []), *args.against]))
        if not names and args.u2netp is None:
            raise UsageError("no network to evaluate", "give --card NAME or --u2netp FILE")
        excluded = read_excluded_names(args.leave_out)
        print_table(compare_networks(names, args.u2netp, args.data, args.out, excluded))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
