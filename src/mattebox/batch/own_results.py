"""Results of earlier runs among the inputs of a batch: they are left out where their photographs are in it, too.

A result is recognised by the report of its run, by the mark in its metadata (`io.result_mark`), or by its name alone
where it lies beside its photograph.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mattebox.batch.plan import OutputNaming, is_folder, output_paths
from mattebox.errors import InputMissing, UsageError
from mattebox.io.input_items import PICTURE_SUFFIXES, InputItem, absolute_name
from mattebox.io.result_mark import is_marked_file

STEM_SUFFIXES = ("-cut", "-enhanced", "-upscaled")  # of the names of results beside their photographs


@dataclass(frozen=True)
class InputSelection:
    """The inputs of a batch without results of earlier runs.

    Attributes
    ----------
    entries : list of InputItem or InputMissing
        What is left.
    left_out : list of Path
        The results.
    unmarked : frozenset of str
        Absolute names of results that only their names give away: they may be photographs, and are not overwritten.
    """

    entries: list[InputItem | InputMissing]
    left_out: list[Path]
    unmarked: frozenset[str]


@dataclass(frozen=True)
class ReportedOutput:
    """An output that the report of an earlier run names: its input, and its hash."""

    input_name: str
    sha256: str


class _File:
    """A file among the inputs."""

    def __init__(self, path: Path, item: InputItem) -> None:
        self.path, self.item = path, item
        self.name = os.path.normcase(absolute_name(path))
        self.stem = os.path.splitext(self.name)[0]

    @cached_property
    def is_marked(self) -> bool:
        return is_marked_file(self.path)

    @property
    def stems(self) -> list[str]:
        """The stem, and without the photograph's suffix that is put in where names would collide (photo.jpg.png)."""
        inner, suffix = os.path.splitext(self.stem)
        return [self.stem, inner] if suffix in PICTURE_SUFFIXES else [self.stem]

    @property
    def photograph_stems(self) -> Iterator[str]:
        """Stems of the photographs that it may be a result of, by its name."""
        for stem in self.stems:
            for suffix in STEM_SUFFIXES:
                if stem.endswith(suffix):
                    yield stem.removesuffix(suffix)


def leave_out_results(
    entries: Iterable[InputItem | InputMissing],
    naming: OutputNaming,
    reported: Mapping[str, ReportedOutput] | None = None,
) -> InputSelection:
    """Leave out results of earlier runs whose photographs are among the inputs, too.

    Parameters
    ----------
    entries : iterable of InputItem or InputMissing
        As `io.sources.expand_inputs` gives them.
    naming : OutputNaming
        How this run names its results.
    reported : mapping of str to ReportedOutput, optional
        The outputs in the report of an earlier run, by absolute name.

    Returns
    -------
    InputSelection
    """
    all_entries = list(entries)
    files = [_File(e.path, e) for e in all_entries if isinstance(e, InputItem) and e.path and not (e.member or e.url)]
    recogniser = _Recogniser(files, naming, reported or {})
    left_out = {file.name: file for file in files if recogniser.is_result(file)}
    left_items = {id(file.item) for file in left_out.values()}
    return InputSelection(
        [entry for entry in all_entries if id(entry) not in left_items],
        [file.path for file in left_out.values()],
        frozenset(name for name, file in left_out.items() if not file.is_marked and name not in (reported or {})),
    )


class _Recogniser:
    """Recognises results of files among the same files."""

    def __init__(self, files: list[_File], naming: OutputNaming, reported: Mapping[str, ReportedOutput]) -> None:
        self._naming, self._reported = naming, reported
        self._names = {file.name for file in files}
        self._by_stem: dict[str, list[_File]] = defaultdict(list)
        for file in files:
            self._by_stem[file.stem].append(file)
            self._by_stem[file.name].append(file)
        self._by_target = self._index_targets(files)

    def is_result(self, file: _File) -> bool:
        """Whether a file is a result of another one."""
        if self._is_reported(file):
            return True
        photographs = [p for stem in file.photograph_stems for p in self._by_stem.get(stem, ()) if p is not file]
        if photographs and (file.is_marked or any(self._is_beside(file, p) for p in photographs)):
            return True
        makers = [*self._by_stem.get(file.stem, ()), *(m for s in file.stems for m in self._by_target.get(s, ()))]
        others = [maker for maker in makers if maker is not file]
        return bool(others) and file.is_marked and any(not maker.is_marked for maker in others)

    def _is_reported(self, file: _File) -> bool:
        """Whether the report of an earlier run names it, as it is now, and its photograph is here, too."""
        output = self._reported.get(file.name)
        if output is None or output.input_name == file.name or output.input_name not in self._names:
            return False
        try:
            return hashlib.sha256(file.path.read_bytes()).hexdigest() == output.sha256
        except OSError:
            return False

    def _is_beside(self, file: _File, photograph: _File) -> bool:
        """Whether this run would write exactly this file beside the photograph."""
        if self._naming.output is not None or self._naming.template is not None:
            return False
        end = f"-{self._naming.stem_suffix}{self._naming.suffix_of(photograph.item)}"
        return file.name == os.path.normcase(photograph.stem + end)

    def _index_targets(self, files: list[_File]) -> dict[str, list[_File]]:
        """The files that this run would write results of, by the absolute stem of the result."""
        output, index = self._naming.output, defaultdict(list)
        if self._naming.template is not None:
            photographs = [file for file in files if not file.is_marked]
            try:
                targets = output_paths([p.item for p in photographs], self._naming)
            except UsageError:  # raised again when the batch is planned
                return {}
            pairs = [(file, target) for file, target in zip(photographs, targets, strict=True) if target is not None]
        elif output is None:
            return {}
        elif is_folder(output):
            pairs = [(file, output / file.item.relative_path) for file in files]
        else:
            pairs = [(file, Path(output)) for file in files]
        for file, target in pairs:
            index[os.path.splitext(os.path.normcase(absolute_name(target)))[0]].append(file)
        return index
