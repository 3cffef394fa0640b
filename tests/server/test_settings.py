"""Settings from the environment, and their table in the documentation."""

from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.server.settings import load_settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


def test_settings_from_the_environment() -> None:
    made = load_settings({"MATTEBOX_SERVER_PORT": "8000", "MATTEBOX_SERVER_PAGE": "false", "OTHER": "x"}, model="best")
    assert (made.port, made.page, made.model) == (8000, False, "best")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"MATTEBOX_SERVER_PROT": "1"}, "not a setting"),
        ({"MATTEBOX_SERVER_PORT": "x"}, "whole number"),
        ({"MATTEBOX_SERVER_PAGE": "x"}, "true or false"),
        ({"MATTEBOX_SERVER_HOST": "0.0.0.0"}, "would let anyone in"),
        ({"MATTEBOX_SERVER_PORT": "70000"}, "not a port"),
    ],
)
def test_invalid_settings(environment: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_settings(environment)


def test_every_setting_is_documented() -> None:
    assert settings_table() in (ROOT / "docs/server.md").read_text()
