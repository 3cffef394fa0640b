"""Batch report: one JSON line per picture, synced to disk at once, by which a later run skips finished jobs.

A line that was cut off by a kill is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from mattebox.batch.job import MatteSummary, Outcome
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.errors import OutputError, UsageError
from mattebox.io.atomic_write import is_stream, output_error
from mattebox.recipe.recipe import Recipe

REVIEW_CONFIDENCE = 0.6  # results below it are marked "doubtful"


def is_doubtful(matte: MatteSummary, review_confidence: float = REVIEW_CONFIDENCE) -> bool:
    """Whether a person should look at a result: no clear subject, or confidence below `review_confidence`."""
    return not matte.found or matte.confidence < review_confidence


class BatchReport:
    """A report open for appending.

    Attributes
    ----------
    finished_rows : dict of str to dict
        Rows of earlier runs with the same recipe and model that did not fail, by their input.
    """

    def __init__(
        self, path: Path, recipe: Recipe, model_hash: str, *, resume: bool, review_confidence: float = REVIEW_CONFIDENCE
    ) -> None:
        self.path, self.model_hash, self.review_confidence = path, model_hash, review_confidence
        self.recipe_hash = hash_recipe(recipe)
        self._is_stream = is_stream(path)
        has_earlier_rows = os.path.lexists(path) and not self._is_stream
        if has_earlier_rows and not resume:
            raise OutputError(f"{path}: already exists", "go on with it by --resume, or choose another name")
        self.finished_rows = (
            {r["input"]: r for r in read_rows(path) if self._is_reusable(r)} if has_earlier_rows else {}
        )
        try:
            self._file: BinaryIO = open(path, "wb" if self._is_stream else "ab")  # noqa: SIM115  open all the time
            if has_earlier_rows and _lacks_final_newline(path):
                self._file.write(b"\n")
        except OSError as error:
            raise output_error(error, path) from error

    def is_finished(self, job: BatchJob) -> bool:
        """Whether an earlier run finished this job, and its input and output files are unchanged since."""
        row = self.finished_rows.get(job.name)
        if row is None or job.source is None or job.target is None or row["output"] != str(job.target):
            return False
        return _has_hash(job.source, row["input_sha256"]) and _has_hash(job.target, row["output_sha256"])

    def add(self, outcome: Outcome) -> None:
        """Append the line of an outcome and sync it to disk. OutputError."""
        line = json.dumps(report_row(outcome, self.recipe_hash, self.model_hash, self.review_confidence)) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
            if not self._is_stream:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise output_error(error, self.path) from error

    def add_failure(self, failure: BatchFailure) -> None:
        """Append a line for an input that did not become a job. OutputError."""
        self.add(Outcome(BatchJob(None, None, url=failure.name), error=failure.error))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _is_reusable(self, row: dict[str, Any]) -> bool:
        same = row.get("recipe") == self.recipe_hash and row.get("model_sha256") == self.model_hash
        return same and row.get("verdict") != "failed" and bool(row.get("output_sha256"))


def report_row(outcome: Outcome, recipe_hash: str, model_hash: str, review_confidence: float) -> dict[str, Any]:
    """The row of one picture."""
    job, result, error = outcome.job, outcome.result, outcome.error
    row: dict[str, Any] = {
        "input": job.name,
        "input_sha256": outcome.input_hash,
        "output": None if job.target is None else str(job.target),
        "output_sha256": outcome.output_hash,
        "recipe": recipe_hash,
        "model_sha256": model_hash,
        "seconds": round(outcome.seconds, 3),
        "verdict": "failed" if error else "ok",
    }
    if result is not None and result.matte is not None:
        row |= {"confidence": round(result.matte.confidence, 4), "found": result.matte.found, "box": result.matte.box}
        row["verdict"] = "doubtful" if is_doubtful(result.matte, review_confidence) else "ok"
    if result is not None and result.notes:
        row["notes"] = list(result.notes)
    if outcome.broken_rules:
        row |= {"verdict": "rejected", "broken": list(outcome.broken_rules)}
    if error is not None:
        row["error"] = {"class": type(error).__name__, "problem": error.problem, "remedy": error.remedy,
                         "exit_code": error.exit_code}  # fmt: skip
    return row


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The complete rows of a report, oldest first. UsageError when it cannot be read."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "give the report of an earlier run") from error
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "input" in row:
            yield row


def hash_recipe(recipe: Recipe) -> str:
    """SHA-256 of the recipe, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()


def _has_hash(path: Path, expected_hash: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected_hash
    except OSError:
        return False


def _lacks_final_newline(path: Path) -> bool:
    """Whether the last line is incomplete."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 1))
        return size > 0 and file.read(1) != b"\n"
