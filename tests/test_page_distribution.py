"""The distribution mattebox-page: what its build fetches is what it has pinned."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "mattebox-page"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that fetches the runtime, with an archive of one file in the place of the registry's."""
    spec = importlib.util.spec_from_file_location("runtime_archive", FOLDER / "runtime_archive.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    content, packed = b"runtime", io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        member = tarfile.TarInfo("package/dist/runtime.mjs")
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(module, "download_archive", packed.getvalue)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "runtime")
    monkeypatch.setattr(module, "ARCHIVE_SHA512", hashlib.sha512(packed.getvalue()).hexdigest())
    monkeypatch.setattr(module, "SHA256_BY_FILE", {"runtime.mjs": hashlib.sha256(content).hexdigest()})
    return module


def test_files_are_fetched_once(archive: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.fetch_files()
    assert gzip.decompress((archive.FOLDER / "runtime.mjs.gz").read_bytes()) == b"runtime"
    monkeypatch.setattr(archive, "download_archive", lambda: pytest.fail("it is there"))
    archive.fetch_files()


@pytest.mark.parametrize("pinned", ["ARCHIVE_SHA512", "SHA256_BY_FILE"])
def test_another_archive_is_refused(archive: ModuleType, monkeypatch: pytest.MonkeyPatch, pinned: str) -> None:
    monkeypatch.setattr(archive, pinned, {"runtime.mjs": "0" * 64} if pinned == "SHA256_BY_FILE" else "0" * 128)
    with pytest.raises(ValueError, match="pinned"):
        archive.fetch_files()
    assert not archive.has_files()


def test_licences_travel_with_the_runtime() -> None:
    assert "MIT License" in (FOLDER / "licences" / "onnxruntime-LICENSE.txt").read_text()
    assert "THIRD PARTY" in (FOLDER / "licences" / "onnxruntime-ThirdPartyNotices.txt").read_text().upper()
