"""Instances: what hangs together is listed, and one is picked with its own soft edge."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting import instances
from mattebox.matting.scribbles import parse_scribbles
from mattebox.types import Matte

SIZE = (60, 80)


def two() -> Matte:
    """A large sure part, a small doubtful one, each with a soft rim."""
    alpha = np.zeros(SIZE)
    alpha[9:51, 9:41] = 0.3
    alpha[10:50, 10:40] = 1
    alpha[19:41, 59:71] = 0.3
    alpha[20:40, 60:70] = 0.7
    return Matte(np.round(alpha * 65535).astype(np.uint16), 0.9, True, (10, 10, 70, 50))


def test_parts_are_listed_largest_first() -> None:
    large, small = instances.split_into_instances(two(), (600, 800))
    assert large.box == (100, 100, 400, 500)
    assert small.box == (600, 200, 700, 400)
    assert large.area_share == pytest.approx(0.25)
    assert large.score > 0.99 > 0.72 > small.score


@pytest.mark.parametrize(("pick", "large", "small"), [
    ("all", True, True), ("largest", True, False), ("1", True, False), ("2", False, True), ("65,30", False, True),
    ("20%,20%", True, False),
])  # fmt: skip
def test_one_is_picked_with_its_rim(pick: str, large: bool, small: bool) -> None:
    matte = two()
    place = parse_scribbles(pick, SIZE)[0] if "," in pick else None
    made = instances.keep_selected_instance(matte, pick, place)
    for there, part in ((large, np.s_[9:51, 9:41]), (small, np.s_[19:41, 59:71])):
        assert (made.alpha[part] == (matte.alpha[part] if there else 0)).all()
    if pick == "2":
        assert made.box == (60, 20, 70, 40)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="no part 3, only 2"):
        instances.keep_selected_instance(two(), "3", None)
    with pytest.raises(UsageError, match="no subject under 1,1"):
        instances.keep_selected_instance(two(), "1,1", parse_scribbles("1,1", SIZE)[0])


@pytest.mark.parametrize("pick", ["0", "2nd", "-1", "", "1,2,3"])
def test_nonsense_is_refused(pick: str) -> None:
    with pytest.raises(UsageError):
        instances.check_selection(pick)
