"""The matte refiner takes tiles of any size, and opens models of its own task only."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.matte_refiner import MatteRefiner, open_matte_refiner
from tests.fakes import OURS


@pytest.mark.parametrize(("cells", "step", "shrink"), [((1, 1), 1, 1), ((3, 7), 5, 1), ((9, 4), 10, 2), ((2, 3), 7, 3)])
def test_a_tile_of_any_size(cells: tuple[int, int], step: int, shrink: int) -> None:
    rng = np.random.default_rng(0)
    height, width = (c * step for c in cells)
    planes = rng.normal(0, 1, (1, 27, cells[0] + 2, cells[1] + 2)).astype(np.float32)
    common = rng.random((height, width), np.float32)
    alpha = open_matte_refiner().run(
        rng.random((height, width, 3), np.float32),
        rng.random((height, width), np.float32),
        planes,
        common,
        shrink,
        (5, 3),
    )
    assert alpha.shape == (height, width)
    assert 0 <= alpha.min() <= alpha.max() <= 1


def test_without_evidence_the_levelled_prior_is_the_result() -> None:
    rng = np.random.default_rng(1)
    tile, prior = rng.random((40, 48, 3), np.float32), rng.random((40, 48), np.float32)
    alpha = open_matte_refiner().run(tile, prior, np.zeros((1, 27, 12, 14), np.float32), prior, 1, (0, 0))
    np.testing.assert_allclose(alpha, np.clip((prior - 0.1) / 0.8, 0, 1), atol=1e-5)


def test_it_is_shared_and_other_models_are_refused() -> None:
    assert open_matte_refiner() is open_matte_refiner()
    with pytest.raises(ModelError, match=f"model {OURS} is for cutout, not refine; choose edges-2"):
        MatteRefiner.open(OURS)
