"""Verdicts as one HTML page: what differs, where it is weak, and the pictures that show it.

Knows nothing of how the figures came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.card_evaluation import EvaluationResult
from mattebox.training.evaluate.check_set import CHECK_SCORES
from mattebox.training.evaluate.html import (
    place_cutouts_side_by_side,
    render_chart,
    render_heading,
    render_page,
    render_picture,
    render_table,
)
from mattebox.training.evaluate.predictors import SubjectPredictor
from mattebox.training.evaluate.reliability import calibration_error

EXTREME_PICTURE_COUNT = 12  # best and worst pictures of each network
SCORE_COLUMNS = (
    *("iou", "max_f", "max_f_one", "mae", "mean_f", "weighted_f", "s", "max_e", "mean_e"),
    *("boundary_f", "sad", "mse", "grad", "conn", "pictures"),
)
UNITS_REMARK = (
    "SAD, Grad and Conn in thousands, per picture at its own size; all others 0..1. MAE and those: less is better."
)

CHECK_REMARK = (
    "Photographs from outside, as `mattebox cut` delivers them, refused ones as empty masks. thin_recall: of parts that an "
    "opening by 3 % of the diagonal removes; stray: share of photographs with a piece over 0.2 % that touches no subject; "
    "wrongly_taken: area over the subject's. For reporting only: nothing is chosen by these."
)

INSTANCE_REMARK = (
    "Mean average precision over the mask IoUs 0.50, 0.55 .. 0.95, as COCO has it, of what `mattebox find` lists."
)


def render_evaluation_report(
    results: Sequence[EvaluationResult], predictors: Mapping[str, SubjectPredictor], data: Path
) -> str:
    """The page for one network, or for several against each other."""
    parts = []
    checked = [(verdict.name, verdict.check_scores) for verdict in results if verdict.check_scores is not None]
    if checked:
        rows = [[name, *(scores.get(c, "") for c in CHECK_SCORES)] for name, scores in checked]
        parts.append(render_heading("Check set", CHECK_REMARK) + render_table(["network", *CHECK_SCORES], rows))
    parts.append(render_heading("All validation pictures", UNITS_REMARK))
    parts.append(
        render_table(
            ["network", *SCORE_COLUMNS], [[v.name, *(v.summaries["all"][c] for c in SCORE_COLUMNS)] for v in results]
        )
    )
    told = [[v.name, v.instance_average_precision] for v in results if v.instance_average_precision is not None]
    if told:
        parts.append(
            render_heading("Several subjects told apart", INSTANCE_REMARK) + render_table(["network", "mAP"], told)
        )
    parts += [render_reliability(v) for v in results if v.is_calibrated]
    for verdict in results:
        rows = [[name, *(means[c] for c in SCORE_COLUMNS)] for name, means in verdict.summaries.items()]
        parts.append(render_heading(f"{verdict.name}, by slice") + render_table(["slice", *SCORE_COLUMNS], rows))
    for verdict in results:
        parts.append(render_extremes(verdict, predictors[verdict.name], data))
    return render_page(f"Evaluation of {', '.join(v.name for v in results)}", *parts)


def render_reliability(result: EvaluationResult) -> str:
    """The diagram of confidence against IoU, and how often subjects are missed or seen where none is."""
    facts = f"Expected calibration error {calibration_error(result.reliability_diagram):.4f}. "
    facts += "(On our own validation split this flatters: the card's calibration was fitted there.) "
    missed = sum(not p["found"] for p in result.pictures)
    facts += f"Missed: {missed} of {len(result.pictures)} subjects. "
    if result.false_positives is not None:
        facts += f"Ghosts: {result.false_positives} of {result.backgrounds} backgrounds without a subject."
    line = [(b.confidence, b.reached) for b in result.reliability_diagram]
    rows = [[b.confidence, b.reached, b.count] for b in result.reliability_diagram]
    drawn = render_chart({"IoU reached": line}, "confidence", "IoU", is_unit_square=True)
    return (
        render_heading(f"{result.name}: reliability", facts)
        + drawn
        + render_table(["confidence", "IoU", "pictures"], rows)
    )


def render_extremes(result: EvaluationResult, predict: SubjectPredictor, data: Path) -> str:
    """Worst and best pictures by IoU: the photograph, the true cutout, the network's."""
    order = [p["name"] for p in sorted(result.pictures, key=lambda p: p["iou"])]
    wanted = {"worst": order[:EXTREME_PICTURE_COUNT], "best": order[-EXTREME_PICTURE_COUNT:][::-1]}
    reached = {p["name"]: p["iou"] for p in result.pictures}
    shown: dict[str, str] = {}
    for row, image, mask in stream_samples(data, "labelled", "val"):
        if any(row.key in names for names in wanted.values()):
            rgb, truth = np.asarray(image), np.asarray(mask, np.float32) / 255
            strip = place_cutouts_side_by_side(rgb, truth, predict(rgb)[0])
            shown[row.key] = render_picture(strip, f"{row.key}: IoU {reached[row.key]:.3f}")
    remark = "Photograph, true cutout, the network's cutout."
    return "".join(
        render_heading(f"{result.name}: {kind} pictures", remark) + "".join(shown[name] for name in names)
        for kind, names in wanted.items()
    )
