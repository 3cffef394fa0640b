"""Tiles of a large result kept on disk beside it until it is whole, so that a killed batch need not make them again.

One file that only grows: a record for each tile, with its checksum. What a kill cut short is not read back. Knows
nothing of networks.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mattebox.enhancement.tile_sink import TilePosition, TileSink
from mattebox.io.atomic_write import output_error
from mattebox.types import Pixels

RECORD_HEADER = struct.Struct("<5I I")  # which canvas, top, left, height, width; checksum of these and the pixels
CHECKPOINT_SUFFIX = ".tiles"


class TileCheckpoint:
    """The tiles of the result at `target`, made under `key`: the hash of all that decides how they look."""

    def __init__(self, target: Path, key: str, *, resume: bool) -> None:
        self.path = target.with_name(f".{target.name}.{key[:16]}{CHECKPOINT_SUFFIX}")
        for other in target.parent.glob(f".{escape_glob(target.name)}.*{CHECKPOINT_SUFFIX}"):
            if other != self.path or not resume:
                other.unlink(missing_ok=True)
        self._sink_count = 0
        self._file: BinaryIO | None = None
        self._saved_tiles = self._read_records() if self.path.exists() else {}

    def next_tile_sink(self, pixels: Pixels) -> TileSink:
        """The next canvas, with the tiles that an earlier run made put into it."""
        number, self._sink_count = self._sink_count, self._sink_count + 1
        canvas = TileSink(pixels, on_tile=lambda place, tile: self._append_record(number, place, tile))
        for (owner, top, left), tile in self._saved_tiles.items():
            if owner == number:
                canvas.pixels[top : top + tile.shape[0], left : left + tile.shape[1]] = self._restore_dtype(
                    tile, pixels
                )
                canvas.completed.add((top, left))
        return canvas

    def close(self) -> None:
        """Write no more; what is kept stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """Forget it all: the result is whole, or will not be."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _append_record(self, sink_number: int, place: TilePosition, tile: Pixels) -> None:
        try:
            if self._file is None:
                self._file = open(self.path, "ab")  # noqa: SIM115  open as long as the result grows
            head = (sink_number, *place, *tile.shape[:2])
            data = np.ascontiguousarray(tile).tobytes()
            self._file.write(
                RECORD_HEADER.pack(*head, _record_checksum(head, data)) + struct.pack("<Q", len(data)) + data
            )
            self._file.flush()
        except OSError as error:
            raise output_error(error, self.path) from error

    def _read_records(self) -> dict[tuple[int, int, int], np.ndarray]:
        """The whole records; the file is cut to them."""
        found, whole = {}, 0
        with open(self.path, "r+b") as file:
            while len(head := file.read(RECORD_HEADER.size + 8)) == RECORD_HEADER.size + 8:
                *place, checksum = RECORD_HEADER.unpack(head[: RECORD_HEADER.size])
                (length,) = struct.unpack("<Q", head[RECORD_HEADER.size :])
                data = file.read(length)
                if len(data) < length or _record_checksum(tuple(place), data) != checksum:
                    break
                number, top, left, height, width = place
                found[number, top, left] = np.frombuffer(data, np.uint8).reshape(height, width, -1)
                whole = file.tell()
            file.truncate(whole)
        return found

    @staticmethod
    def _restore_dtype(tile: np.ndarray, like: Pixels) -> Pixels:
        """Bytes as the pixels they were."""
        typed: Pixels = tile.reshape(-1).view(like.dtype).reshape(*tile.shape[:2], *like.shape[2:])
        return typed


def escape_glob(name: str) -> str:
    """A file's name as a pattern that means just it."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _record_checksum(header: tuple[int, ...], data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(repr(header).encode()))
