"""Keeps finished tiles of a large result in a file beside it, so that a killed batch need not compute them again.

The file is append-only: one record a tile, with a checksum. Incomplete records are dropped when it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mattebox.enhancement.tile_sink import TilePosition, TileSink
from mattebox.io.atomic_write import output_error
from mattebox.types import Pixels

RECORD_HEADER = struct.Struct("<5I I")  # index of the sink, top, left, height, width; CRC-32 of these and the pixels
CHECKPOINT_SUFFIX = ".tiles"
MAX_PREFIX_CHARACTERS = 40  # of the target's name


class TileCheckpoint:
    """Checkpoint of the result at `target`; `key` is a hash of everything that determines the tiles."""

    def __init__(self, target: Path, key: str, *, resume: bool) -> None:
        name_hash = hashlib.sha256(os.fsencode(target.name)).hexdigest()
        prefix = f".{target.name[:MAX_PREFIX_CHARACTERS]}.{name_hash[:8]}"  # the target's name may be as long as any
        self.path = target.with_name(f"{prefix}.{key[:16]}{CHECKPOINT_SUFFIX}")
        self._sink_count = 0
        self._file: BinaryIO | None = None
        try:
            for other in target.parent.glob(f"{escape_glob(prefix)}.*{CHECKPOINT_SUFFIX}"):
                if other != self.path or not resume:
                    other.unlink(missing_ok=True)
            self._saved_tiles = self._read_records() if self.path.exists() else {}
        except OSError as error:
            raise output_error(error, self.path) from error

    def next_tile_sink(self, pixels: Pixels) -> TileSink:
        """The sink of the next array, with the tiles of an earlier run restored."""
        number, self._sink_count = self._sink_count, self._sink_count + 1
        sink = TileSink(pixels, on_tile=lambda position, tile: self._append_record(number, position, tile))
        for (owner, top, left), tile in self._saved_tiles.items():
            if owner == number:
                sink.pixels[top : top + tile.shape[0], left : left + tile.shape[1]] = self._restore_dtype(tile, pixels)
                sink.completed.add((top, left))
        return sink

    def close(self) -> None:
        """Close the file, which stays for a later run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """Delete the file: the result is complete, or has failed."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _append_record(self, sink_number: int, position: TilePosition, tile: Pixels) -> None:
        try:
            if self._file is None:
                self._file = open(self.path, "ab")  # noqa: SIM115  closed by `close`
            header = (sink_number, *position, *tile.shape[:2])
            data = np.ascontiguousarray(tile).tobytes()
            self._file.write(
                RECORD_HEADER.pack(*header, _record_checksum(header, data)) + struct.pack("<Q", len(data)) + data
            )
            self._file.flush()
        except OSError as error:
            raise output_error(error, self.path) from error

    def _read_records(self) -> dict[tuple[int, int, int], np.ndarray]:
        """The complete records; the file is truncated after them."""
        tiles, end = {}, 0
        with open(self.path, "r+b") as file:
            while len(header := file.read(RECORD_HEADER.size + 8)) == RECORD_HEADER.size + 8:
                *fields, checksum = RECORD_HEADER.unpack(header[: RECORD_HEADER.size])
                (length,) = struct.unpack("<Q", header[RECORD_HEADER.size :])
                data = file.read(length)
                if len(data) < length or _record_checksum(tuple(fields), data) != checksum:
                    break
                number, top, left, height, width = fields
                tiles[number, top, left] = np.frombuffer(data, np.uint8).reshape(height, width, -1)
                end = file.tell()
            file.truncate(end)
        return tiles

    @staticmethod
    def _restore_dtype(tile: np.ndarray, like: Pixels) -> Pixels:
        """A tile of bytes as pixels of the same dtype as `like`."""
        typed: Pixels = tile.reshape(-1).view(like.dtype).reshape(*tile.shape[:2], *like.shape[2:])
        return typed


def escape_glob(name: str) -> str:
    """A glob pattern that matches exactly this file name."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _record_checksum(header: tuple[int, ...], data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(repr(header).encode()))
