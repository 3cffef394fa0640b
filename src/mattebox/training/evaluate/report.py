"""Verdicts as one HTML page: what differs, where it is weak, and the pictures that show it.

Knows nothing of how the figures came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mattebox.training.data.dataset import stream
from mattebox.training.evaluate.card_evaluation import Verdict
from mattebox.training.evaluate.html import chart, heading, page, picture, side_by_side, table
from mattebox.training.evaluate.predictors import See
from mattebox.training.evaluate.reliability import calibration_error

SHOWN = 12  # best and worst pictures of each network
COLUMNS = (
    *("iou", "max_f", "max_f_one", "mae", "mean_f", "weighted_f", "s", "max_e", "mean_e"),
    *("boundary_f", "sad", "mse", "grad", "conn", "pictures"),
)
UNITS = "SAD, Grad and Conn in thousands, per picture at its own size; all others 0..1. MAE and those: less is better."

SEVERAL = "Mean average precision over the mask IoUs 0.50, 0.55 .. 0.95, as COCO has it, of what `mattebox find` lists."


def report(verdicts: Sequence[Verdict], sees: Mapping[str, See], data: Path) -> str:
    """The page for one network, or for several against each other."""
    parts = [heading("All pictures", UNITS)]
    parts.append(table(["network", *COLUMNS], [[v.name, *(v.summaries["all"][c] for c in COLUMNS)] for v in verdicts]))
    told = [[v.name, v.apart] for v in verdicts if v.apart is not None]
    if told:
        parts.append(heading("Several subjects told apart", SEVERAL) + table(["network", "mAP"], told))
    parts += [reliability(v) for v in verdicts if v.calibrated]
    for verdict in verdicts:
        rows = [[name, *(means[c] for c in COLUMNS)] for name, means in verdict.summaries.items()]
        parts.append(heading(f"{verdict.name}, by slice") + table(["slice", *COLUMNS], rows))
    for verdict in verdicts:
        parts.append(extremes(verdict, sees[verdict.name], data))
    return page(f"Evaluation of {', '.join(v.name for v in verdicts)}", *parts)


def reliability(verdict: Verdict) -> str:
    """The diagram of confidence against IoU, and how often subjects are missed or seen where none is."""
    facts = f"Expected calibration error {calibration_error(verdict.diagram):.4f}. "
    facts += "(On our own validation split this flatters: the card's calibration was fitted there.) "
    missed = sum(not p["found"] for p in verdict.pictures)
    facts += f"Missed: {missed} of {len(verdict.pictures)} subjects. "
    if verdict.ghosts is not None:
        facts += f"Ghosts: {verdict.ghosts} of {verdict.backgrounds} backgrounds without a subject."
    line = [(b.confidence, b.reached) for b in verdict.diagram]
    rows = [[b.confidence, b.reached, b.count] for b in verdict.diagram]
    drawn = chart({"IoU reached": line}, "confidence", "IoU", unit=True)
    return heading(f"{verdict.name}: reliability", facts) + drawn + table(["confidence", "IoU", "pictures"], rows)


def extremes(verdict: Verdict, see: See, data: Path) -> str:
    """Worst and best pictures by IoU: the photograph, the true cutout, the network's."""
    order = [p["name"] for p in sorted(verdict.pictures, key=lambda p: p["iou"])]
    wanted = {"worst": order[:SHOWN], "best": order[-SHOWN:][::-1]}
    reached = {p["name"]: p["iou"] for p in verdict.pictures}
    shown: dict[str, str] = {}
    for row, image, mask in stream(data, "labelled", "val"):
        if any(row.key in names for names in wanted.values()):
            rgb, truth = np.asarray(image), np.asarray(mask, np.float32) / 255
            strip = side_by_side(rgb, truth, see(rgb)[0])
            shown[row.key] = picture(strip, f"{row.key}: IoU {reached[row.key]:.3f}")
    remark = "Photograph, true cutout, the network's cutout."
    return "".join(
        heading(f"{verdict.name}: {kind} pictures", remark) + "".join(shown[name] for name in names)
        for kind, names in wanted.items()
    )
