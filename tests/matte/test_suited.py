"""The automatic choice of refinement: crisp edges stay with colours, hair gets the network."""

import numpy as np
import pytest
import skimage.data

from mattebox.matte import suited as room
from mattebox.matte.suited import softness, suited
from mattebox.types import Floats, Size
from tests.fakes import composite, disc, hairy, mosaic
from tests.matte.test_refine import coarse

SIZE: Size = (300, 400)


@pytest.mark.parametrize(("truth", "way"), [(disc(SIZE), "refine"), (hairy(SIZE), "fine")])
def test_hair_gets_the_network_and_a_mug_does_not(truth: Floats, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    front, back = (mosaic(getattr(skimage.data, name)(), SIZE) for name in ("chelsea", "rocket"))
    picture, given = composite(truth, front, back), coarse(truth)
    wanted = getattr(room, way)(picture, given)
    monkeypatch.delattr(room, {"refine": "fine", "fine": "refine"}[way])
    assert np.array_equal(suited(picture, given).alpha, wanted.alpha)


def test_softness_is_the_width_of_the_uncertain_band() -> None:
    ramp = np.tile(np.linspace(-9, 10, 20).clip(0, 1) * 65535, (30, 1)).astype(np.uint16)
    assert softness(ramp) == 0
    wide = np.tile((np.arange(20) / 19 * 65535).astype(np.uint16), (30, 1))
    assert softness(wide) == pytest.approx(16)
    assert softness(np.zeros((8, 8), np.uint16)) == 0
