"""The audit log of a batch: an entry for each job, wherever it ran."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.batch.audited_runner import AuditedJobRunner
from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchJob
from mattebox.cli import batch
from mattebox.cli.batch_options import BatchOptions, needs_hashes
from mattebox.errors import InputMissing, OutputError
from mattebox.io.audit_log import AuditLog, read_entries
from tests.cli.conftest import Run
from tests.cli.conftest import photo as photo
from tests.cli.conftest import run as run

PRESENT, MISSING = BatchJob(Path("a.jpg"), Path("a.png")), BatchJob(Path("b.jpg"), Path("b.png"))


def run_elsewhere(job: BatchJob) -> Outcome:
    """As an actor answers: with hashes, or with an error."""
    if job.source == MISSING.source:
        return Outcome(job, error=InputMissing("b.jpg: no such file", "check the name"))
    return Outcome(job, input_hash="a" * 64, output_hash="b" * 64)


def test_an_entry_for_each_job(tmp_path: Path) -> None:
    runner = AuditedJobRunner(run_elsewhere, "cut+save", "user:me", AuditLog(tmp_path / "log"))
    assert runner(PRESENT) == run_elsewhere(PRESENT)
    assert isinstance(runner(MISSING).error, InputMissing)
    entries = [(e["outcome"], e["input"], e["output"]) for e in read_entries(tmp_path / "log")]
    assert entries == [("ok", "a" * 64, "b" * 64), (InputMissing.code, "", "")]


def test_a_job_that_cannot_be_recorded_has_failed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    runner = AuditedJobRunner(run_elsewhere, "cut+save", "user:me", AuditLog(tmp_path / "file/log"))
    assert isinstance(runner(PRESENT).error, OutputError)
    assert isinstance(runner(MISSING).error, InputMissing)


def test_a_cluster_is_asked_for_hashes_and_recorded(
    run: Run,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextlib.contextmanager
    def open_cluster_runner(recipe: object, options: BatchOptions) -> Iterator[tuple[object, str]]:
        assert needs_hashes(options)
        yield lambda job: Outcome(job, error=InputMissing("x", "y"), input_hash="a" * 64), ""

    monkeypatch.setattr(batch, "open_cluster_runner", open_cluster_runner)
    monkeypatch.setenv("MATTEBOX_AUDIT", "audit.jsonl")
    assert run("cut", photo.name, "-o", "out/", "--on", "ray").code == InputMissing.exit_code
    (entry,) = read_entries(photo.parent / "audit.jsonl")
    assert (entry["action"], entry["input"]) == ("cut", "a" * 64)
