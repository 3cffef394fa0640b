"""Manifests: CSV files that name photographs and their results, as spreadsheets write them.

Commas, semicolons and tabs separate columns, whatever the first line uses; a line `sep=;` above it may say so. The text
is UTF-8, UTF-16 with a byte order mark, or else Windows-1252.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.io.sources import read_url
from mattebox.io.store_address import is_store_address, parse_store_address

DELIMITERS = ",;\t"
INPUT_COLUMN, OUTPUT_COLUMN = "input", "output"
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class ManifestEntry:
    """One row of a manifest.

    Attributes
    ----------
    place : str
        The manifest and the line, for messages.
    written_input : str
        The input as it is written there; empty where there is none.
    input : Path or None
        The same, relative to the manifest's folder; the name only where it lies in a store.
    output : str or None
        The output as it is written there.
    url : str or None
        The address of an input in a store.
    other_cells : dict of str to str
        What is in the other columns, by their name.
    """

    place: str
    written_input: str
    input: Path | None
    output: str | None
    url: str | None = None
    other_cells: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The rows of a manifest, and the columns in which it holds something else, as they are named there."""

    entries: list[ManifestEntry]
    other_columns: tuple[str, ...]


def read_manifest(manifest: str | Path) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    manifest : str or Path
        A CSV file, or object in a store, whose first line names a column `input`, and optionally one `output`.

    Returns
    -------
    Manifest
        Without its empty lines.

    Raises
    ------
    UsageError
        The file cannot be read, has no such column, or no rows.
    """
    path = str(manifest)
    try:
        text = _decode_text(read_bytes_at(path))
        separator = re.match(r"sep=(.)\r?\n?", text)
        body = text[separator.end() :] if separator else text
        reader = csv.DictReader(
            io.StringIO(body, newline=""),
            delimiter=separator[1] if separator else _detect_delimiter(body),
            skipinitialspace=True,
        )
        reader.fieldnames = _normalise_header(list(reader.fieldnames or []))
        first_line = 1 if separator else 0
        rows = [_build_row(path, first_line + reader.line_num, row) for row in reader if any(row.values())]
        has_input = INPUT_COLUMN in reader.fieldnames
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read ({error})", "give a CSV file with a column `input`") from error
    if "\0" in body.partition("\n")[0]:
        raise UsageError(f"{path}: is no text but a workbook or the like", "save it as CSV, in UTF-8")
    if not rows or not has_input:
        raise UsageError(
            f"{path}: has no column `input` with names below it", "name it in the first line: input,output"
        )
    others = filter(_is_other, reader.fieldnames)
    return Manifest(rows, tuple(others))


def _decode_text(content: bytes) -> str:
    """The text of a file. UnicodeDecodeError."""
    if content.startswith(UTF16_MARKS):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _detect_delimiter(text: str) -> str:
    """The delimiter that finds a column `input` in the first line, and the most columns."""

    def score(delimiter: str) -> tuple[bool, int]:
        header = _normalise_header(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
        return INPUT_COLUMN in header, len(header)

    return max(DELIMITERS, key=score)


def _normalise_header(names: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in names]


def read_bytes_at(path: str) -> bytes:
    """The bytes of a file or of an object in a store. OSError; InputError where a store does not give them."""
    return read_url(path)[0] if is_store_address(path) else Path(path).read_bytes()


def _build_row(path: str, line: int, row: dict[str, str | None]) -> ManifestEntry:
    place, written, output = f"{path}, line {line}", row.get(INPUT_COLUMN) or "", row.get(OUTPUT_COLUMN) or None
    others = {name: cell for name, cell in row.items() if isinstance(cell, str) and _is_other(name)}
    if is_store_address(path) and written and not is_store_address(written):
        written = f"{path.rpartition('/')[0]}/{written.lstrip('/')}"
    if is_store_address(written):
        address = parse_store_address(written)
        return ManifestEntry(place, written, Path(address.name), output, str(address), others)
    return ManifestEntry(place, written, Path(path).parent / written if written else None, output, None, others)


def _is_other(column: str | None) -> bool:
    """Whether a column is neither of a manifest's own."""
    return bool(column) and column not in (INPUT_COLUMN, OUTPUT_COLUMN)
