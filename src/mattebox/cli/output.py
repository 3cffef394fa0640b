"""What the user sees: a line per picture on a terminal, JSON lines on request, a progress line on long work, errors.

Pictures and JSON go to standard output, words to standard error; piped, only errors are said.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from mattebox.batch.job import Finished
from mattebox.batch.plan import Failure, Job
from mattebox.errors import MatteboxError

MIXED = 1
REJECTED = 1
SLOW = 1.0  # seconds until it is told how far a single photograph is
LONG = 5  # pictures from which failures are told again at the end
DOUBTFUL = 0.6  # expected IoU below which a cutout is worth a look


class Report:
    """Collects the outcome of a batch and says it as it comes."""

    def __init__(self, total: int, as_json: bool) -> None:
        self.total, self.as_json = total, as_json
        self.codes: list[int] = []
        self.failures: list[str] = []
        self.left_out = 0
        self.begun = time.monotonic()
        self.done = 0
        self.told = 0.0
        self.live = sys.stderr.isatty() and total > 1

    def working(self, entry: Job | Failure) -> None:
        """Replace the progress line."""
        if not self.live:
            return
        spent = time.monotonic() - self.begun
        told = ""
        if self.done:
            rate = self.done / max(spent, 1e-6)
            told = f", {rate:.1f}/s, {_duration((self.total - self.done) / rate)} left"
        self._line(f"\r\x1b[K[{self.done + 1}/{self.total}{told}] {entry.name}"[:200])

    def part(self, stage: str, share: float) -> None:
        """How far the only photograph is, where it takes its time."""
        now = time.monotonic()
        if self.total != 1 or not sys.stderr.isatty() or now - self.begun < SLOW or now - self.told < 0.1:
            return
        self.told, self.live = now, True
        left = _duration((now - self.begun) * (1 - share) / max(share, 1e-3))
        self._line(f"\r\x1b[K{stage} {share:4.0%}, {left} left")

    def skipped(self, job: Job) -> None:
        """A picture that an earlier run has done."""
        self.done += 1
        self.left_out += 1

    def closed(self) -> None:
        """The last words: what was left out, and on long work all failures once more."""
        self._clear()
        if self.left_out:
            click.echo(f"mattebox: {self.left_out} were done already", err=True)
        if self.total > LONG and self.failures:
            click.echo(f"mattebox: {len(self.failures)} of {self.total} failed:", err=True)
            for line in self.failures:
                click.echo(f"  {line}", err=True)

    def finished(self, job: Job, result: Finished, seconds: float, broken: tuple[str, ...] = ()) -> None:
        """A picture that was made; what its marketplace would reject counts as failed, though it is there."""
        self.done += 1
        self._clear()
        for note in result.notes:
            click.echo(f"note: {job.name}: {note}", err=True)
        if self.as_json:
            click.echo(json.dumps(described(job, result) | {"broken": list(broken)}))
        elif sys.stderr.isatty() and job.target is not None:
            click.echo(f"{job.name} -> {job.target}  ({_sure(result)}{seconds:.2f} s)", err=True)
        if broken:
            self.codes.append(REJECTED)
            self.failures.append(f"{job.target}: does not pass; {'; '.join(broken)}")
            click.echo(f"mattebox: {self.failures[-1]}", err=True)

    def failed(self, failure: Failure, job: Job | None = None) -> None:
        self.done += 1
        self._clear()
        error = failure.error
        self.codes.append(error.exit_code)
        line = str(error)
        named = failure.name in line or (job is not None and str(job.target) in line)
        self.failures.append(line if named else f"{failure.name}: {line}")
        click.echo(f"mattebox: {self.failures[-1]}", err=True)
        if self.as_json:
            click.echo(json.dumps(refused(failure, job)))

    @property
    def exit_code(self) -> int:
        """0, the one code that all failures share, or 1 when they differ."""
        kinds = set(self.codes)
        return 0 if not kinds else kinds.pop() if len(kinds) == 1 else MIXED

    def _clear(self) -> None:
        if self.live:
            self._line("\r\x1b[K")

    def _line(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def described(job: Job, result: Finished) -> dict[str, Any]:
    """One finished picture as JSON data."""
    height, width = result.size
    row = _row(job.name, job) | {"ok": True, "error": None, "width": width, "height": height}
    if result.matte is not None:
        row |= {"found": result.matte.found, "confidence": round(result.matte.confidence, 4), "box": result.matte.box}
    row |= {"model": result.model, "device": result.device, "notes": list(result.notes)}
    return row | {"seconds": {stage: round(s, 4) for stage, s in result.seconds.items()}}


def refused(failure: Failure, job: Job | None) -> dict[str, Any]:
    """One failure as JSON data."""
    error: MatteboxError = failure.error
    told = {
        "class": type(error).__name__,
        "problem": error.problem,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    return _row(failure.name, job) | {"ok": False, "error": told}


def _row(name: str, job: Job | None) -> dict[str, Any]:
    return {"input": name, "output": str(job.target) if job and job.target else None}


def _sure(result: Finished) -> str:
    """The confidence in words, with a nudge where a person should look."""
    if result.matte is None:
        return ""
    nudge = ": look at this one" if result.matte.confidence < DOUBTFUL else ""
    return f"confidence {result.matte.confidence:.2f}{nudge}, "


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
