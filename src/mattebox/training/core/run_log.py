"""Log of a training run: a line on the console and a row of `log.jsonl`, written by the main process alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOG_FILE = "log.jsonl"
LOG_LABELS = {
    "iou": "IoU", "max_f": "max-F", "max_f_one": "max-F at one threshold", "mae": "MAE", "minutes_left": "minutes left",
    "gmac_320": "G multiply-adds at 320 x 320",
}  # fmt: skip


class RunLog:
    """Rows of values by name, for people and for machines."""

    def __init__(self, run_folder: Path, is_main: bool = True) -> None:
        self.file, self.is_main = run_folder / LOG_FILE, is_main

    def write(self, row: dict[str, Any]) -> None:
        """Print the row and append it to the file."""
        if not self.is_main:
            return
        print(format_row(row), flush=True)
        with open(self.file, "a") as file:
            file.write(json.dumps(row) + "\n")


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file, if there is one; a last line cut short by a kill is left out."""
    rows = []
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def format_row(row: dict[str, Any]) -> str:
    """`25 %, step 683, IoU 0.8805, max-F 0.9485, MAE 0.0371, pictures 244`."""
    rest = [f"{LOG_LABELS.get(k, k)} {_format_value(v)}" for k, v in row.items() if k not in ("progress", "step")]
    share = [f"{row['progress']:.0%}".replace("%", " %")] if "progress" in row else []
    step = [f"step {row['step']}"] if "step" in row else []
    return ", ".join([*share, *step, *rest])


def _format_value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
