"""What the user sees: a line per picture on a terminal, JSON lines on request, a progress line on long work, errors.

Pictures and JSON go to standard output, words to standard error; piped, only errors are said.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from mattebox.batch.job import JobResult
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.errors import MatteboxError

EXIT_MIXED_FAILURES = 1
EXIT_RULES_BROKEN = 1
PROGRESS_DELAY_SECONDS = 1.0  # seconds until it is told how far a single photograph is
MIN_PICTURES_FOR_SUMMARY = 5  # pictures from which failures are told again at the end
REVIEW_CONFIDENCE = 0.6  # expected IoU below which a cutout is worth a look


class ConsoleReporter:
    """Collects the outcome of a batch and says it as it comes."""

    def __init__(self, total: int, as_json: bool) -> None:
        self.total, self.as_json = total, as_json
        self.exit_codes: list[int] = []
        self.failures: list[str] = []
        self.skipped_count = 0
        self.start_time = time.monotonic()
        self.done_count = 0
        self.last_update_time = 0.0
        self.has_progress_line = sys.stderr.isatty() and total > 1

    def show_current_job(self, entry: BatchJob | BatchFailure) -> None:
        """Replace the progress line."""
        if not self.has_progress_line:
            return
        spent = time.monotonic() - self.start_time
        told = ""
        if self.done_count:
            rate = self.done_count / max(spent, 1e-6)
            told = f", {rate:.1f}/s, {_format_duration((self.total - self.done_count) / rate)} left"
        self._write_line(f"\r\x1b[K[{self.done_count + 1}/{self.total}{told}] {entry.name}"[:200])

    def show_progress(self, stage: str, share: float) -> None:
        """How far the only photograph is, where it takes its time."""
        now = time.monotonic()
        if (
            self.total != 1
            or not sys.stderr.isatty()
            or now - self.start_time < PROGRESS_DELAY_SECONDS
            or now - self.last_update_time < 0.1
        ):
            return
        self.last_update_time, self.has_progress_line = now, True
        left = _format_duration((now - self.start_time) * (1 - share) / max(share, 1e-3))
        self._write_line(f"\r\x1b[K{stage} {share:4.0%}, {left} left")

    def report_skipped(self, job: BatchJob) -> None:
        """A picture that an earlier run has done."""
        self.done_count += 1
        self.skipped_count += 1

    def print_summary(self) -> None:
        """The last words: what was left out, and on long work all failures once more."""
        self._clear_line()
        if self.skipped_count:
            click.echo(f"mattebox: {self.skipped_count} were done already", err=True)
        if self.total > MIN_PICTURES_FOR_SUMMARY and self.failures:
            click.echo(f"mattebox: {len(self.failures)} of {self.total} failed:", err=True)
            for line in self.failures:
                click.echo(f"  {line}", err=True)

    def report_result(
        self, job: BatchJob, result: JobResult, seconds: float, broken_rules: tuple[str, ...] = ()
    ) -> None:
        """A picture that was made; what its marketplace would reject counts as failed, though it is there."""
        self.done_count += 1
        self._clear_line()
        for note in result.notes:
            click.echo(f"note: {job.name}: {note}", err=True)
        if self.as_json:
            click.echo(json.dumps(result_fields(job, result) | {"broken": list(broken_rules)}))
        elif sys.stderr.isatty() and job.target is not None:
            click.echo(f"{job.name} -> {job.target}  ({_confidence_text(result)}{seconds:.2f} s)", err=True)
        if broken_rules:
            self.exit_codes.append(EXIT_RULES_BROKEN)
            self.failures.append(f"{job.target}: does not pass; {'; '.join(broken_rules)}")
            click.echo(f"mattebox: {self.failures[-1]}", err=True)

    def report_failure(self, failure: BatchFailure, job: BatchJob | None = None) -> None:
        self.done_count += 1
        self._clear_line()
        error = failure.error
        self.exit_codes.append(error.exit_code)
        line = str(error)
        named = failure.name in line or (job is not None and str(job.target) in line)
        self.failures.append(line if named else f"{failure.name}: {line}")
        click.echo(f"mattebox: {self.failures[-1]}", err=True)
        if self.as_json:
            click.echo(json.dumps(failure_fields(failure, job)))

    @property
    def exit_code(self) -> int:
        """0, the one code that all failures share, or 1 when they differ."""
        kinds = set(self.exit_codes)
        return 0 if not kinds else kinds.pop() if len(kinds) == 1 else EXIT_MIXED_FAILURES

    def _clear_line(self) -> None:
        if self.has_progress_line:
            self._write_line("\r\x1b[K")

    def _write_line(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def result_fields(job: BatchJob, result: JobResult) -> dict[str, Any]:
    """One finished picture as JSON data."""
    height, width = result.shape
    row = _job_fields(job.name, job) | {"ok": True, "error": None, "width": width, "height": height}
    if result.matte is not None:
        row |= {"found": result.matte.found, "confidence": round(result.matte.confidence, 4), "box": result.matte.box}
    row |= {"model": result.model, "device": result.device, "notes": list(result.notes)}
    return row | {"seconds": {stage: round(s, 4) for stage, s in result.seconds.items()}}


def failure_fields(failure: BatchFailure, job: BatchJob | None) -> dict[str, Any]:
    """One failure as JSON data."""
    error: MatteboxError = failure.error
    told = {
        "class": type(error).__name__,
        "problem": error.problem,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    return _job_fields(failure.name, job) | {"ok": False, "error": told}


def _job_fields(name: str, job: BatchJob | None) -> dict[str, Any]:
    return {"input": name, "output": str(job.target) if job and job.target else None}


def _confidence_text(result: JobResult) -> str:
    """The confidence in words, with a nudge where a person should look."""
    if result.matte is None:
        return ""
    nudge = ": look at this one" if result.matte.confidence < REVIEW_CONFIDENCE else ""
    return f"confidence {result.matte.confidence:.2f}{nudge}, "


def _format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
