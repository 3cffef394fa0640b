"""Object stores for tests: in memory, or in a folder that several processes share, in place of a cloud's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mattebox.io import object_store
from tests.fakes import composite, disc


def memory_stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every store is one in memory from now on; those that were opened, by root."""
    pytest.importorskip("obstore", reason="the extra `store` is not installed")
    from obstore.store import MemoryStore

    opened: dict[str, Any] = {}

    def open_store(root: str) -> Any:
        return opened.setdefault(root, MemoryStore())

    monkeypatch.setattr(object_store, "open_store", open_store)
    return opened


def folder_stores(folder: Path) -> None:
    """Every store is a folder below this one from now on, in this process."""
    from obstore.store import LocalStore

    def open_store(root: str) -> Any:
        path = folder / root.partition("://")[2]
        path.mkdir(parents=True, exist_ok=True)
        return LocalStore(path)

    object_store.open_store = open_store  # type: ignore[assignment]


def photo_bytes(height: int = 100, suffix: str = "jpeg") -> bytes:
    """A red disc on blue: what the fake network takes for a subject."""
    file = io.BytesIO()
    Image.fromarray(composite(disc((height, 140), 2), (220, 60, 20), (20, 60, 220)).rgb).save(file, suffix)
    return file.getvalue()
