"""The report: one JSON line for each picture, on disk before the next is told; and what it lets a later run leave out.

A line that a kill has torn is passed over. Knows nothing of how pictures are done.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.errors import OutputError, UsageError
from mattebox.io.atomic_write import output_error
from mattebox.recipe.recipe import Recipe

REVIEW_CONFIDENCE = 0.6  # confidence under which a person should look


class BatchReport:
    """An open report. `finished_rows` holds what earlier runs finished: (input, recipe and model) -> row."""

    def __init__(
        self, path: Path, recipe: Recipe, model_hash: str, *, resume: bool, review_confidence: float = REVIEW_CONFIDENCE
    ) -> None:
        self.path, self.model_hash, self.review_confidence = path, model_hash, review_confidence
        self.recipe_hash = hash_recipe(recipe)
        if path.exists() and not resume:
            raise OutputError(f"{path}: exists already", "go on with it by --resume, or choose another name")
        self.finished_rows = (
            {r["input"]: r for r in read_rows(path) if self._is_reusable(r)} if resume and path.exists() else {}
        )
        try:
            self._file: BinaryIO = open(path, "ab")  # noqa: SIM115  open as long as the batch
            if _lacks_final_newline(path):
                self._file.write(b"\n")
        except OSError as error:
            raise output_error(error, path) from error

    def is_finished(self, job: BatchJob) -> bool:
        """Whether an earlier run did this job, and both its input and its output are still what they were then."""
        row = self.finished_rows.get(job.name)
        if row is None or job.source is None or job.target is None or row["output"] != str(job.target):
            return False
        return _has_hash(job.source, row["input_sha256"]) and _has_hash(job.target, row["output_sha256"])

    def add(self, outcome: Outcome) -> None:
        """Write a line, and have it on disk. OutputError."""
        line = json.dumps(report_row(outcome, self.recipe_hash, self.model_hash, self.review_confidence)) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise output_error(error, self.path) from error

    def add_failure(self, failure: BatchFailure) -> None:
        """A line for an input that never became a job: it is not there, or must not be written. OutputError."""
        self.add(Outcome(BatchJob(None, None, url=failure.name), error=failure.error))

    def close(self) -> None:
        self._file.close()

    def _is_reusable(self, row: dict[str, Any]) -> bool:
        same = row.get("recipe") == self.recipe_hash and row.get("model_sha256") == self.model_hash
        return same and row.get("verdict") != "failed" and bool(row.get("output_sha256"))


def report_row(outcome: Outcome, recipe_hash: str, model_hash: str, review_confidence: float) -> dict[str, Any]:
    """One picture's line."""
    job, result, error = outcome.job, outcome.result, outcome.error
    told: dict[str, Any] = {
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
        told |= {"confidence": round(result.matte.confidence, 4), "found": result.matte.found, "box": result.matte.box}
        told["verdict"] = "doubtful" if result.matte.confidence < review_confidence else "ok"
    if outcome.broken_rules:
        told |= {"verdict": "rejected", "broken": list(outcome.broken_rules)}
    if error is not None:
        told["error"] = {"class": type(error).__name__, "problem": error.problem, "remedy": error.remedy,
                         "exit_code": error.exit_code}  # fmt: skip
    return told


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a report, oldest first. UsageError when it is none."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "give the report of an earlier run") from error
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "input" in found:
            yield found


def hash_recipe(recipe: Recipe) -> str:
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()


def _has_hash(path: Path, expected_hash: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected_hash
    except OSError:
        return False


def _lacks_final_newline(path: Path) -> bool:
    """Whether the last line lacks its end."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 1))
        return size > 0 and file.read(1) != b"\n"
