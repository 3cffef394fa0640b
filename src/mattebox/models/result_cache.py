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

from mattebox.models.store import environment

Arrays: TypeAlias = "dict[str, NDArray[Any]]"

SUFFIX, PART = ".matte", ".part"
HELD = 24_000_000  # bytes in memory
SLACK = 16  # the folder is looked over again after a sixteenth of its bound was written


def key(decisive: bytes, x: NDArray[Any]) -> str:
    """The name of an answer: of what decides it, and the input."""
    digest = hashlib.sha256(b"mattebox answer 1\n" + decisive + f"\n{x.dtype} {x.shape}\n".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()


class Cache:
    """At most `held` bytes of answers in memory, and what `settings` allows in its folder. Threads may share it."""

    def __init__(self, held: int = HELD) -> None:
        self.held = held
        self._memory: OrderedDict[str, Arrays] = OrderedDict()
        self._lock = threading.Lock()
        self._written: int | None = None  # bytes since the folder was looked over; None: never

    def get(self, name: str) -> Arrays | None:
        """What was kept under that name; None when there is nothing, or nothing whole."""
        with self._lock:
            if name in self._memory:
                self._memory.move_to_end(name)
                return self._memory[name]
        arrays = _read(path_of(name)) if environment.cache_bytes() else None
        if arrays is not None:
            self._hold(name, arrays)
        return arrays

    def put(self, name: str, arrays: Arrays) -> None:
        """Keep it. A folder that cannot be written to keeps nothing, and that is no error."""
        self._hold(name, arrays)
        most = environment.cache_bytes()
        content = _packed(arrays) if most else b""
        if not most or len(content) > most:
            return
        with contextlib.suppress(OSError):
            _write(path_of(name), content)
            self._bound(len(content), most)

    def _hold(self, name: str, arrays: Arrays) -> None:
        with self._lock:
            self._memory[name] = arrays
            while sum(map(_size, self._memory.values())) > self.held:
                self._memory.popitem(last=False)

    def _bound(self, written: int, most: int) -> None:
        """Look the folder over where enough was written."""
        with self._lock:
            due = self._written is None or self._written + written > most // SLACK
            self._written = 0 if due else (self._written or 0) + written
        if due:
            shrink(most - most // SLACK)


def path_of(name: str) -> Path:
    return environment.cache_folder() / f"{name}{SUFFIX}"


def entries() -> list[tuple[float, int, Path]]:
    """When each was used last, its bytes and its path; the oldest first."""
    return sorted(_entries())


def shrink(most: int) -> int:
    """Delete the entries unused for longest until at most so many bytes are left; the bytes set free."""
    there = entries()
    whole, freed = sum(size for _, size, _ in there), 0
    for _, size, path in there:
        if whole - freed <= most:
            break
        with contextlib.suppress(OSError):  # another process was first
            path.unlink()
        freed += size
    return freed


def _entries() -> Iterator[tuple[float, int, Path]]:
    try:
        found = [Path(e.path) for e in os.scandir(environment.cache_folder()) if e.name.endswith((SUFFIX, PART))]
    except OSError:
        return
    for path in found:
        with contextlib.suppress(OSError):
            facts = path.stat()
            yield facts.st_mtime, facts.st_size, path


def _packed(arrays: Arrays) -> bytes:
    """A checksum, then a line of names, types and shapes, then the numbers; whole numbers compressed."""
    parts = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    head = json.dumps([[name, a.dtype.str, a.shape] for name, a in parts.items()]).encode() + b"\n"
    level = 1 if all(a.dtype.kind == "u" for a in parts.values()) else 0
    body = zlib.compress(head + b"".join(a.tobytes() for a in parts.values()), level)
    return hashlib.sha256(body).digest() + body


def _read(path: Path) -> Arrays | None:
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


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for this user only. OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _size(arrays: Arrays) -> int:
    return sum(a.nbytes for a in arrays.values())


shared = Cache()
"""The one that this process's networks keep their answers in."""
