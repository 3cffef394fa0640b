from __future__ import annotations

import numpy as np
import pytest

from mattebox.io import resampling
from mattebox.matting import tiles
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground, grid_step
from mattebox.matting.grid_windows import whole_grid, window_of_tiles
from mattebox.matting.tile_batches import iter_batches
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Matte, Picture
from tests.fakes import composite, disc, mosaic

SIZE = (480, 960)
MARGIN_CELLS = 24


def test_a_window_holds_tiles_and_margin() -> None:
    mask = np.zeros((400, 800), bool)
    mask[200, 500] = True
    window = window_of_tiles(list(iter_batches(mask, 4)), (100, 200), 10)
    assert window.rows.start <= 200 // 4 - 10
    assert 200 // 4 + 10 < window.rows.stop <= 200 // 4 + 20
    assert window.columns.start % 8 == 0
    assert window.columns.stop < 150
    planes = np.ones((2, window.rows.stop - window.rows.start, window.columns.stop - window.columns.start), np.float32)
    whole = np.zeros((2, 100, 200), np.float32)
    whole[:, window.rows, window.columns] = planes
    assert whole[0, 50, 125] == 1
    np.testing.assert_array_equal(window.pad(planes), tiles.pad_grid_planes(whole))
    everything = np.random.default_rng(0).random((2, 100, 200), dtype=np.float32)
    np.testing.assert_array_equal(whole_grid((100, 200)).pad(everything), tiles.pad_grid_planes(everything))


def test_what_is_far_from_the_edges_counts_next_to_nothing(
    coffee: Picture, chelsea: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = np.zeros(SIZE, np.float32)
    alpha[240:440, 120:320] = disc((200, 200), softness=6)
    picture = composite(alpha, mosaic(coffee.rgb, SIZE), 255 - mosaic(chelsea.rgb, SIZE))
    small = resampling.shrink(np.round(alpha * 255).astype(np.uint8), (120, 240))
    given = Matte(small.astype(np.uint16) * 257, 0.9, True, (0, 0, 240, 120))
    cells, run = [], onnx_runtime.run_kernel

    def count(name: str, threads: int | None = None, **inputs: np.ndarray) -> np.ndarray:
        if "guide" in inputs:
            cells.append(inputs["alpha"].size)
        return run(name, threads, **inputs)

    monkeypatch.setattr(onnx_runtime, "run_kernel", count)
    whole, part = refine(picture, given), refine(picture, given, margin_cells=MARGIN_CELLS)
    assert np.abs(whole.alpha.astype(int) - part.alpha).max() <= 4
    all_colours, near = estimate_foreground(picture, part), estimate_foreground(
        picture, part, margin_cells=MARGIN_CELLS
    )  # fmt: skip
    change = np.abs(all_colours.rgb.astype(int) - near.rgb) * (part.alpha[..., None] / 255)
    assert change.max() <= 3
    assert cells[1] < 0.6 * cells[0]
    assert cells[3] < 0.6 * cells[2] == 0.6 * np.prod(tiles.grid_size(SIZE, grid_step(SIZE)))
