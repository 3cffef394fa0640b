"""Batch report: one line per picture, synced to disk at once, by which a later run skips finished jobs.

A line that was cut off by a kill is ignored.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from mattebox.batch.job import MatteSummary, Outcome
from mattebox.batch.own_results import ReportedOutput
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.batch.report_format import ReportFormat
from mattebox.errors import OutputError, UsageError
from mattebox.io.atomic_write import is_stream, output_error
from mattebox.io.input_items import absolute_name
from mattebox.io.object_store import find_object
from mattebox.io.store_address import StoreAddress, is_output_address, is_store_address, parse_store_address
from mattebox.recipe.recipe import Recipe

REVIEW_CONFIDENCE = 0.6  # results below it are marked "doubtful"


def is_doubtful(matte: MatteSummary, review_confidence: float = REVIEW_CONFIDENCE) -> bool:
    """Whether a person should look at a result: no clear subject, or confidence below `review_confidence`."""
    return not matte.found or matte.confidence < review_confidence


class BatchReport:
    """A report open for appending.

    Attributes
    ----------
    done_rows : dict of (str, str) to dict
        The last rows of earlier runs that neither failed nor broke a rule, by their input and output.
    """

    def __init__(
        self, path: Path, recipe: Recipe, model_hash: str, *, resume: bool, review_confidence: float = REVIEW_CONFIDENCE
    ) -> None:
        self._format = ReportFormat(path)
        self.path, self.model_hash, self.review_confidence = path, model_hash, review_confidence
        self.recipe = recipe
        self._is_stream = is_stream(path)
        has_earlier_rows = os.path.lexists(path) and not self._is_stream
        if has_earlier_rows and not resume:
            raise OutputError(f"{path}: already exists", "go on with it by --resume, or choose another name")
        content = _read_report(path) if has_earlier_rows else b""
        earlier_rows, whole = self._format.decode(content), self._format.end_last_line(content)
        self.done_rows = {(row["input"], str(row.get("output"))): row for row in earlier_rows if _is_done(row)}
        try:
            self._file: BinaryIO = open(path, "wb" if self._is_stream else "ab")  # noqa: SIM115  open all the time
            if len(whole) < len(content):
                self._file.truncate(len(whole))
            self._file.write(whole[len(content) :] if whole else self._format.header())
        except OSError as error:
            raise output_error(error, path) from error

    def is_finished(self, job: BatchJob) -> bool:
        """Whether an earlier run finished this job, and its input and output files are unchanged since."""
        row = self.find_row(job)
        if row is None or job.source is None or job.target is None or not self._has_same_settings(row, job):
            return False
        source = job.source if job.url is None else _store_address(job.url)
        return source is not None and _is_unchanged(source, row, "input") and _is_unchanged(job.target, row, "output")

    def is_outdated(self, job: BatchJob) -> bool:
        """Whether an earlier run did this job with another recipe or model."""
        row = self.find_row(job)
        return row is not None and not self._has_same_settings(row, job)

    def find_row(self, job: BatchJob) -> dict[str, Any] | None:
        """The last row of an earlier run that did this job, whatever its recipe."""
        return self.done_rows.get((job.name, str(job.target)))

    def add(self, outcome: Outcome) -> None:
        """Append the line of an outcome and sync it to disk. OutputError."""
        recipe_hash = hash_recipe(outcome.job.recipe or self.recipe)
        row = report_row(outcome, recipe_hash, self.model_hash, self.review_confidence)
        try:
            self._file.write(self._format.encode(row))
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

    def _has_same_settings(self, row: dict[str, Any], job: BatchJob) -> bool:
        recipe_hash = hash_recipe(job.recipe or self.recipe)
        return row.get("recipe") == recipe_hash and row.get("model_sha256") == self.model_hash


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
    versions = {"input_version": outcome.input_version, "output_version": outcome.output_version}
    row |= {name: version for name, version in versions.items() if version}
    if result is not None and result.matte is not None:
        row |= {"confidence": round(result.matte.confidence, 4), "found": result.matte.found, "box": result.matte.box}
        row["verdict"] = "doubtful" if is_doubtful(result.matte, review_confidence) else "ok"
    if result is not None and result.objects:
        row["objects"] = [item.to_fields() for item in result.objects]
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
    return ReportFormat(path).decode(_read_report(path))


def _read_report(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "give the report of an earlier run") from error


def read_outputs(path: Path) -> dict[str, ReportedOutput]:
    """The outputs that a report names, by absolute name; none where there is no report. UsageError."""
    if not os.path.lexists(path) or is_stream(path):
        return {}
    return {
        os.path.normcase(absolute_name(row["output"])): ReportedOutput(
            os.path.normcase(absolute_name(row["input"])), str(row.get("output_sha256"))
        )
        for row in read_rows(path)
        if row.get("output") and not is_output_address(row["output"])
    }


def hash_recipe(recipe: Recipe) -> str:
    """SHA-256 of the recipe, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()


def _is_done(row: dict[str, Any]) -> bool:
    return row.get("verdict") not in ("failed", "rejected") and bool(row.get("output_sha256"))


def _store_address(url: str) -> StoreAddress | None:
    """The address of an object in a store; None for a URL, which may answer differently each time."""
    return parse_store_address(url) if is_store_address(url) else None


def _is_unchanged(place: Path | StoreAddress, row: dict[str, Any], role: str) -> bool:
    """Whether a file still has the hash of the report's row, or an object the version."""
    if isinstance(place, Path):
        return _has_hash(place, row[f"{role}_sha256"])
    found = find_object(place)
    return found is not None and found.version == row.get(f"{role}_version")


def _has_hash(path: Path, expected_hash: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected_hash
    except OSError:
        return False
