"""Ledger of a shop's pictures: what was there, what was made, what was sent; one JSON line per step, synced at once.

A line that a kill cut off is ignored, so that every step stands either in the ledger or is done again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from mattebox.errors import UsageError
from mattebox.io.atomic_write import make_folder, output_error
from mattebox.shops.product_image import ProductImage

Stage = Literal["prepared", "failed", "sending", "sent", "undone"]


class LedgerEntry(msgspec.Struct, frozen=True):
    """What is known of one picture.

    Attributes
    ----------
    image : ProductImage
        As it was before.
    stage : str
        prepared (a result lies on the disk), failed, sending (begun), sent, or undone.
    recipe, model : str
        Hashes of what made the result.
    original, result : str
        Names of the files in the ledger's folder.
    original_sha256, result_sha256 : str
        Of their bytes.
    broken : tuple of str
        The marketplace's rules that the result breaks.
    confidence : float
        Of the result's matte, 0 to 1.
    new_id : str
        Of the picture that took its place; empty where its own content was replaced.
    variants : tuple of str
        Variants that showed it.
    error : str
        Why it failed.
    """

    image: ProductImage
    stage: Stage
    recipe: str = ""
    model: str = ""
    original: str = ""
    result: str = ""
    original_sha256: str = ""
    result_sha256: str = ""
    broken: tuple[str, ...] = ()
    confidence: float = 1.0
    new_id: str = ""
    variants: tuple[str, ...] = ()
    error: str = ""


class Ledger:
    """The ledger in a folder, open for appending: the last entry of each picture, by its id."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self.folder, self.path = folder, folder / "ledger.jsonl"
        self.entries: dict[str, LedgerEntry] = {}
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
            for entry in _read_entries(content):
                self.entries[entry.image.id] = entry
            self._file = open(self.path, "ab")  # noqa: SIM115  open all the time
            if content and not content.endswith(b"\n"):
                self._file.write(b"\n")
        except OSError as error:
            raise output_error(error, self.path) from error

    def record(self, entry: LedgerEntry) -> LedgerEntry:
        """Append an entry and sync it to the disk. OutputError."""
        try:
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise output_error(error, self.path) from error
        self.entries[entry.image.id] = entry
        return entry

    def advance(self, entry: LedgerEntry, **changes: Any) -> LedgerEntry:
        """Record an entry with some fields changed."""
        return self.record(msgspec.structs.replace(entry, **changes))

    def file(self, name: str) -> Path:
        """A file in the ledger's folder."""
        return self.folder / name

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_existing_ledger(folder: Path) -> Ledger:
    """The ledger of an earlier run. UsageError where there is none."""
    if not (folder / "ledger.jsonl").exists():
        raise UsageError(f"{folder}: holds no ledger", "give the folder that `mattebox shop shopify` named")
    return Ledger(folder)


def _read_entries(content: bytes) -> Iterator[LedgerEntry]:
    for line in content.split(b"\n"):
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=LedgerEntry)
