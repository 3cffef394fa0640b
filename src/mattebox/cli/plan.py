"""From the inputs on the command line to the outputs they will be written to, before any work is done.

Knows names and folders; reads and writes no picture.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mattebox.errors import InputMissing, MatteboxError, OutputError, UsageError
from mattebox.io.sources import Item


@dataclass(frozen=True)
class Job:
    """One picture's way: `source` (None = standard input) and `target` (None = standard output)."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> str:
        return "standard input" if self.source is None else str(self.source)


@dataclass(frozen=True)
class Failure:
    """A picture that failed, or an input that is not there."""

    name: str
    error: MatteboxError


def make_plan(
    found: Iterable[Item | InputMissing], out: str | None, suffix: str, overwrite: bool
) -> list[Job | Failure]:
    """Jobs in the order of the inputs; a Failure in place of each input that is missing or must not be written.

    `out` is -o's value, `suffix` the one new names get. UsageError when the whole makes no sense.
    """
    entries = list(found)
    items = [e for e in entries if isinstance(e, Item)]
    targets = iter(_targets(items, out, suffix))
    jobs = [Job(e.path, next(targets)) if isinstance(e, Item) else Failure(e.problem, e) for e in entries]
    inputs = {os.path.realpath(i.path) for i in items if i.path is not None}
    return [_checked(j, inputs, overwrite) if isinstance(j, Job) else j for j in jobs]


def is_folder(out: str) -> bool:
    """Whether -o's value means a folder: it is one, ends like one, or has no suffix."""
    return out.endswith(("/", os.sep)) or Path(out).is_dir() or not Path(out).suffix


def _targets(items: list[Item], out: str | None, suffix: str) -> list[Path | None]:
    if out == "-" or (out is None and any(i.path is None for i in items)):
        if len(items) > 1:
            raise UsageError("several pictures cannot go to standard output", "give a folder with -o")
        return [None] * len(items)
    if out is None:
        return _apart([i.path.with_name(f"{i.path.stem}-cut{suffix}") for i in items if i.path], items)
    if not is_folder(out):
        if len(items) > 1:
            raise UsageError(f"{out} is one file and there are {len(items)} pictures", "give a folder: -o FOLDER/")
        return [Path(out)] * len(items)
    return _apart([Path(out) / i.relative.with_suffix(suffix) for i in items], items)


def _apart(targets: list[Path], items: list[Item]) -> list[Path | None]:
    """Where photo.jpg and photo.webp would both become photo.png, they become photo.jpg.png and photo.webp.png."""
    counts = Counter(os.path.normcase(t) for t in targets)
    return [
        t.with_name(f"{t.stem}{i.relative.suffix}{t.suffix}") if counts[os.path.normcase(t)] > 1 else t
        for t, i in zip(targets, items, strict=True)
    ]


def _checked(job: Job, inputs: set[str], overwrite: bool) -> Job | Failure:
    """The job, or why it must not be done."""
    if job.target is None:
        return job
    if os.path.realpath(job.target) in inputs:
        problem = f"{job.target}: is an input itself"
        return Failure(job.name, OutputError(problem, "choose another output; photographs are never overwritten"))
    if job.target.exists() and not overwrite:
        problem = f"{job.target}: exists already"
        return Failure(job.name, OutputError(problem, "choose another output, or replace it with --overwrite"))
    return replace(job)
