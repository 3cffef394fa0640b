"""Cached results are returned exactly, files are complete or absent, sizes are bounded; processes may share them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.io import atomic_write
from mattebox.models import result_cache
from mattebox.models.cards.registry import MODEL_PRESETS
from mattebox.models.matte_session import Session
from mattebox.models.result_cache import ResultCache
from mattebox.models.store import settings
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut
from mattebox.types import Picture
from tests.models.weight_server import use_home_folder

ANSWER = {"alpha": np.arange(12, dtype=np.uint16).reshape(3, 4), "scores": np.array([0.5, -2.0], np.float32)}

RACE = """
import sys, numpy as np
from mattebox.models.result_cache import ResultCache, entry_path, list_entries
own = ResultCache()
for i in range(int(sys.argv[1]), int(sys.argv[1]) + 40):
    plane = np.full((100, 100), i % 20, np.float32)
    own.put(f"{i % 20:064}", {"alpha": plane})
    found = ResultCache().get(f"{i % 20:064}")
    assert found is None or (found["alpha"] == i % 20).all()
"""


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("MATTEBOX_CACHE", "1MB")
    return use_home_folder(monkeypatch, tmp_path / "home")


def same(found: result_cache.NamedArrays | None) -> bool:
    return found is not None and all((found[k] == v).all() and found[k].dtype == v.dtype for k, v in ANSWER.items())


def test_entries_are_found_in_memory_and_on_disk() -> None:
    first = ResultCache()
    first.put("a" * 64, ANSWER)
    assert same(first.get("a" * 64))
    assert same(ResultCache().get("a" * 64))
    assert ResultCache().get("b" * 64) is None


def test_files_are_of_this_user_only() -> None:
    ResultCache().put("a" * 64, ANSWER)
    (path,) = settings.cache_folder().iterdir()
    assert path.name == "a" * 64 + ".matte"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_file_with_a_flipped_byte_is_deleted(at: int) -> None:
    ResultCache().put("a" * 64, ANSWER)
    path = result_cache.entry_path("a" * 64)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    assert ResultCache().get("a" * 64) is None
    assert not path.exists()
    path.write_bytes(b"short")
    assert ResultCache().get("a" * 64) is None


def test_nothing_is_written_without_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_CACHE", "0")
    own = ResultCache()
    own.put("a" * 64, ANSWER)
    assert same(own.get("a" * 64))
    assert not settings.cache_folder().exists()


def test_a_folder_that_cannot_be_written_to_is_no_error(home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("a file")
    own = ResultCache()
    own.put("a" * 64, ANSWER)
    assert same(own.get("a" * 64))
    assert ResultCache().get("a" * 64) is None


def test_the_folder_is_limited_and_the_oldest_entries_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_CACHE", "400kB")
    own = ResultCache()
    for i in range(30):
        own.put(f"{i:064}", {"x": np.full(10_000, i, np.float32)})
        path = result_cache.entry_path(f"{i:064}")
        if path.exists():
            os.utime(path, (i, i))
        assert sum(size for _, size, _ in result_cache.list_entries()) <= 400_000
    assert result_cache.entry_path(f"{29:064}").exists()
    assert not result_cache.entry_path(f"{0:064}").exists()


def test_used_entries_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        ResultCache().put(f"{i:064}", {"x": np.full(10_000, i, np.float32)})
        os.utime(result_cache.entry_path(f"{i:064}"), (i, i))
    assert ResultCache().get(f"{0:064}") is not None  # now the youngest
    assert result_cache.evict_least_recent(45_000) > 0
    assert [p.name[:64] for _, _, p in result_cache.list_entries()] == [f"{0:064}"]
    assert result_cache.evict_least_recent(0) > 0
    assert result_cache.list_entries() == []


def test_an_entry_larger_than_the_limit_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_CACHE", "10kB")
    ResultCache().put("a" * 64, {"x": np.zeros(10_000, np.float32)})
    assert result_cache.list_entries() == []


def test_memory_is_bounded() -> None:
    own = ResultCache(max_memory_bytes=100_000)
    for i in range(10):
        own.put(f"{i:064}", {"x": np.zeros(10_000, np.float32)})
    assert sum(a.nbytes for kept in own._memory.values() for a in kept.values()) <= 100_000


def test_racing_processes_find_complete_entries_only() -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", RACE, str(start)], stderr=subprocess.PIPE) for start in (0, 7, 13)
    ]
    assert [child.communicate()[1] for child in children] == [b""] * 3
    assert len(result_cache.list_entries()) <= 20
    assert not [p for _, _, p in result_cache.list_entries() if p.suffix == atomic_write.TEMPORARY_SUFFIX]


@pytest.mark.parametrize(("value", "size"), [("0", 0), ("", 0), ("off", 0), ("20MB", 20_000_000), ("1G", 10**9)])
def test_sizes(monkeypatch: pytest.MonkeyPatch, value: str, size: int) -> None:
    monkeypatch.setenv("MATTEBOX_CACHE", value)
    assert settings.max_cache_bytes() == size


def test_a_malformed_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_CACHE", "much")
    with pytest.raises(UsageError, match="MATTEBOX_CACHE=much; set it to a size such as 500MB"):
        settings.max_cache_bytes()


def test_a_second_cut_with_another_background_starts_no_network(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same bytes as without a cache; another process would find it on disk, so memory is emptied between."""
    monkeypatch.setenv("MATTEBOX_CACHE", "0")
    wanted = run_recipe(
        astronaut, Recipe((Cut(), Background(paint="white"))), session=Session.open_lazily("fast", "cpu")
    )
    monkeypatch.setenv("MATTEBOX_CACHE", "1MB")
    monkeypatch.setattr(result_cache, "shared_cache", ResultCache())
    run_recipe(astronaut, Recipe((Cut(),)), session=Session.open_lazily("fast", "cpu"))
    monkeypatch.setattr(result_cache, "shared_cache", ResultCache())
    resting = Session.open_lazily("fast", "cpu")
    made = run_recipe(astronaut, Recipe((Cut(), Background(paint="white"))), session=resting)
    assert resting._network is not None
    assert resting._network._session is None
    assert (made.picture.rgb == wanted.picture.rgb).all()
    assert (made.device, made.model) == ("cpu", MODEL_PRESETS["fast"])


def test_other_pictures_and_weights_have_other_keys(astronaut: Picture, chelsea: Picture) -> None:
    Session.open_lazily("fast", "cpu").predict_alpha(astronaut)
    for model, picture in (("fast", chelsea), ("balanced", astronaut)):
        session = Session.open_lazily(model, "cpu")
        session.predict_alpha(picture)
        assert session._network is not None
        assert session._network._session is not None
