"""Where the mattes of intervals between key frames are kept: in a hidden folder beside the result, or in memory."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.io.atomic_write import make_folder, write_bytes

FOLDER_SUFFIX = ".mattebox-roto"


class IntervalStore(ABC):
    """The mattes of intervals, by name.

    Attributes
    ----------
    reused_count, computed_count : int
        Intervals of this run.
    """

    def __init__(self) -> None:
        self.reused_count = self.computed_count = 0
        self._names: list[str] = []

    def find(self, name: str) -> bool:
        """Whether the next interval, which has this name, is there."""
        found = self._has(name)
        if found:
            self.reused_count += 1
            self._names.append(name)
        return found

    def add(self, name: str, alphas: NDArray[np.uint8]) -> None:
        """Keep the mattes of the next interval, N x h x w. OutputError."""
        packed = io.BytesIO()
        np.savez_compressed(packed, alphas=alphas)
        self._write(name, packed.getvalue())
        self.computed_count += 1
        self._names.append(name)

    def iter_mattes(self) -> Iterator[NDArray[np.uint8]]:
        """The mattes of all frames of this run in their order, 0..255 on the grid."""
        for name in self._names:
            yield from np.load(io.BytesIO(self._read(name)))["alphas"]

    @abstractmethod
    def remove_others(self) -> None:
        """Remove the intervals that this run did not use."""

    @abstractmethod
    def _has(self, name: str) -> bool: ...

    @abstractmethod
    def _read(self, name: str) -> bytes: ...

    @abstractmethod
    def _write(self, name: str, content: bytes) -> None: ...


class IntervalFolder(IntervalStore):
    """Intervals in a hidden folder beside a result, for later runs."""

    def __init__(self, target: Path) -> None:
        super().__init__()
        self._folder = target.with_name(f".{target.name}{FOLDER_SUFFIX}")

    def remove_others(self) -> None:
        """Remove the intervals that this run did not use."""
        for path in self._folder.glob("*.npz"):
            if path.name not in self._names:
                path.unlink()

    def _has(self, name: str) -> bool:
        return (self._folder / name).exists()

    def _read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def _write(self, name: str, content: bytes) -> None:
        make_folder(self._folder)
        write_bytes(self._folder / name, content, overwrite=True)


class IntervalMemory(IntervalStore):
    """Intervals of one run in memory, compressed."""

    def __init__(self) -> None:
        super().__init__()
        self._contents: dict[str, bytes] = {}

    def remove_others(self) -> None:
        """Nothing: it ends with the run."""

    def _has(self, name: str) -> bool:
        return name in self._contents

    def _read(self, name: str) -> bytes:
        return self._contents[name]

    def _write(self, name: str, content: bytes) -> None:
        self._contents[name] = content
