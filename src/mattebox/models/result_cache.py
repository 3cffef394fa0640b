"""What a network said of an input, kept: asked the same again, no network runs. In memory, and on disk where wished.

An entry's name is the hash of the input and of everything else that decides the answer, so nothing kept can be out of
date. Files appear whole or not at all and carry a checksum; a broken one is no entry. Any number of processes may share
the folder; what was unused for longest goes first. Knows nothing of cards, networks or pictures.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.models.store import settings

NamedArrays: TypeAlias = "dict[str, NDArray[Any]]"

ENTRY_SUFFIX, PARTIAL_SUFFIX = ".matte", ".part"
MAX_MEMORY_BYTES = 24_000_000  # bytes in memory
EVICTION_SLACK_DIVISOR = 16  # the folder is looked over again after a sixteenth of its bound was written


def cache_key(fingerprint: bytes, x: NDArray[Any]) -> str:
    """The name of an answer: of what decides it, and the input."""
    digest = hashlib.sha256(b"mattebox answer 1\n" + fingerprint + f"\n{x.dtype} {x.shape}\n".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()


class ResultCache:
    """At most `max_memory_bytes` bytes of answers in memory, and what `settings` allows in its folder. Threads may share it."""

    def __init__(self, max_memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self.max_memory_bytes = max_memory_bytes
        self._memory: OrderedDict[str, NamedArrays] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes_since_eviction: int | None = None  # bytes since the folder was looked over; None: never

    def get(self, key: str) -> NamedArrays | None:
        """What was kept under that name; None when there is nothing, or nothing whole."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        arrays = _read_entry(entry_path(key)) if settings.max_cache_bytes() else None
        if arrays is not None:
            self._put_in_memory(key, arrays)
        return arrays

    def put(self, key: str, arrays: NamedArrays) -> None:
        """Keep it. A folder that cannot be written to keeps nothing, and that is no error."""
        self._put_in_memory(key, arrays)
        most = settings.max_cache_bytes()
        content = _encode_arrays(arrays) if most else b""
        if not most or len(content) > most:
            return
        with contextlib.suppress(OSError):
            _write_entry(entry_path(key), content)
            self._evict_if_due(len(content), most)

    def _put_in_memory(self, key: str, arrays: NamedArrays) -> None:
        with self._lock:
            self._memory[key] = arrays
            while sum(map(_array_bytes, self._memory.values())) > self.max_memory_bytes:
                self._memory.popitem(last=False)

    def _evict_if_due(self, written: int, max_bytes: int) -> None:
        """Look the folder over where enough was written."""
        with self._lock:
            due = (
                self._bytes_since_eviction is None
                or self._bytes_since_eviction + written > max_bytes // EVICTION_SLACK_DIVISOR
            )
            self._bytes_since_eviction = 0 if due else (self._bytes_since_eviction or 0) + written
        if due:
            evict_least_recent(max_bytes - max_bytes // EVICTION_SLACK_DIVISOR)


def entry_path(key: str) -> Path:
    return settings.cache_folder() / f"{key}{ENTRY_SUFFIX}"


def list_entries() -> list[tuple[float, int, Path]]:
    """When each was used last, its bytes and its path; the oldest first."""
    return sorted(_scan_entries())


def evict_least_recent(max_bytes: int) -> int:
    """Delete the entries unused for longest until at most so many bytes are left; the bytes set free."""
    there = list_entries()
    whole, freed = sum(size for _, size, _ in there), 0
    for _, size, path in there:
        if whole - freed <= max_bytes:
            break
        with contextlib.suppress(OSError):  # another process was first
            path.unlink()
        freed += size
    return freed


def _scan_entries() -> Iterator[tuple[float, int, Path]]:
    try:
        found = [
            Path(e.path) for e in os.scandir(settings.cache_folder()) if e.name.endswith((ENTRY_SUFFIX, PARTIAL_SUFFIX))
        ]
    except OSError:
        return
    for path in found:
        with contextlib.suppress(OSError):
            facts = path.stat()
            yield facts.st_mtime, facts.st_size, path


def _encode_arrays(arrays: NamedArrays) -> bytes:
    """A checksum, then a line of names, types and shapes, then the numbers; whole numbers compressed."""
    parts = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    head = json.dumps([[name, a.dtype.str, a.shape] for name, a in parts.items()]).encode() + b"\n"
    level = 1 if all(a.dtype.kind == "u" for a in parts.values()) else 0
    body = zlib.compress(head + b"".join(a.tobytes() for a in parts.values()), level)
    return hashlib.sha256(body).digest() + body


def _read_entry(path: Path) -> NamedArrays | None:
    """The arrays of a file, which counts as used now; a broken one is deleted."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            raise ValueError("broken")
        head, _, body = zlib.decompress(content[32:]).partition(b"\n")
        arrays, at = {}, 0
        for name, kind, shape in json.loads(head):
            dtype, count = np.dtype(kind), int(np.prod(shape, dtype=np.int64))
            arrays[name] = np.frombuffer(body, dtype, count, at).reshape(shape)
            at += count * dtype.itemsize
    except FileNotFoundError:
        return None
    except (OSError, ValueError, zlib.error):
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return arrays


def _write_entry(path: Path, content: bytes) -> None:
    """Whole or not at all, and for this user only. OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=PARTIAL_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _array_bytes(arrays: NamedArrays) -> int:
    return sum(a.nbytes for a in arrays.values())


shared_cache = ResultCache()
"""The one that this process's networks keep their answers in."""
