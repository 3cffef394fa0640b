"""Formats of a batch report: JSON lines, and tables for spreadsheets (CSV, TSV), both read and appended line by line.

A table's line feeds within values become spaces, so that a line is always a row, and one that was cut off by a kill can
be left out. It starts with a byte order mark, without which Excel takes UTF-8 for another encoding.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
POSSIBLE_DELIMITERS = ",;\t"
WORKBOOK_SUFFIXES = (".xls", ".xlsx", ".ods")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COLUMNS = (
    "input", "output", "verdict", "confidence", "found", "box", "broken", "notes", "problem", "remedy", "seconds",
    "objects", "input_sha256", "output_sha256", "input_version", "output_version", "recipe", "model_sha256",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@")
TEXT_MARK = "'"  # before what a spreadsheet would take for a formula


class ReportFormat:
    """How the rows of a report become lines; UsageError for a workbook, which cannot grow line by line."""

    def __init__(self, path: Path) -> None:
        self.path, suffix = path, path.suffix.lower()
        if suffix in WORKBOOK_SUFFIXES:
            raise UsageError(f"{path}: a report grows line by line", f"name it {path.stem}.csv, or {path.stem}.jsonl")
        self.delimiter = DELIMITERS.get(suffix)

    def header(self) -> bytes:
        """What a new file starts with."""
        if self.delimiter is None:
            return b""
        return BYTE_ORDER_MARK + _table_line(COLUMNS, self.delimiter)

    def encode(self, row: dict[str, Any]) -> bytes:
        """The line of a row, with its line feed."""
        if self.delimiter is None:
            return (json.dumps(row) + "\n").encode()
        return _table_line(_cells(row), self.delimiter)

    def decode(self, content: bytes) -> Iterator[dict[str, Any]]:
        """The complete rows of a file, oldest first; those of a table have texts as values.

        Rows that are encoded from now on are separated as they are there, since spreadsheets write semicolons in much
        of Europe. UsageError for a table with other columns.
        """
        lines = content.split(b"\n")
        if self.delimiter is None:
            return _decode_json(lines)
        if content:
            self.delimiter = self._find_delimiter(lines[0])
        return _decode_table(lines[1:-1], self.delimiter)

    def end_last_line(self, content: bytes) -> bytes:
        """The content with a line feed at its end: of a table, a row without one was cut off by a kill and is left out,
        since a spreadsheet would take the next one for a part of it."""
        if not content or content.endswith(b"\n"):
            return content
        return content + b"\n" if self.delimiter is None else content[: content.rfind(b"\n") + 1]

    def _find_delimiter(self, header: bytes) -> str:
        names = header.removeprefix(BYTE_ORDER_MARK).rstrip(b"\r").decode("utf-8", "replace")
        for delimiter in POSSIBLE_DELIMITERS:
            if names == delimiter.join(COLUMNS):
                return delimiter
        raise UsageError(f"{self.path}: its columns are not those of a report", "choose another name")


def _cells(row: dict[str, Any]) -> list[str]:
    """The values of a row in the order of the columns; an error becomes its problem and its remedy."""
    values = row | (row.get("error") or {})
    return [_cell(values.get(name)) for name in COLUMNS]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        value = "; ".join(value)
    text = " ".join((value if isinstance(value, str) else json.dumps(value)).splitlines())
    is_formula = isinstance(value, str) and text.startswith((*FORMULA_STARTS, TEXT_MARK))
    return TEXT_MARK + text if is_formula else text


def _table_line(values: Iterable[str], delimiter: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(values)
    return line.getvalue().encode()


def _decode_json(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "input" in row:
            yield row


def _decode_table(lines: list[bytes], delimiter: str) -> Iterator[dict[str, Any]]:
    """The rows of a table, each line by itself: in one that was cut off, a quotation mark may stay open."""
    for line in lines:
        cells = next(csv.reader([line.decode("utf-8", "replace").rstrip("\r")], delimiter=delimiter), [])
        if len(cells) == len(COLUMNS):
            yield {name: cell.removeprefix(TEXT_MARK) for name, cell in zip(COLUMNS, cells, strict=True)}
