"""Separation of several subjects against instance maps: right, half right, and unusable maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.io.palette_png import encode_palette_png
from mattebox.training.evaluate.cutout import compare_networks, print_table
from mattebox.training.evaluate.instances import MAX_MASK_SIDE_PIXELS, evaluate_instances, read_instance_map
from tests.fakes import fake_session

SUBJECTS = ((slice(20, 100), slice(10, 90)), (slice(40, 110), slice(110, 150)))


def numbers(*parts: tuple[slice, slice]) -> np.ndarray:
    values = np.zeros((128, 160), np.uint8)
    for number, part in enumerate(parts, 1):
        values[part] = 7 * number
    return values


def scene(folder: Path, values: np.ndarray, kind: str = "P") -> Path:
    """Two pictures of red shapes on blue, one of them for validation, and their maps."""
    for name in ("images", "masks", "instances"):
        (folder / name).mkdir(parents=True)
    rgb = np.where((numbers(*SUBJECTS) > 0)[..., None], np.uint8([230, 20, 20]), np.uint8([20, 20, 230]))
    for i in range(2):
        Image.fromarray(rgb).save(folder / f"images/{i}.png")
        Image.fromarray(np.where(values > 0, np.uint8(255), np.uint8(0))).save(folder / f"masks/{i}.png")
        (folder / f"instances/{i}.png").write_bytes(encode_palette_png(values, 0))
        if kind == "RGB":
            Image.open(folder / f"instances/{i}.png").convert("RGB").save(folder / f"instances/{i}.png")
    return folder


@pytest.mark.parametrize("kind", ["P", "RGB"])
def test_correct_instances_score_one(tmp_path: Path, kind: str) -> None:
    assert evaluate_instances(fake_session(), scene(tmp_path / "mine", numbers(*SUBJECTS), kind)) == pytest.approx(
        1, abs=0.11
    )


def test_a_subject_mapped_as_two_scores_less(tmp_path: Path) -> None:
    rows, columns = SUBJECTS[0]
    halves = ((slice(rows.start, 60), columns), (slice(60, rows.stop), columns))
    assert evaluate_instances(fake_session(), scene(tmp_path / "mine", numbers(*halves, SUBJECTS[1]))) < 0.5


def test_without_maps_there_is_no_score(tmp_path: Path) -> None:
    data = scene(tmp_path / "mine", numbers(*SUBJECTS))
    for file in (data / "instances").iterdir():
        file.unlink()
    assert evaluate_instances(fake_session(), data) is None
    assert evaluate_instances(fake_session(), data / "images/0.png") is None


def test_precision_is_in_the_table_and_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = scene(tmp_path / "mine", numbers(*SUBJECTS))
    result = compare_networks(["fast"], None, data, tmp_path / "out")[0]
    assert result.instance_average_precision is not None
    assert result.as_dict()["instances_map"] == result.instance_average_precision
    assert "Separation of several subjects" in (tmp_path / "out/report.html").read_text()
    print_table([result])
    assert capsys.readouterr().out.splitlines()[1].endswith(f"{result.instance_average_precision:8.3f}")


def test_unusable_maps(tmp_path: Path) -> None:
    data = scene(tmp_path / "mine", numbers(*SUBJECTS))
    with pytest.raises(InputUnreadable, match="is 160 x 128, its picture 99 x 50"):
        read_instance_map(data / "instances/0.png", (50, 99))
    (data / "instances/0.png").write_bytes(b"no picture")
    with pytest.raises(InputUnreadable, match="not a map"):
        read_instance_map(data / "instances/0.png", (128, 160))


def test_large_maps_are_subsampled(tmp_path: Path) -> None:
    values = np.zeros((100, 2 * MAX_MASK_SIDE_PIXELS), np.uint16)
    values[:, : MAX_MASK_SIDE_PIXELS // 2] = 900
    Image.fromarray(values).save(tmp_path / "map.png")
    masks = read_instance_map(tmp_path / "map.png", values.shape)
    assert masks.shape == (1, 50, MAX_MASK_SIDE_PIXELS)
    assert masks.mean() == pytest.approx(0.25)
