"""Console output of a batch: a line for each picture on a terminal, JSON lines, a progress line, errors.

Pictures and JSON go to standard output, text to standard error; where that is not a terminal, only notes and errors.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from mattebox.batch.job import JobResult
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.batch.report import is_doubtful
from mattebox.cli.console import EXIT_FAILURES, combine_exit_codes, echo_stderr
from mattebox.errors import MatteboxError

PROGRESS_DELAY_SECONDS = 1.0  # before the progress of a single photograph is shown
PROGRESS_INTERVAL_SECONDS = 0.1
MAX_PICTURES_WITHOUT_SUMMARY = 5  # above them the failures are counted at the end
MAX_LINES_AFTER_FAILURE = 5  # on other pictures; with more, failures are listed again at the end


class ConsoleReporter:
    """Writes the outcomes of a batch as they come, and keeps its exit code. `total` is None while nobody knows it."""

    def __init__(self, total: int | None, as_json: bool) -> None:
        self.total, self.as_json = total, as_json
        self.exit_codes: list[int] = []
        self.failures: list[str] = []
        self.skipped_count = 0
        self.start_time = time.monotonic()
        self.done_count = self.result_count = self.doubtful_count = 0
        self.lines_after_failure = 0
        self.last_update_time = 0.0
        self.has_progress_line = sys.stderr.isatty() and total not in (0, 1)

    def show_current_job(self, entry: BatchJob | BatchFailure) -> None:
        """Replace the progress line."""
        if not self.has_progress_line:
            return
        elapsed = time.monotonic() - self.start_time
        estimate, count = "", f"{self.done_count + 1}"
        if self.done_count:
            estimate = f", {self.done_count / max(elapsed, 1e-6):.1f}/s"
        if self.total is not None:
            count += f"/{self.total}"
            if self.done_count:
                estimate += f", {_format_duration((self.total - self.done_count) * elapsed / self.done_count)} left"
        self._write_line(f"\r\x1b[K[{count}{estimate}] {entry.name}"[:200])

    def show_progress(self, stage: str, share: float) -> None:
        """Show the progress of a single photograph that takes long."""
        now = time.monotonic()
        if (
            self.total != 1
            or not sys.stderr.isatty()
            or now - self.start_time < PROGRESS_DELAY_SECONDS
            or now - self.last_update_time < PROGRESS_INTERVAL_SECONDS
        ):
            return
        self.last_update_time, self.has_progress_line = now, True
        left = _format_duration((now - self.start_time) * (1 - share) / max(share, 1e-3))
        self._write_line(f"\r\x1b[K{stage} {share:4.0%}, {left} left")

    def report_skipped(self, job: BatchJob) -> None:
        """Count a picture that an earlier run has done."""
        self.done_count += 1
        self.skipped_count += 1

    def print_summary(self) -> None:
        """Write how many were done and how many are doubtful, and failures once more if many lines came after one.

        Where nobody watches, only what is not as it should be is told.
        """
        self._clear_line()
        if self.skipped_count:
            echo_stderr(f"{self.skipped_count} had been done before")
        total = self.done_count if self.total is None else self.total
        if sys.stderr.isatty() and total > 1 and not self.as_json:
            echo_stderr(self._describe_done())
        if total <= MAX_PICTURES_WITHOUT_SUMMARY or not self.failures:
            return
        is_far_above = self.lines_after_failure > MAX_LINES_AFTER_FAILURE
        echo_stderr(f"{len(self.failures)} of {total} failed{':' if is_far_above else ''}")
        for line in self.failures if is_far_above else ():
            click.echo(f"  {line}", err=True)

    def report_result(
        self, job: BatchJob, result: JobResult, seconds: float, broken_rules: tuple[str, ...] = ()
    ) -> None:
        """Write a result. One that its marketplace would reject counts as failed, though its file is written."""
        self.done_count += 1
        self.result_count += 1
        self.doubtful_count += result.matte is not None and is_doubtful(result.matte)
        self._clear_line()
        has_line = sys.stderr.isatty() and job.target is not None and not self.as_json
        if self.failures:
            self.lines_after_failure += len(result.notes) + has_line
        for note in result.notes:
            click.echo(f"note: {job.name}: {note}", err=True)
        if self.as_json:
            click.echo(json.dumps(result_fields(job, result) | {"broken": list(broken_rules)}))
        elif has_line:
            click.echo(f"{job.name} -> {job.target}  ({_confidence_text(result)}{seconds:.2f} s)", err=True)
        if broken_rules:
            self.exit_codes.append(EXIT_FAILURES)
            self.failures.append(f"{job.target}: does not pass; {'; '.join(broken_rules)}")
            echo_stderr(self.failures[-1])

    def report_failure(self, failure: BatchFailure, job: BatchJob | None = None) -> None:
        """Write a failure."""
        self.done_count += 1
        self._clear_line()
        error = failure.error
        self.exit_codes.append(error.exit_code)
        line = str(error)
        has_name = failure.name in line or (job is not None and str(job.target) in line)
        self.failures.append(line if has_name else f"{failure.name}: {line}")
        echo_stderr(self.failures[-1])
        if self.as_json:
            click.echo(json.dumps(failure_fields(failure, job)))

    def _describe_done(self) -> str:
        """How many results were written, how many of them a person should look at, and in what time."""
        doubtful = f" ({self.doubtful_count} to check)" if self.doubtful_count else ""
        return f"{self.result_count} done{doubtful} in {_format_duration(time.monotonic() - self.start_time)}"

    @property
    def exit_code(self) -> int:
        """0, the one code that all failures share, or 1 when they differ."""
        return combine_exit_codes(self.exit_codes)

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
    if result.objects:
        row["objects"] = [item.to_fields() for item in result.objects]
    row |= {"model": result.model, "device": result.device, "notes": list(result.notes)}
    return row | {"seconds": {stage: round(s, 4) for stage, s in result.seconds.items()}}


def failure_fields(failure: BatchFailure, job: BatchJob | None) -> dict[str, Any]:
    """One failure as JSON data."""
    error: MatteboxError = failure.error
    fields = {
        "class": type(error).__name__,
        "problem": error.problem,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    return _job_fields(failure.name, job) | {"ok": False, "error": fields}


def _job_fields(name: str, job: BatchJob | None) -> dict[str, Any]:
    return {"input": name, "output": str(job.target) if job and job.target else None}


def _confidence_text(result: JobResult) -> str:
    """The confidence, with a request to look where it is low."""
    if result.matte is None:
        return ""
    request = ": please check" if is_doubtful(result.matte) else ""
    return f"confidence {result.matte.confidence:.2f}{request}, "


def _format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
