"""Page of a cutout training run, `report.html`: loss and validation curves, and the network's cutouts over time.

Everything on it is read from the run's folder (`log.jsonl`, `pictures.jsonl`), so the page survives a killed run.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np

from mattebox.training.core.run_log import LOG_FILE, read_rows
from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.html import (
    place_cutouts_side_by_side,
    render_chart,
    render_heading,
    render_page,
    render_picture,
)
from mattebox.training.evaluate.predictors import AlphaPredictor

REPORT_PICTURES = 8  # validation pictures, the same at each evaluation
PICTURE_SIDE_PIXELS = 120
PICTURES_FILE = "pictures.jsonl"
PLOTTED_SCORES = ("iou", "max_f", "mae")


def add_validation_pictures(predict: AlphaPredictor, data: Path, run_folder: Path, title: str) -> None:
    """Record the cutouts of some validation pictures and render the page again."""
    pictures = []
    for row, image, mask in islice(stream_samples(data, "labelled", "val"), REPORT_PICTURES):
        rgb, truth = np.asarray(image), np.asarray(mask, np.float32) / 255
        cutouts = place_cutouts_side_by_side(rgb, truth, predict(rgb))
        pictures.append(render_picture(cutouts, row.key, PICTURE_SIDE_PIXELS))
    with open(run_folder / PICTURES_FILE, "a") as file:
        file.write(json.dumps({"title": title, "pictures": "".join(pictures)}) + "\n")
    (run_folder / "report.html").write_text(render_run_report(run_folder), encoding="utf-8")


def render_run_report(run_folder: Path) -> str:
    """The page as HTML."""
    rows = read_rows(run_folder / LOG_FILE)
    losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    scores = {c: [(row["step"], row[c]) for row in rows if c in row] for c in PLOTTED_SCORES}
    evaluations = reversed(read_rows(run_folder / PICTURES_FILE))
    return render_page(
        f"Training {run_folder.resolve().name}",
        render_heading("Loss") + render_chart({"loss": losses} if losses else {}, "step", "loss"),
        render_heading("Validation") + render_chart({k: v for k, v in scores.items() if v}, "step", "score"),
        render_heading("Validation pictures", "Photograph, true cutout, the network's cutout; the latest first."),
        *(render_heading(evaluation["title"]) + evaluation["pictures"] for evaluation in evaluations),
    )
