"""Full evaluation on a tiny folder, and its parts by hand."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.training.evaluate.check_set import (
    CHECK_SCORES,
    CheckResult,
    evaluate_check_set,
    predictor_cutter,
    session_cutter,
)
from mattebox.training.evaluate.cutout import compare_networks, print_table
from mattebox.training.evaluate.html import render_chart, render_picture, render_table
from mattebox.training.evaluate.reliability import ReliabilityBin, bin_by_confidence, calibration_error
from mattebox.training.evaluate.scores import clear_unknown_pixels
from mattebox.training.evaluate.slices import assign_slices
from tests.fakes import disc, fake_session


def material(path: Path, count: int = 8) -> Path:
    for name in ("images", "masks", "backgrounds"):
        (path / name).mkdir(parents=True)
    rng = np.random.default_rng(1)
    for i in range(count):
        alpha = np.roll(disc((64, 80)), i, 1)
        rgb = np.where(alpha[..., None] > 0.5, (220, 60, 30), (40, 90, 160)) + rng.integers(0, 20, (64, 80, 3))
        Image.fromarray(rgb.astype(np.uint8)).save(path / f"images/p{i}.png")
        Image.fromarray((alpha * 255).astype(np.uint8)).save(path / f"masks/p{i}.png")
        Image.fromarray(np.full((64, 80, 3), 9 * i, np.uint8)).save(path / f"backgrounds/b{i}.png")
    return path


def test_reports_as_html_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = compare_networks(["fast", "balanced"], None, material(tmp_path / "mine"), tmp_path / "out")
    facts = json.loads((tmp_path / "out/report.json").read_text())
    assert [f["name"] for f in facts] == ["fast", "balanced"]
    means = facts[0]["slices"]["all"]
    assert means == facts[0]["slices"]["set mine"]
    assert means["pictures"] == len(facts[0]["pictures"]) == facts[0]["backgrounds"] == 1
    assert means["iou"] == pytest.approx(facts[0]["pictures"][0]["iou"])
    assert facts[0]["calibration_error"] == pytest.approx(abs(facts[0]["pictures"][0]["confidence"] - means["iou"]))
    html = (tmp_path / "out/report.html").read_text()
    assert "data:image/jpeg;base64," in html
    assert "http" not in html
    assert "<script" not in html
    print_table(results)
    assert len(capsys.readouterr().out.splitlines()) == 3


def add_check_set(path: Path) -> Path:
    """Two photographs of a red disc as a check set: one that the fake network finds, and a grey wall it refuses."""
    alpha = disc((64, 80))
    pictures = {
        "disc": np.where(alpha[..., None] > 0.5, (220, 60, 30), (40, 90, 160)),
        "wall": np.full((64, 80, 3), 128),
    }
    with tarfile.open(path / "check-0.tar", "w") as tar, open(path / "manifest.csv", "w", newline="") as manifest:
        writer = csv.writer(manifest)
        writer.writerow(["shard", "set", "stem", "kind", "split", "weight", "width", "height", "ext"])
        for stem, rgb in pictures.items():
            for name, pixels in ((f"{stem}.webp", rgb), (f"{stem}.png", alpha * 255)):
                content = io.BytesIO()
                Image.fromarray(pixels.astype(np.uint8)).save(content, name.split(".")[1], lossless=True)
                info = tarfile.TarInfo(f"check/{name}")
                info.size = content.tell()
                tar.addfile(info, io.BytesIO(content.getvalue()))
            writer.writerow(["check-0.tar", "check", stem, "check", "check", 1, 80, 64, "webp"])
    return path


def test_the_check_set_counts_refusals_as_empty_masks(tmp_path: Path) -> None:
    result = evaluate_check_set(session_cutter(fake_session()), add_check_set(tmp_path))
    assert result is not None
    scores = result.scores
    assert [b.count for b in result.diagram] == [1, 1]
    assert result.diagram[0].confidence == result.diagram[0].reached == 0
    assert scores.keys() >= {*CHECK_SCORES} - {"thin_recall"}  # discs have no thin parts
    assert (scores["pictures"], scores["refused"], scores["doubtful"]) == (2, 1, 0)
    share = float((disc((64, 80)) > 0.5).mean())
    assert scores["iou"] == pytest.approx(0.5, abs=0.02)  # one whole, one empty
    assert scores["max_f"] < 0.9
    assert scores["mae"] == pytest.approx(share / 2, abs=0.01)
    assert (scores["stray"], scores["wrongly_taken"]) == (0, pytest.approx(0, abs=0.02))
    assert scores["ece"] < 0.05
    foreign = evaluate_check_set(predictor_cutter(lambda rgb: np.ones(rgb.shape[:2], np.float32)), tmp_path)
    assert foreign is not None
    assert "ece" not in foreign.scores
    assert foreign.diagram == []
    assert foreign.scores["wrongly_taken"] == pytest.approx((1 - share) / share)
    assert evaluate_check_set(session_cutter(fake_session()), material(tmp_path / "mine")) is None


def test_the_check_set_is_the_first_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = {"max_f": 0.9, "mae": 0.04, "iou": 0.8, "refused": 3, "pictures": 250}
    checked = CheckResult(check, [ReliabilityBin(250, 0.85, 0.8)])
    monkeypatch.setattr("mattebox.training.evaluate.cutout.evaluate_check_set", lambda *_: checked)
    print_table(compare_networks(["fast"], None, material(tmp_path / "mine"), tmp_path / "out"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Check set")
    assert lines[2].split() == ["fast", "0.9000", "0.0400", "0.8000", *"---", "3", "-", "-", "250"]
    assert lines[3].startswith("Validation split")
    assert json.loads((tmp_path / "out/report.json").read_text())[0]["check"] == check
    page = (tmp_path / "out/report.html").read_text()
    assert 0 < page.index("<h2>Check set") < page.index("<h2>All validation pictures")
    assert 0 < page.index("reliability on the check set") < page.index("calibration error 0.0500 of what is delivered")


def test_unknown_pixels_are_not_scored() -> None:
    truth, alpha = np.array([[1, 128 / 255, 0]], np.float32), np.array([[1, 1, 0]], np.float32)
    for set_name, expected in (("grabcut", [1, 0, 0]), ("voc12val_panels", [1, 0, 0]), ("cats81", [1, 1, 0])):
        cleared, known = clear_unknown_pixels(set_name, alpha, truth)
        assert cleared.tolist() == [expected]
        assert known[0, 1] == pytest.approx(0 if expected[1] == 0 else 128 / 255)


def test_slices_by_hand() -> None:
    truth = np.zeros((100, 100), np.float32)
    truth[40:60, 40:60] = 1
    rgb = np.full((100, 100, 3), 100, np.uint8)
    assert assign_slices("cats81", rgb, truth) == ["set cats81", "animal", "small", "low contrast", "blurred"]
    rng = np.random.default_rng(0)
    noisy = np.where(truth[..., None] > 0, 200, 20) + rng.integers(0, 50, (100, 100, 3))
    assert assign_slices("x", noisy.astype(np.uint8), truth) == ["set x", "small"]
    moved = np.mean([np.roll(noisy, by, 1) for by in range(9)], axis=0)
    assert "motion blur" in assign_slices("x", moved.astype(np.uint8), truth)
    lines = np.zeros((100, 100), np.float32)
    lines[::4] = 1
    assert "thin" in assign_slices("x", noisy.astype(np.uint8), lines)
    assert assign_slices("x", rgb, truth * 0) == ["set x", "empty"]
    assert assign_slices("x", rgb, truth * 0 + 1) == ["set x", "full frame"]


def test_calibration_error_by_hand() -> None:
    diagram = bin_by_confidence(np.array([0.91, 0.99, 0.5, 1.0]), np.array([0.8, 0.9, 0.7, 0.7]))
    assert [b.count for b in diagram] == [1, 3]
    assert calibration_error(diagram) == pytest.approx((0.2 + 3 * (2.9 / 3 - 0.8)) / 4)


def test_the_page_escapes_and_draws() -> None:
    assert "&lt;b&gt;" in render_table(["<b>"], [["<i>", 0.5, 3]])
    assert "<td>0.5000</td><td>3</td>" in render_table(["a"], [["b", 0.5, 3]])
    drawn = render_chart({"loss": [(0, 2.0), (10, 1.0)]}, "step", "loss")
    assert '<polyline points="50.0,10.0 550.0,270.0"' in drawn
    assert "nothing" in render_chart({}, "a", "b")
    assert 'alt="&lt;x"' in render_picture(np.zeros((300, 500, 3), np.uint8), "<x")


def test_failures_of_a_card_are_its_weak_sets() -> None:
    from mattebox.training.export.cards import describe_failures

    pictures = {"cats": (0.70, 34), "cars": (0.95, 9), "dogs": (0.87, 5), "one": (0.1, 1)}
    scores = {name: {"iou": iou, "pictures": float(count)} for name, (iou, count) in pictures.items()}
    cats, dogs = "cats: IoU 0.70 of 34 validation pictures", "dogs: IoU 0.87 of 5 validation pictures"
    assert describe_failures(scores, 0.88) == [cats]
    assert describe_failures(scores, 0.95) == [cats, dogs]
