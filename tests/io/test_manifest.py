"""Manifests as spreadsheets write them: delimiters, encodings, headings; and rows that lack an input."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.io.manifest import read_manifest

ROWS = [("é.jpg", "x.png"), ("a, b; c.jpg", None)]


def write(folder: Path, delimiter: str, end: str = "\r\n", encoding: str = "utf-8", first: str = "") -> Path:
    path = folder / "list.csv"
    lines = [f"input{delimiter}output", f"é.jpg{delimiter}x.png", f'"a, b; c.jpg"{delimiter}', ""]
    path.write_bytes((first + end.join(lines)).encode(encoding))
    return path


def rows(path: Path) -> list[tuple[str, str | None]]:
    return [(row.written_input, row.output) for row in read_manifest(path).entries]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    assert rows(write(tmp_path, delimiter, end)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert rows(write(tmp_path, ";", encoding=encoding)) == ROWS


def test_a_first_line_that_names_the_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path, ";", first="sep=;\r\n")
    assert rows(path) == ROWS
    assert [row.place for row in read_manifest(path).entries] == [f"{path}, line 3", f"{path}, line 4"]


def test_headings_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("SKU, Input , Output\n1, a.jpg, x.png\n")
    assert rows(tmp_path / "list.csv") == [("a.jpg", "x.png")]


def test_rows_without_an_input_and_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("output;input\nx.png\n;\n;a.jpg\n")
    assert rows(tmp_path / "list.csv") == [("", "x.png"), ("a.jpg", None)]


@pytest.mark.parametrize("content", [b"", b"input,output\n", b"name;output\na.jpg;x.png\n", b"\x81\xff\x00"])
def test_no_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(UsageError, match=r"list\.csv"):
        read_manifest(tmp_path / "list.csv")


def test_other_columns_are_told(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Input,SKU,Background,output\na.jpg,17,white,a.png\n")
    assert read_manifest(path).other_columns == ("sku", "background")
