"""Background audit: backgrounds with a subject are listed, drawn on a sheet and excluded."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputMissing
from mattebox.training.data import background_audit
from mattebox.training.data.dataset import read_excluded_names, stream_samples
from tests.training.test_cutout_evaluation import material


def backgrounds(data: Path, count: int = 12) -> Path:
    """Plain backgrounds, and one with a disc."""
    shutil.rmtree(data / "backgrounds", ignore_errors=True)
    (data / "backgrounds").mkdir()
    rows, columns = np.mgrid[:120, :160]
    for number in range(count):
        picture = np.full((120, 160, 3), 90 + 5 * number, np.uint8)
        if number == 3:
            picture[np.hypot(rows - 60, columns - 80) < 35] = (220, 40, 30)
        Image.fromarray(picture).save(data / f"backgrounds/b{number}.png")
    return data


def test_the_background_with_a_subject_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, drawn = backgrounds(material(tmp_path / "mine")), tmp_path / "sheet.png"
    background_audit.main([str(data), "--sheet", str(drawn)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0].rpartition("/")[2] for line in lines] == ["b3"]
    with Image.open(drawn) as picture:
        assert picture.size == (1600, 134)
    (tmp_path / "leave.txt").write_text("# from the sheet\n\n" + lines[0] + "\n")
    excluded = read_excluded_names(tmp_path / "leave.txt")
    all_names = [row.key for row, *_ in stream_samples(data, "background", "train")]
    remaining = [row.key for row, *_ in stream_samples(data, "background", "train", excluded=excluded)]
    assert set(all_names) - set(remaining) == excluded
    assert len(excluded) == 1


def test_missing_file_of_names(tmp_path: Path) -> None:
    assert read_excluded_names(None) == frozenset()
    with pytest.raises(InputMissing, match=r"none.txt: cannot be read .*; give the file"):
        read_excluded_names(tmp_path / "none.txt")
