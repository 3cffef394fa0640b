"""Strips cover all rows once."""

import pytest

from mattebox.core.strips import STRIP_ROWS, iter_strips


@pytest.mark.parametrize("height", [1, STRIP_ROWS, STRIP_ROWS + 1, 5 * STRIP_ROWS - 3])
def test_all_rows_once(height: int) -> None:
    rows = [y for strip in iter_strips(height) for y in range(strip.start, strip.stop)]
    assert rows == list(range(height))
