"""Plans a batch: maps inputs to output paths, and refuses conflicts before any work is done."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import InputMissing, MatteboxError, OutputError, UsageError
from mattebox.io.atomic_write import is_stream, output_error
from mattebox.io.input_items import InputItem, absolute_name, item_display_name
from mattebox.io.store_address import StoreAddress, is_output_address, parse_store_address
from mattebox.recipe.recipe import Recipe

# Suffixes that a result may take over from its photograph.
OUTPUT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".bmp")
RESULT_EXISTS_REMEDY = "choose another output, or replace it with --overwrite"
CONTINUE_REMEDY = "; a batch that is run with --report FILE can be continued with --resume"
STDOUT_PATHS = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


@dataclass(frozen=True)
class BatchJob:
    """One picture to process.

    Attributes
    ----------
    source : Path or None
        The photograph's file, or the ZIP archive that holds it; None for standard input or a URL.
    target : Path, StoreAddress or None
        The result's file, or object in a store; None for standard output.
    is_resumed : bool
        Whether an earlier run of the batch may have written the target already.
    member : str or None
        Name in the ZIP archive.
    url : str or None
        Address in an object store, or to download from.
    recipe : Recipe or None
        Where a row of a manifest has its own; else it is the batch's.
    """

    source: Path | None
    target: Path | StoreAddress | None
    is_resumed: bool = False
    member: str | None = None
    url: str | None = None
    recipe: Recipe | None = None

    @property
    def name(self) -> str:
        """What messages and reports call it."""
        return item_display_name(self.source, self.member, self.url)

    @property
    def target_file(self) -> Path | None:
        """The target where it is a file on a disk, and no object, pipe or device."""
        return self.target if isinstance(self.target, Path) and not is_stream(self.target) else None


@dataclass(frozen=True)
class BatchFailure:
    """An input that is missing, or must not be processed."""

    name: str
    error: MatteboxError


@dataclass(frozen=True)
class OutputNaming:
    """How results are named.

    Attributes
    ----------
    output : str or None
        Value of -o: a file, a folder, or "-".
    suffix : str
        Suffix of results; "" takes over the photograph's where that format can be written.
    template : str or None
        Value of --name, such as "{stem}-{index}".
    overwrite : bool
        Whether existing files may be replaced.
    resume : bool
        Whether existing files are taken for results of an earlier run.
    stem_suffix : str
        Added to the names of results that lie beside their photographs.
    """

    output: str | None = None
    suffix: str = ".png"
    template: str | None = None
    overwrite: bool = False
    resume: bool = False
    stem_suffix: str = "cut"

    def suffix_of(self, item: InputItem) -> str:
        """The suffix of this item's result."""
        own = item.relative_path.suffix.lower()
        return self.suffix or (own if own in OUTPUT_SUFFIXES else ".png")


def make_plan(
    inputs: Iterable[InputItem | InputMissing], naming: OutputNaming, protected: Collection[str] = ()
) -> list[BatchJob | BatchFailure]:
    """Plan the jobs of a batch.

    Parameters
    ----------
    inputs : iterable of InputItem or InputMissing
        As `io.sources.expand_inputs` gives them.
    naming : OutputNaming
    protected : collection of str
        Absolute names of further files that are never overwritten.

    Returns
    -------
    list of BatchJob or BatchFailure
        In the order of the inputs; a failure for each input that is missing or whose target must not be written.

    Raises
    ------
    UsageError
        When the names conflict, or several pictures would go to one file.
    """
    entries = list(inputs)
    items = [e for e in entries if isinstance(e, InputItem)]
    targets = iter(output_paths(items, naming))
    jobs = [
        BatchJob(e.path, next(targets), naming.resume, e.member, e.url)
        if isinstance(e, InputItem)
        else BatchFailure(e.problem, e)
        for e in entries
    ]
    return check_all_jobs(jobs, naming, protected)


def check_all_jobs(
    jobs: list[BatchJob | BatchFailure], naming: OutputNaming, protected: Collection[str] = ()
) -> list[BatchJob | BatchFailure]:
    """The jobs, with failures for targets that must not be written. UsageError for two results of one name."""
    inputs = {_real_path(j.source) for j in jobs if isinstance(j, BatchJob) and j.source and not (j.member or j.url)}
    counts = Counter(os.path.normcase(str(j.target)) for j in jobs if isinstance(j, BatchJob) and j.target)
    duplicate = next((name for name, count in counts.items() if count > 1), None)
    if duplicate is not None:
        raise same_name_error(duplicate)
    is_batch = len(jobs) > 1
    return [check_job(j, inputs, protected, naming.overwrite, is_batch) if isinstance(j, BatchJob) else j for j in jobs]


def same_name_error(target: object) -> UsageError:
    """Several pictures of a batch would become one file."""
    return UsageError(f"several pictures would become {target}", "put {stem}, {folder} or {index} into --name")


def is_folder(output: str) -> bool:
    """Whether the value of -o means a folder: it is one, ends in a slash, or has no suffix and is no pipe or device."""
    if is_output_address(output):
        return parse_store_address(output).is_prefix
    if output.endswith(("/", os.sep)) or os.path.isdir(output):
        return True
    return not Path(output).suffix and not is_stream(output)


def output_paths(items: list[InputItem], naming: OutputNaming) -> list[Path | None]:
    """The target of each item; None for standard output. UsageError."""
    out = naming.output
    if naming.template is not None:
        return [fill_template(naming.template, i, n, naming) for n, i in enumerate(items, 1)]
    if out in STDOUT_PATHS or (out is None and any(i.path is None for i in items)):
        if len(items) > 1:
            raise UsageError("several pictures cannot go to standard output", "give a folder with -o")
        return [None] * len(items)
    if out is None:
        return disambiguate_paths([_path_beside_photograph(i.path, i, naming) for i in items if i.path], items)
    if not is_folder(out):
        if len(items) > 1:
            raise UsageError(f"{out} is one file and there are {len(items)} pictures", "give a folder: -o FOLDER/")
        return [Path(out)] * len(items)
    return disambiguate_paths([Path(out) / i.relative_path.with_suffix(naming.suffix_of(i)) for i in items], items)


def _path_beside_photograph(path: Path, item: InputItem, naming: OutputNaming) -> Path:
    stem = item.relative_path.stem if item.member else path.stem
    return path.with_name(f"{stem}-{naming.stem_suffix}{naming.suffix_of(item)}")


def fill_template(template: str, item: InputItem, number: int, naming: OutputNaming) -> Path:
    """The template filled in, below the folder of -o or beside the photograph. UsageError."""
    fields = {
        "stem": item.relative_path.stem,
        "folder": str(item.relative_path.parent) if item.relative_path.parent != Path() else "",
        "suffix": naming.suffix_of(item).lstrip("."),
        "format": item.relative_path.suffix.lstrip("."),
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
    if not Path(name).name:
        raise UsageError(f"--name {template!r} gives {item.name} no name", "put {stem} into it")
    folder = Path(naming.output) if naming.output else (item.path.parent if item.path else Path())
    path = folder / name
    return path if path.suffix else path.with_name(path.name + naming.suffix_of(item))


def disambiguate_paths(targets: list[Path], items: list[InputItem]) -> list[Path | None]:
    """Make duplicate targets distinct: photo.jpg and photo.webp become photo.jpg.png and photo.webp.png."""
    counts = Counter(os.path.normcase(t) for t in targets)
    return [
        t.with_name(f"{t.stem}{i.relative_path.suffix}{t.suffix}") if counts[os.path.normcase(t)] > 1 else t
        for t, i in zip(targets, items, strict=True)
    ]


def check_job(
    job: BatchJob, inputs: set[str], protected: Collection[str], overwrite: bool, is_batch: bool
) -> BatchJob | BatchFailure:
    """The job, or the failure that its target must not be written. An object in a store is looked for when it runs."""
    if job.target is None or isinstance(job.target, StoreAddress) or is_stream(job.target):
        return job
    if _real_path(job.target) in inputs:
        problem = f"{job.target}: is an input itself"
        return BatchFailure(job.name, OutputError(problem, "choose another output; photographs are never overwritten"))
    try:
        if not _find_target(job.target):
            return job
    except OSError as error:  # a name that is too long, a folder that may not be searched
        return BatchFailure(job.name, output_error(error, job.target))
    except ValueError as error:  # a null character
        return BatchFailure(job.name, OutputError(f"{job.target}: cannot be written ({error})", "choose another name"))
    if os.path.normcase(absolute_name(job.target)) in protected:
        problem = f"{job.target}: already exists, and does not say that mattebox wrote it"
        return BatchFailure(job.name, OutputError(problem, "move it away, or choose another output with -o"))
    if not overwrite and not job.is_resumed:
        problem = f"{job.target}: already exists"
        remedy = RESULT_EXISTS_REMEDY + (CONTINUE_REMEDY if is_batch else "")
        return BatchFailure(job.name, OutputError(problem, remedy))
    return job


def _find_target(target: Path) -> bool:
    """Whether there is a file, folder or link of this name. OSError, ValueError for a name that cannot be written."""
    try:
        os.lstat(target)
    except FileNotFoundError:
        folder, parts = target.parent, [target.name]
        while not os.path.isdir(folder):  # will be created
            parts.append(folder.name)
            folder = folder.parent
        for part in parts:
            with contextlib.suppress(FileNotFoundError):
                os.lstat(folder / part)
        return False
    return True


def _real_path(path: Path) -> str:
    """The path with all links followed, as far as it can be."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # ValueError: a null character
        return os.fspath(path)
