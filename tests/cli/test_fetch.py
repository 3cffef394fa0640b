"""Photographs from addresses: only when asked for, only where there is a network, named after what they are."""

from pathlib import Path

import pytest

from mattebox.errors import InputMissing
from mattebox.io import url_fetch as door
from mattebox.io.input_items import InputItem, expand_inputs
from tests.cli.conftest import Run


def test_not_unless_asked_for(run: Run) -> None:
    ran = run("cut", "https://example.org/mug.jpg")
    assert ran.code == 3
    assert "--fetch" in ran.error


def test_fetched_and_named_after_the_address(
    run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(url: str, rules: door.FetchPolicy) -> bytes:
        asked.append(url)
        return photo.read_bytes()

    monkeypatch.setattr(door, "fetch_url", fetch)
    ran = run("cut", "https://example.org/a/mug.jpg?size=1", "--fetch")
    assert ran.code == 0, ran.err
    assert (tmp_path / "mug-cut.png").exists()
    assert asked == ["https://example.org/a/mug.jpg?size=1"]


def test_inside_addresses_stay_unreached(run: Run) -> None:
    ran = run("cut", "http://127.0.0.1/mug.jpg", "--fetch")
    assert ran.code == 3
    assert "refused" in ran.error


def test_offline_wins(run: Run) -> None:
    ran = run("cut", "https://example.org/mug.jpg", "--fetch", "--offline")
    assert ran.code == 2


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://e.org/mug.jpg", "mug.jpg"),
        ("https://e.org/", "picture"),
        ("https://e.org/..%2f..%2fx.png", "_.._x.png"),
        ("HTTP://e.org/a/%2e%2e", "picture"),
        ("https://e.org/a b.jpg#x", "a_b.jpg"),
    ],
)
def test_names(address: str, name: str) -> None:
    assert list(expand_inputs([address], allow_urls=True)) == [InputItem(Path(name), Path(name), url=address)]
    (refused,) = expand_inputs([address])
    assert isinstance(refused, InputMissing)
