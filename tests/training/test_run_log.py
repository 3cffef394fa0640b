"""The run's log: lines for people, rows for machines, and the page made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.training.core import run_log
from mattebox.training.evaluate import run_report


def test_a_line_for_people_and_one_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"step": 683, "progress": 0.2504, "iou": 0.88054, "max_f": 0.94846, "pictures": 244}
    log = run_log.RunLog(tmp_path)
    log.write(row)
    run_log.RunLog(tmp_path, is_main=False).write(row)
    log.write({"step": 700, "progress": 0.26, "loss": 0.4315, "minutes_left": 58.1})
    assert capsys.readouterr().out.splitlines() == [
        "25 %, step 683, IoU 0.8805, max-F 0.9485, pictures 244",
        "26 %, step 700, loss 0.4315, minutes left 58.1",
    ]
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0]) == row
    html = run_report.render_run_report(tmp_path)
    assert "Validation" in html
    assert html.count("<svg") == 2
