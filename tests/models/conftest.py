"""Fixtures of the weight store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.models.store import download
from tests.models.weight_server import CONTENT, WeightServer, serve_weights, use_home_folder


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home folder of models, empty."""
    monkeypatch.setattr(download, "FIRST_RETRY_SECONDS", 0.001)
    return use_home_folder(monkeypatch, tmp_path / "home")


@pytest.fixture
def server(home: Path) -> Iterator[WeightServer]:
    """A server of `CONTENT`."""
    with serve_weights(CONTENT) as weights:
        yield weights
