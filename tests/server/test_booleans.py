"""Boolean values in text."""

import pytest

from mattebox.server.booleans import parse_boolean


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("False", False), ("0", False), ("yes", None), ("", None)]
)
def test_values(text: str, value: bool | None) -> None:
    assert parse_boolean(text) is value
