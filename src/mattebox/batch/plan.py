"""From the inputs on the command line to the outputs they will be written to, before any work is done.

Knows names and folders; reads and writes no picture.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mattebox.errors import InputMissing, MatteboxError, OutputError, UsageError
from mattebox.io.sources import Item, called

KEPT = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".bmp")  # suffixes that results may share


@dataclass(frozen=True)
class Job:
    """One picture's way: `source` (None = standard input) and `target` (None = standard output); `again` when an
    earlier run of the same batch may have made the target already; `member` names it in a ZIP archive, `address` says
    where it is to be fetched from."""

    source: Path | None
    target: Path | None
    again: bool = False
    member: str | None = None
    address: str | None = None

    @property
    def name(self) -> str:
        return called(self.source, self.member, self.address)


@dataclass(frozen=True)
class Failure:
    """A picture that failed, or an input that is not there."""

    name: str
    error: MatteboxError


@dataclass(frozen=True)
class Naming:
    """Where results go: -o's value `out`, the `suffix` new names get ("": the photograph's own, where we write it), a
    `template` for them, whether results that are there already may be replaced (`overwrite`) or are those of an earlier
    run (`resume`), and the `word` that names beside photographs get."""

    out: str | None = None
    suffix: str = ".png"
    template: str | None = None
    overwrite: bool = False
    resume: bool = False
    word: str = "cut"

    def suffix_of(self, item: Item) -> str:
        own = item.relative.suffix.lower()
        return self.suffix or (own if own in KEPT else ".png")


def make_plan(found: Iterable[Item | InputMissing], naming: Naming) -> list[Job | Failure]:
    """Jobs in the order of the inputs; a Failure in place of each input that is missing or must not be written.

    UsageError when the whole makes no sense.
    """
    entries = list(found)
    items = [e for e in entries if isinstance(e, Item)]
    targets = iter(_targets(items, naming))
    jobs = [
        Job(e.path, next(targets), naming.resume, e.member, e.address) if isinstance(e, Item) else Failure(e.problem, e)
        for e in entries
    ]
    return _all_checked(jobs, naming)


def from_manifest(path: Path, naming: Naming) -> list[Job | Failure]:
    """Jobs of a CSV file with the columns `input` and, if wanted, `output`; paths are taken from where it lies."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read ({error})", "give a CSV file with a column `input`") from error
    if not rows or "input" not in rows[0]:
        raise UsageError(f"{path}: has no column `input`", "name it in the first line: input,output")
    items = [Item(path.parent / r["input"], Path(r["input"]).relative_to(Path(r["input"]).anchor)) for r in rows]
    named = [r.get("output") for r in rows]
    planned = iter(_targets([i for i, n in zip(items, named, strict=True) if not n], naming))
    folder = Path(naming.out) if naming.out else path.parent
    jobs: list[Job | Failure] = []
    for item, name in zip(items, named, strict=True):
        target = folder / name if name else next(planned)
        there = item.path is not None and item.path.exists()
        missing = InputMissing(f"{item.path}: no such file", f"check its line in {path}")
        jobs.append(Job(item.path, target, naming.resume) if there else Failure(str(item.path), missing))
    return _all_checked(jobs, naming)


def _all_checked(jobs: list[Job | Failure], naming: Naming) -> list[Job | Failure]:
    inputs = {
        os.path.realpath(j.source) for j in jobs if isinstance(j, Job) and j.source and not (j.member or j.address)
    }
    counts = Counter(os.path.normcase(j.target) for j in jobs if isinstance(j, Job) and j.target)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise UsageError(f"several pictures would become {twice}", "put {stem}, {folder} or {index} into --name")
    return [_checked(j, inputs, naming.overwrite) if isinstance(j, Job) else j for j in jobs]


def is_folder(out: str) -> bool:
    """Whether -o's value means a folder: it is one, ends like one, or has no suffix."""
    return out.endswith(("/", os.sep)) or Path(out).is_dir() or not Path(out).suffix


def _targets(items: list[Item], naming: Naming) -> list[Path | None]:
    out = naming.out
    if naming.template is not None:
        return [_filled(naming.template, i, n, naming) for n, i in enumerate(items, 1)]
    if out == "-" or (out is None and any(i.path is None for i in items)):
        if len(items) > 1:
            raise UsageError("several pictures cannot go to standard output", "give a folder with -o")
        return [None] * len(items)
    if out is None:
        return _apart([_beside(i.path, i, naming) for i in items if i.path], items)
    if not is_folder(out):
        if len(items) > 1:
            raise UsageError(f"{out} is one file and there are {len(items)} pictures", "give a folder: -o FOLDER/")
        return [Path(out)] * len(items)
    return _apart([Path(out) / i.relative.with_suffix(naming.suffix_of(i)) for i in items], items)


def _beside(path: Path, item: Item, naming: Naming) -> Path:
    stem = item.relative.stem if item.member else path.stem
    return path.with_name(f"{stem}-{naming.word}{naming.suffix_of(item)}")


def _filled(template: str, item: Item, number: int, naming: Naming) -> Path:
    """A name from the template, in -o's folder or beside the photograph; sub-folders are kept by {folder}."""
    fields = {
        "stem": item.relative.stem,
        "folder": str(item.relative.parent) if item.relative.parent != Path() else "",
        "suffix": naming.suffix_of(item).lstrip("."),
        "format": item.relative.suffix.lstrip("."),
        "index": number,
    }
    try:
        name = template.format(**fields).lstrip("/\\")
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise UsageError(
            f"--name {template!r} cannot be filled in ({error})", f"it may hold {{{'}, {'.join(fields)}}}"
        ) from error
    if ".." in Path(name).parts:
        raise UsageError(f"--name {template!r} leads out of the folder", "leave .. out of it")
    folder = Path(naming.out) if naming.out else (item.path.parent if item.path else Path())
    path = folder / name
    return path if path.suffix else path.with_name(path.name + naming.suffix_of(item))


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
    if job.target.exists() and not overwrite and not job.again:
        problem = f"{job.target}: exists already"
        return Failure(job.name, OutputError(problem, "choose another output, or replace it with --overwrite"))
    return replace(job)
