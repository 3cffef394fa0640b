"""Subject list: a matte is split into its connected components."""

from __future__ import annotations

import pytest

from mattebox.matting.subject_list import split_into_instances
from tests.matting.test_selection import two_components


def test_components_are_listed_largest_first() -> None:
    large, small = split_into_instances(two_components(), (600, 800))
    assert large.box == (100, 100, 400, 500)
    assert small.box == (600, 200, 700, 400)
    assert large.area_share == pytest.approx(0.25)
    assert large.score > 0.99 > 0.72 > small.score
