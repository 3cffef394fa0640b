"""Reports as tables for spreadsheets: what they hold, and that a later run reads them."""

import csv
import os
import re
from pathlib import Path

import pytest

from mattebox.batch.report_format import COLUMNS, ReportFormat
from mattebox.errors import UsageError
from tests.batch.test_many import photos
from tests.cli.conftest import Run
from tests.cli.conftest import run as run

ROW = {
    "input": "a.jpg",
    "output": "a.png",
    "verdict": "ok",
    "found": True,
    "notes": ["one\ntwo", "three"],
    "box": [1, 2],
}


def table(path: str, delimiter: str = ",") -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.mark.parametrize(("name", "delimiter"), [("r.csv", ","), ("r.tsv", "\t")])
def test_a_table_says_what_was_done_and_resume_reads_it(name: str, delimiter: str, run: Run) -> None:
    photos(Path("in"), 3)
    Path("in/bad, or worse.jpg").write_bytes(b"no picture")
    words = ("cut", "in", "-o", "out/", "--report", name)
    assert run(*words).code == 3
    rows = table(name, delimiter)
    assert [row["verdict"] for row in rows] == ["ok", "ok", "ok", "failed"]
    assert rows[3]["input"].endswith("bad, or worse.jpg")
    assert rows[3]["problem"]
    assert rows[3]["remedy"]
    assert (rows[0]["found"], len(rows[0]["output_sha256"])) == ("yes", 64)
    Path("in/bad, or worse.jpg").unlink()
    assert run(*words, "--resume").err == "mattebox: 3 had been done before\n"
    assert len(table(name, delimiter)) == 4


def test_a_row_of_a_table_that_was_cut_off_is_left_out() -> None:
    table_format = ReportFormat(Path("r.csv"))
    whole = table_format.header() + table_format.encode(ROW)
    cut_off = table_format.encode({"input": 'b"c.jpg', "output": "x, y.png"})[:14]
    assert cut_off.count(b'"') % 2 == 1
    assert [row["input"] for row in table_format.decode(whole + cut_off)] == ["a.jpg"]
    again = table_format.decode(whole + cut_off + b"\n" + table_format.encode(ROW))
    assert [row["input"] for row in again] == ["a.jpg", "a.jpg"]


@pytest.mark.parametrize("name", ["=1+1.jpg", "-a.jpg", "'quoted'.jpg", "@a,b.jpg", 'say "ah".jpg', "ümlaut.jpg"])
def test_names_are_read_back_as_they_were_and_none_is_a_formula(name: str) -> None:
    for suffix in (".csv", ".tsv"):
        table_format = ReportFormat(Path("r" + suffix))
        content = table_format.header() + table_format.encode(ROW | {"input": name})
        (row,) = table_format.decode(content)
        assert (row["input"], row["notes"], row["box"]) == (name, "one two; three", "[1, 2]")
        assert not content.splitlines()[1].startswith((b"=", b"-", b"@"))


def test_a_table_that_a_spreadsheet_has_separated_by_semicolons(run: Run) -> None:
    photos(Path("in"), 2)
    words = ("cut", "in", "-o", "out/", "--report", "r.csv")
    assert run(*words).code == 0
    Path("r.csv").write_text(Path("r.csv").read_text().replace(",", ";").replace("\n", "\r\n"))
    photos(Path("in"), 3)
    assert "2 had been done before" in run(*words, "--resume").err
    assert [row["verdict"] for row in table("r.csv", ";")] == ["ok"] * 3


def test_a_row_that_was_cut_off_is_removed_before_the_next(run: Run) -> None:
    photos(Path("in"), 2)
    words = ("cut", "in", "-o", "out/", "--report", "r.csv")
    assert run(*words).code == 0
    with open("r.csv", "a") as file:
        file.write('in/2.jpg,out/2.png,ok,0.9,yes,"[1, 2')
    photos(Path("in"), 3)
    assert run(*words, "--resume").code == 0
    assert [row["input"].rpartition(os.sep)[2] for row in table("r.csv")] == ["0.jpg", "1.jpg", "2.jpg"]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_what_is_left_at_the_end_of_a_report(name: str) -> None:
    report_format = ReportFormat(Path(name))
    whole = report_format.header() + report_format.encode(ROW)
    assert report_format.end_last_line(whole) == whole
    assert report_format.end_last_line(whole[:-1]) == (report_format.header() if name == "r.csv" else whole)
    assert report_format.end_last_line(b"input,out") == (b"" if name == "r.csv" else b"input,out\n")


def test_a_rejected_listing_is_tried_again(run: Run) -> None:
    photos(Path("in"), 1)
    words = ("cut", "in", "-o", "out/", "--background", "grey", "--check-for", "amazon", "--report", "r.csv")
    assert run(*words).code == 1
    again = run(*words, "--resume")
    assert again.code == 1
    assert "does not pass" in again.err


def test_a_table_of_another_program_is_not_continued(run: Run) -> None:
    photos(Path("in"), 1)
    Path("list.csv").write_text("name,price\n")
    ran = run("cut", "in", "-o", "out/", "--report", "list.csv", "--resume")
    assert ran.code == 2
    assert "its columns are not those of a report" in ran.error
    assert Path("list.csv").read_text() == "name,price\n"


def test_a_workbook_is_refused() -> None:
    with pytest.raises(UsageError, match=r"r\.csv"):
        ReportFormat(Path("r.xlsx"))


def test_other_settings_are_told(run: Run) -> None:
    photos(Path("in"), 2)
    words = ("cut", "in", "-o", "out/", "--report", "r.csv", "--resume")
    assert run(*words).err == ""
    told = run(*words, "--background", "white").err
    assert told == (
        "mattebox: 2 photographs were done with other settings or another model by r.csv, and will be done again\n"
    )
    assert len(table("r.csv")) == 4
    assert set(table("r.csv")[0]) == set(COLUMNS)


def test_a_terminal_is_told_how_many_were_done(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(Path("in"), 3)
    Path("in/bad.jpg").write_bytes(b"no picture")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    told = run("cut", "in", "-o", "out/").err
    assert re.search(r"mattebox: 3 done in \d+ s\n", told)
    assert "done in" not in run("cut", "in/0.jpg", "-o", "one.png").err
