"""Helpers of the benchmarks, without any timing."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import common, hole_scenes, holes


def test_rounds_call_the_functions_in_turn() -> None:
    calls: list[str] = []

    def call(name: str) -> Callable[[], int]:
        return lambda: calls.append(name) or len(calls)  # type: ignore[func-returns-value]

    assert common.run_rounds({"a": call("a"), "b": call("b")}, 2) == {"a": [1, 3], "b": [2, 4]}
    assert calls == ["a", "b", "a", "b"]


def test_the_median_ratio_is_of_ratios_within_a_round() -> None:
    assert common.median_ratio([2, 30, 8], [1, 10, 2]) == 3


def test_options_have_the_type_of_their_default() -> None:
    parser = common.argument_parser("text", row_height=3, minutes=2.0, model="fast")
    assert vars(parser.parse_args(["--row-height", "5", "--minutes", "1"])) == {
        "row_height": 5,
        "minutes": 1.0,
        "model": "fast",
    }


def test_photographs_have_the_size_and_differ() -> None:
    contents = list(common.jpeg_photographs(5, (60, 40)))
    assert len(set(contents)) == 5
    assert all(Image.open(BytesIO(content)).size == (60, 40) for content in contents)


def test_written_photographs_are_the_same(tmp_path: Path) -> None:
    common.write_photographs(tmp_path / "in", 2, (60, 40))
    assert [p.read_bytes() for p in sorted((tmp_path / "in").iterdir())] == list(common.jpeg_photographs(2, (60, 40)))


def test_samples_start_before_the_block_and_end_with_it() -> None:
    readings = iter(range(1_000_000))
    with common.sample_periodically(lambda: next(readings), 0.001) as samples:
        assert samples[0] == 0
        while len(samples) < 3:
            time.sleep(0.001)
    count = len(samples)
    time.sleep(0.01)
    assert samples == list(range(count))


def test_an_exception_in_the_block_ends_the_sampling() -> None:
    with pytest.raises(ValueError, match="x"), common.sample_periodically(lambda: 0, 0.001):
        raise ValueError("x")


def test_memory_of_a_process_that_has_ended_is_nothing() -> None:
    assert common.resident_megabytes(2**22 + 1) == 0


def test_a_matte_shrunk_to_a_network_keeps_its_mean() -> None:
    from benchmarks.matting_scenes import simulate_coarse_matte
    from tests.fakes import disc

    truth = disc((120, 160))
    matte = simulate_coarse_matte(truth, (30, 40))
    assert matte.shape == (30, 40)
    assert np.mean(matte.alpha / 65535) == pytest.approx(float(truth.mean()), abs=0.005)


def test_filled_holes_and_wrong_ones_are_told_apart() -> None:
    scene = hole_scenes.make_hole_scene("wheel", clutter=False, seed=0)
    subject = scene.alpha > 0.5
    assert scene.holes.any()
    assert not (scene.holes & subject).any()
    assert holes.measure_holes(scene, subject)[:3] == (0, 1, 0)
    assert holes.measure_holes(scene, subject | scene.holes).filled == 1
    solid = hole_scenes.make_hole_scene("ball", clutter=True, seed=0)
    pierced = solid.alpha > 0.5
    pierced[220:250, 220:250] = False
    assert not solid.holes.any()
    assert holes.measure_holes(solid, pierced).has_wrong_hole
