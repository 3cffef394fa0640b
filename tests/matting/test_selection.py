"""Selection: one of several subjects is kept with its own soft edge."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting.selection import keep_selected_subject, parse_selection
from mattebox.types import Matte, Picture

SIZE = (60, 80)
PLAIN = Picture(np.zeros((*SIZE, 3), np.uint8))


def two_components() -> Matte:
    """A large certain component and a small doubtful one, each with a soft rim."""
    alpha = np.zeros(SIZE)
    alpha[9:51, 9:41] = 0.3
    alpha[10:50, 10:40] = 1
    alpha[19:41, 59:71] = 0.3
    alpha[20:40, 60:70] = 0.7
    return Matte(np.round(alpha * 65535).astype(np.uint16), 0.9, True, (10, 10, 70, 50))


@pytest.mark.parametrize(("pick", "large", "small"), [
    ("all", True, True), ("largest", True, False), ("1", True, False), ("2", False, True), ("65,30", False, True),
    ("20%,20%", True, False),
])  # fmt: skip
def test_one_is_kept_with_its_soft_edge(pick: str, large: bool, small: bool) -> None:
    matte = two_components()
    made = keep_selected_subject(PLAIN, matte, parse_selection(pick, SIZE))
    for there, part in ((large, np.s_[9:51, 9:41]), (small, np.s_[19:41, 59:71])):
        assert (made.alpha[part] == (matte.alpha[part] if there else 0)).all()
    if pick == "2":
        assert made.box == (60, 20, 70, 40)


def test_a_missing_component_is_refused() -> None:
    with pytest.raises(UsageError, match="no subject 3, only 2"):
        keep_selected_subject(PLAIN, two_components(), parse_selection("3"))
    with pytest.raises(UsageError, match="no subject under 1,1"):
        keep_selected_subject(PLAIN, two_components(), parse_selection("1,1", SIZE))


@pytest.mark.parametrize("pick", ["0", "2nd", "-1", "", "1,2,3"])
def test_nonsense_is_refused(pick: str) -> None:
    with pytest.raises(UsageError):
        parse_selection(pick)


@pytest.mark.parametrize(
    ("text", "kind", "rank", "classes"),
    [("all", "all", 1, ()), ("largest", "largest", 1, ()), ("3", "rank", 3, ()), ("dog", "classes", 1, ("dog",)),
     ("person+dining table", "classes", 1, ("person", "dining table"))],
)  # fmt: skip
def test_a_selection_is_parsed(text: str, kind: str, rank: int, classes: tuple[str, ...]) -> None:
    selection = parse_selection(text)
    assert (selection.text, selection.kind, selection.rank, selection.classes) == (text, kind, rank, classes)
    assert selection.position is None


def test_a_position_moves_with_the_crop() -> None:
    selection = parse_selection("50%,25%", (100, 200))
    assert selection.kind == "position"
    moved = selection.to_crop((50, 0, 150, 50), (100, 200)).position
    assert moved is not None
    assert moved.points == ((0.5, 0.5),)
    with pytest.raises(UsageError, match="outside the region"):
        selection.to_crop((120, 0, 150, 50), (100, 200))
