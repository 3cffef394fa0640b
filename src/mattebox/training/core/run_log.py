"""How a run goes: a line on the console, its log, and its page, `report.html`: loss and validation curves, and what the
network sees at each judging.

Everything shown is on disk (`log.jsonl`, `pictures.jsonl`), so a killed run's page goes on where it was. Knows
nothing of training.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.html import (
    place_cutouts_side_by_side,
    render_chart,
    render_heading,
    render_page,
    render_picture,
)
from mattebox.training.evaluate.predictors import AlphaPredictor

REPORT_PICTURES = 8  # validation pictures, the same at each judging
PLOTTED_SCORES = ("iou", "max_f", "mae")
LOG_LABELS = {
    "iou": "IoU", "max_f": "max-F", "max_f_one": "max-F at one threshold", "mae": "MAE", "minutes_left": "minutes left",
    "gmac_320": "G multiply-adds at 320 x 320",
}  # fmt: skip


def log_row(out: Path, row: dict[str, Any]) -> None:
    """A line to the console for people, and one to the log for machines."""
    print(format_row(row), flush=True)
    with open(out / "log.jsonl", "a") as file:
        file.write(json.dumps(row) + "\n")


def format_row(row: dict[str, Any]) -> str:
    """`25 %, step 683, IoU 0.8805, max-F 0.9485, MAE 0.0371, pictures 244`."""
    rest = [f"{LOG_LABELS.get(k, k)} {_format_value(v)}" for k, v in row.items() if k not in ("progress", "step")]
    share = [f"{row['progress']:.0%}".replace("%", " %")] if "progress" in row else []
    step = [f"step {row['step']}"] if "step" in row else []
    return ", ".join([*share, *step, *rest])


def _format_value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def add_validation_pictures(predict: AlphaPredictor, data: Path, out: Path, title: str) -> None:
    """Keep this judging's pictures and write the page anew."""
    seen = []
    for row, image, mask in islice(stream_samples(data, "labelled", "val"), REPORT_PICTURES):
        rgb, truth = np.asarray(image), np.asarray(mask, np.float32) / 255
        seen.append(render_picture(place_cutouts_side_by_side(rgb, truth, predict(rgb)), row.key, 120))
    with open(out / "pictures.jsonl", "a") as file:
        file.write(json.dumps({"title": title, "pictures": "".join(seen)}) + "\n")
    (out / "report.html").write_text(render_run_report(out), encoding="utf-8")


def render_run_report(out: Path) -> str:
    rows = _read_json_lines(out / "log.jsonl")
    losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    scores = {c: [(row["step"], row[c]) for row in rows if c in row] for c in PLOTTED_SCORES}
    judged = [render_heading(j["title"]) + j["pictures"] for j in reversed(_read_json_lines(out / "pictures.jsonl"))]
    return render_page(
        f"Training {out.resolve().name}",
        render_heading("Loss") + render_chart({"loss": losses} if losses else {}, "step", "loss"),
        render_heading("Validation") + render_chart({k: v for k, v in scores.items() if v}, "step", "score"),
        render_heading("Validation pictures", "Photograph, true cutout, the network's cutout; the latest first."),
        *judged,
    )


def _read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a log; a last line cut short by a kill is left out."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows
