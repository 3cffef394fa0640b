"""Plans batches from or into object stores lazily: millions of pictures, of which a few are in memory at a time.

Stores list keys in order, so that pictures whose results would have the same name (photo.jpg and photo.webp) stand
close together, with only keys between them that start like theirs. Where a store does not, or several inputs or a
template of names are given, the names of all results are remembered as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, pairwise
from pathlib import Path, PurePosixPath

from mattebox.batch.plan import (
    BatchFailure,
    BatchJob,
    OutputNaming,
    check_job,
    disambiguate_paths,
    fill_template,
    output_paths,
    same_name_error,
)
from mattebox.errors import InputMissing, UsageError
from mattebox.io.input_items import InputItem
from mattebox.io.store_address import StoreAddress, is_output_address, parse_store_address

RELATIVE_ROOT = "."  # stands for the output prefix while names are made
ORDER_SAMPLE_ITEMS = 1000  # at the start, which show whether a store lists in order


@dataclass
class _NameRegister:
    """The names of all results so far, as 64-bit hashes."""

    hashes: set[int] = field(default_factory=set)

    def add(self, target: object) -> None:
        """UsageError where it is there already."""
        number = hash(str(target))
        if number in self.hashes:
            raise same_name_error(target)
        self.hashes.add(number)


def plan_lazily(
    inputs: Iterable[InputItem | InputMissing], naming: OutputNaming, *, has_one_input: bool
) -> Iterator[BatchJob | BatchFailure]:
    """Plan the jobs of a batch as its inputs are listed.

    Parameters
    ----------
    inputs : iterable of InputItem or InputMissing
        As `io.sources.expand_inputs` gives them.
    naming : OutputNaming
        With an output: a folder, or an address in a store.
    has_one_input : bool
        Whether all pictures are of one prefix, pattern or folder.

    Yields
    ------
    BatchJob or BatchFailure
        What lies below the output prefix itself is left out.

    Raises
    ------
    UsageError
        When several pictures would go to one file.
    """
    if naming.output is None:
        raise UsageError("results of pictures in a store need a place", "give a folder or prefix with -o")
    store = parse_store_address(naming.output) if is_output_address(naming.output) else None
    if store is not None and not store.is_prefix:
        yield from _plan_single(inputs, naming, store)
        return
    entries = iter(inputs if store is None else _leave_out_prefix(inputs, store))
    sample = list(islice(entries, ORDER_SAMPLE_ITEMS))
    has_order = has_one_input and naming.template is None and _is_ordered(sample)
    register = None if has_order else _NameRegister()
    local_naming = naming if store is None else replace(naming, output=RELATIVE_ROOT)
    number = 0
    for group in _group_same_names(chain(sample, entries), checks_order=register is None):
        items = [entry for entry in group if isinstance(entry, InputItem)]
        targets = iter(_name_results(items, local_naming, number))
        number += len(items)
        for entry in group:
            if isinstance(entry, InputMissing):
                yield BatchFailure(entry.problem, entry)
                continue
            job = BatchJob(entry.path, next(targets), naming.resume, entry.member, entry.url)
            if register is not None:
                register.add(job.target)
            yield check_job(job, set(), (), naming.overwrite, True) if store is None else place_in_store(job, store)


def place_in_store(job: BatchJob, prefix: StoreAddress) -> BatchJob:
    """The job with its target, a path relative to RELATIVE_ROOT, below a prefix."""
    assert job.target is not None
    return replace(job, target=prefix.child(PurePosixPath(str(job.target).replace("\\", "/")).as_posix()))


def _plan_single(
    inputs: Iterable[InputItem | InputMissing], naming: OutputNaming, target: StoreAddress
) -> Iterator[BatchJob | BatchFailure]:
    """The job whose result is one object. UsageError for more than one picture."""
    first = list(islice(inputs, 2))
    if len(first) > 1:
        raise UsageError(f"{target} is one object and there are several pictures", "give a prefix: -o PREFIX/")
    for entry in first:
        if isinstance(entry, InputMissing):
            yield BatchFailure(entry.problem, entry)
        else:
            yield BatchJob(entry.path, target, naming.resume, entry.member, entry.url)


def _leave_out_prefix(
    inputs: Iterable[InputItem | InputMissing], prefix: StoreAddress
) -> Iterator[InputItem | InputMissing]:
    """The inputs that do not lie below the output prefix, unless that is the whole store."""
    for entry in inputs:
        is_below = isinstance(entry, InputItem) and entry.url and prefix.contains(parse_store_address(entry.url))
        if not is_below or not prefix.key.strip("/"):
            yield entry


def _name_results(items: list[InputItem], naming: OutputNaming, number: int) -> Sequence[Path | None]:
    """The targets of items that may have the same names; `number` items came before them."""
    if naming.template is not None:
        return [fill_template(naming.template, item, number + n, naming) for n, item in enumerate(items, 1)]
    paths = [path for item in items for path in output_paths([item], naming) if path is not None]
    targets = disambiguate_paths(paths, items)
    if len(set(targets)) < len(targets):
        raise same_name_error(max(targets, key=targets.count))
    return targets


def _group_same_names(
    entries: Iterable[InputItem | InputMissing], *, checks_order: bool
) -> Iterator[list[InputItem | InputMissing]]:
    """Groups of entries whose keys start like the first one's without its suffix, as photo.jpg, photo.old.jpg do."""
    group: list[InputItem | InputMissing] = []
    stem = previous = ""
    for entry in entries:
        key = _key(entry)
        if checks_order and isinstance(entry, InputItem) and key < previous:
            raise UsageError("the store does not list its objects in order", "give one folder of them at a time")
        if group and not (stem and key.startswith(stem)):
            yield group
            group = []
        if not group:
            stem = f"{key.rpartition('.')[0]}." if isinstance(entry, InputItem) else ""
        group.append(entry)
        previous = key if isinstance(entry, InputItem) else previous
    if group:
        yield group


def _key(entry: InputItem | InputMissing) -> str:
    return entry.relative_path.as_posix() if isinstance(entry, InputItem) else ""


def _is_ordered(entries: list[InputItem | InputMissing]) -> bool:
    keys = [_key(entry) for entry in entries if isinstance(entry, InputItem)]
    return all(first < second for first, second in pairwise(keys))
