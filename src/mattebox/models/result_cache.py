"""Cache of network results, in memory and optionally on disk: a repeated input runs no network.

The key of an entry is the hash of the input and of everything else that decides the result, so entries are never out of
date. Files are written atomically and carry a checksum; a broken one counts as missing. Processes may share the folder;
the least recently used entries are deleted first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.core import fork
from mattebox.errors import OutputError
from mattebox.io import atomic_write
from mattebox.models.store import settings

NamedArrays: TypeAlias = "dict[str, NDArray[Any]]"

ENTRY_SUFFIX = ".matte"
CHECKSUM_BYTES = 32
DUMP_HEADER = struct.Struct(">64sQ")  # of an entry: its key, and the bytes that follow
MAX_MEMORY_BYTES = 24_000_000
EVICTION_SLACK_DIVISOR = 16  # the folder is scanned again after writing 1/16 of its limit


class CacheEntry(NamedTuple):
    """A file of the cache."""

    last_used: float
    """Seconds since the epoch."""

    size: int
    """In bytes."""

    path: Path


def cache_key(fingerprint: bytes, x: NDArray[Any]) -> str:
    """Hash an input together with the `fingerprint` of everything else that decides the result."""
    digest = hashlib.sha256(b"mattebox answer 1\n" + fingerprint + f"\n{x.dtype} {x.shape}\n".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()


class ResultCache:
    """Results by key. Threads may share it.

    Parameters
    ----------
    max_memory_bytes : int
        Bytes of results in memory, at most; `settings.max_cache_bytes` limits those on disk.
    """

    def __init__(self, max_memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self.max_memory_bytes = max_memory_bytes
        self._memory: OrderedDict[str, NamedArrays] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes_since_eviction: int | None = None  # bytes written since the last scan; None: not scanned yet
        fork.reset_in_forked_children(self)

    def reset_after_fork(self) -> None:
        """Forget who held the lock in the parent process."""
        self._lock = threading.Lock()

    def get(self, key: str) -> NamedArrays | None:
        """Return the result of a key; None where there is none, or where its file is broken."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        arrays = _load_or_discard_entry(entry_path(key)) if settings.max_cache_bytes() else None
        if arrays is not None:
            self._put_in_memory(key, arrays)
        return arrays

    def get_or_compute(self, key: str, compute: Callable[[], NamedArrays]) -> NamedArrays:
        """Return the result of a key; one that is missing is computed and stored."""
        arrays = self.get(key)
        if arrays is None:
            arrays = compute()
            self.put(key, arrays)
        return arrays

    def put(self, key: str, arrays: NamedArrays) -> None:
        """Store a result. A folder that cannot be written to is no error."""
        self._put_in_memory(key, arrays)
        max_bytes = settings.max_cache_bytes()
        content = _encode_arrays(arrays) if max_bytes else b""
        if not max_bytes or len(content) > max_bytes:
            return
        with contextlib.suppress(OSError, OutputError):
            _write_entry(entry_path(key), content)
            self._evict_if_due(len(content), max_bytes)

    def get_from_memory(self, key: str) -> NamedArrays | None:
        """The result of a key, if it is in memory."""
        with self._lock:
            return self._memory.get(key)

    def replace_in_memory(self, start: str, key: str, arrays: NamedArrays) -> None:
        """Keep a result in memory only, in the place of those whose keys begin with `start`."""
        with self._lock:
            for old in [name for name in self._memory if name.startswith(start)]:
                del self._memory[old]
        self._put_in_memory(key, arrays)

    def keys(self) -> set[str]:
        """The keys of the results in memory."""
        with self._lock:
            return set(self._memory)

    def clear(self) -> None:
        """Forget the results in memory."""
        with self._lock:
            self._memory.clear()

    def dump(self) -> bytes:
        """All results in memory, for `load`."""
        with self._lock:
            encoded = {key: _encode_arrays(arrays) for key, arrays in self._memory.items()}
        return b"".join(DUMP_HEADER.pack(key.encode(), len(content)) + content for key, content in encoded.items())

    def load(self, content: bytes) -> None:
        """Add the results of a `dump`. ValueError, zlib.error for anything else."""
        at = 0
        while at < len(content):
            key, length = DUMP_HEADER.unpack_from(content, at)
            at += DUMP_HEADER.size + length
            self._put_in_memory(key.decode(), _decode_arrays(content[at - length : at]))

    def _put_in_memory(self, key: str, arrays: NamedArrays) -> None:
        with self._lock:
            self._memory[key] = arrays
            while sum(map(_array_bytes, self._memory.values())) > self.max_memory_bytes:
                self._memory.popitem(last=False)

    def _evict_if_due(self, written: int, max_bytes: int) -> None:
        """Enforce the limit of the folder, where enough was written since the last time."""
        with self._lock:
            slack = max_bytes // EVICTION_SLACK_DIVISOR
            is_due = self._bytes_since_eviction is None or self._bytes_since_eviction + written > slack
            self._bytes_since_eviction = 0 if is_due else (self._bytes_since_eviction or 0) + written
        if is_due:
            evict_least_recent(max_bytes - slack)


def entry_path(key: str) -> Path:
    """The file of a key."""
    return settings.cache_folder() / f"{key}{ENTRY_SUFFIX}"


def list_entries() -> list[CacheEntry]:
    """List the entries on disk, least recently used first."""
    return sorted(_scan_entries())


def evict_least_recent(max_bytes: int) -> int:
    """Delete the least recently used entries on disk until `max_bytes` are left; returns the bytes freed."""
    entries = list_entries()
    total, freed = sum(entry.size for entry in entries), 0
    for entry in entries:
        if total - freed <= max_bytes:
            break
        with contextlib.suppress(OSError):  # another process was first
            entry.path.unlink()
        freed += entry.size
    return freed


def _scan_entries() -> Iterator[CacheEntry]:
    suffixes = (ENTRY_SUFFIX, atomic_write.TEMPORARY_SUFFIX)  # killed processes leave temporary files
    try:
        paths = [Path(e.path) for e in os.scandir(settings.cache_folder()) if e.name.endswith(suffixes)]
    except OSError:
        return
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            yield CacheEntry(status.st_mtime, status.st_size, path)


def _encode_arrays(arrays: NamedArrays) -> bytes:
    """A checksum, then a line of names, types and shapes, then the values; unsigned integers are compressed."""
    contiguous = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    header = json.dumps([[name, a.dtype.str, a.shape] for name, a in contiguous.items()]).encode() + b"\n"
    level = 1 if all(a.dtype.kind == "u" for a in contiguous.values()) else 0
    body = zlib.compress(header + b"".join(a.tobytes() for a in contiguous.values()), level)
    return hashlib.sha256(body).digest() + body


def _decode_arrays(content: bytes) -> NamedArrays:
    """The arrays of `_encode_arrays`. ValueError, zlib.error for broken content."""
    checksum, body = content[:CHECKSUM_BYTES], content[CHECKSUM_BYTES:]
    if hashlib.sha256(body).digest() != checksum:
        raise ValueError("wrong checksum")
    header, _, values = zlib.decompress(body).partition(b"\n")
    arrays, at = {}, 0
    for name, dtype_name, shape in json.loads(header):
        dtype, count = np.dtype(dtype_name), int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(values, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
    return arrays


def _load_or_discard_entry(path: Path) -> NamedArrays | None:
    """Read a file and mark it as used now; a broken one is deleted."""
    try:
        arrays = _decode_arrays(path.read_bytes())
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
    """Write a file atomically, readable by this user only. OSError, OutputError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic_write.write_bytes(path, content, overwrite=True, private=True, durable=False)


def _array_bytes(arrays: NamedArrays) -> int:
    return sum(a.nbytes for a in arrays.values())


shared_cache = ResultCache()
"""The cache of this process's networks."""
