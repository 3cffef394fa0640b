"""Report of an evaluation as an HTML page: scores, reliability, slices, best and worst pictures."""

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
from mattebox.training.evaluate.reliability import ReliabilityBin, calibration_error

EXTREME_PICTURE_COUNT = 12  # best, and worst, pictures of each network
SCORE_COLUMNS = (
    *("iou", "max_f", "max_f_one", "mae", "mean_f", "weighted_f", "s", "max_e", "mean_e"),
    *("boundary_f", "sad", "mse", "grad", "conn", "pictures"),
)
UNITS_REMARK = (
    "SAD, Grad and Conn in thousands, per picture at its own size; all others 0..1. MAE, MSE and those: less is better."
)
CHECK_REMARK = (
    "Photographs from outside, as `mattebox cut` delivers them, refused ones as empty masks. thin_recall: of what an "
    "opening by 3 % of the diagonal removes; stray: share of photographs with a piece over 0.2 % that touches no "
    "subject; wrongly_taken: area over the subject's. For reporting only: nothing is chosen by these."
)
INSTANCE_REMARK = (
    "Mean average precision over the mask IoUs 0.50, 0.55 .. 0.95, as COCO has it, of what `mattebox find` lists."
)


def render_evaluation_report(
    results: Sequence[EvaluationResult], predictors: Mapping[str, SubjectPredictor], data: Path
) -> str:
    """Render the page.

    Parameters
    ----------
    results : sequence of EvaluationResult
        One network's results, or several's to compare.
    predictors : mapping
        The networks by name, for the pictures.
    data : Path
        The data they were evaluated on.
    """
    parts = []
    checked = [(result.name, result.check_scores) for result in results if result.check_scores is not None]
    if checked:
        rows = [[name, *(scores.get(c, "") for c in CHECK_SCORES)] for name, scores in checked]
        parts.append(render_heading("Check set", CHECK_REMARK) + render_table(["network", *CHECK_SCORES], rows))
    parts.append(render_heading("All validation pictures", UNITS_REMARK))
    means = [[result.name, *(result.summaries["all"][c] for c in SCORE_COLUMNS)] for result in results]
    parts.append(render_table(["network", *SCORE_COLUMNS], means))
    precisions = [[r.name, r.instance_average_precision] for r in results if r.instance_average_precision is not None]
    if precisions:
        parts.append(render_heading("Separation of several subjects", INSTANCE_REMARK))
        parts.append(render_table(["network", "mAP"], precisions))
    parts += [render_reliability(result) for result in results if result.is_calibrated]
    for result in results:
        rows = [[name, *(scores[c] for c in SCORE_COLUMNS)] for name, scores in result.summaries.items()]
        parts.append(render_heading(f"{result.name}, by slice") + render_table(["slice", *SCORE_COLUMNS], rows))
    parts += [render_extremes(result, predictors[result.name], data) for result in results]
    return render_page(f"Evaluation of {', '.join(result.name for result in results)}", *parts)


def render_reliability(result: EvaluationResult) -> str:
    """Reliability diagram of a network, with its misses and false positives."""
    remark = f"Expected calibration error {calibration_error(result.reliability_diagram):.4f}. "
    remark += "(Too low where the card's calibration was fitted on this validation split.) "
    missed = sum(not p["found"] for p in result.pictures)
    remark += f"Missed: {missed} of {len(result.pictures)} subjects. "
    if result.false_positives is not None:
        remark += f"False positives: {result.false_positives} of {result.backgrounds} backgrounds without a subject."
    page = render_heading(f"{result.name}: reliability", remark) + render_diagram(result.reliability_diagram)
    if result.check_diagram:
        remark = f"Expected calibration error {calibration_error(result.check_diagram):.4f} of what is delivered."
        page += render_heading(f"{result.name}: reliability on the check set", remark)
        page += render_diagram(result.check_diagram)
    return page


def render_diagram(diagram: Sequence[ReliabilityBin]) -> str:
    """Chart and table of a reliability diagram."""
    line = [(b.confidence, b.reached) for b in diagram]
    rows = [[b.confidence, b.reached, b.count] for b in diagram]
    chart = render_chart({"IoU reached": line}, "confidence", "IoU", is_unit_square=True)
    return chart + render_table(["confidence", "IoU", "pictures"], rows)


def render_extremes(result: EvaluationResult, predict: SubjectPredictor, data: Path) -> str:
    """Worst and best pictures by IoU: photograph, true cutout and the network's cutout."""
    order = [p["name"] for p in sorted(result.pictures, key=lambda p: p["iou"])]
    extremes = {"worst": order[:EXTREME_PICTURE_COUNT], "best": order[-EXTREME_PICTURE_COUNT:][::-1]}
    iou_by_name = {p["name"]: p["iou"] for p in result.pictures}
    figures: dict[str, str] = {}
    for row, image, mask in stream_samples(data, "labelled", "val"):
        if any(row.key in names for names in extremes.values()):
            rgb, truth = np.asarray(image), np.asarray(mask, np.float32) / 255
            row_of_pictures = place_cutouts_side_by_side(rgb, truth, predict(rgb)[0])
            figures[row.key] = render_picture(row_of_pictures, f"{row.key}: IoU {iou_by_name[row.key]:.3f}")
    remark = "Photograph, true cutout, the network's cutout."
    return "".join(
        render_heading(f"{result.name}: {kind} pictures", remark) + "".join(figures[name] for name in names)
        for kind, names in extremes.items()
    )
