"""Masks that a teacher gave beforehand, in tar shards beside those of the pictures.

`teacher.csv` has the columns shard, set and stem; the shards have members `<set>/<stem>.avif`, grey, of the picture's
size.
"""

from __future__ import annotations

import csv
import tarfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from mattebox.errors import InputMissing
from mattebox.training.data.tar_shards import ManifestRow, open_tar_image
from mattebox.types import Floats


class TeacherShards:
    """The masks of a table of shards, which are open within a `with` statement.

    Parameters
    ----------
    table : Path
        The CSV; the shards are beside it.

    Raises
    ------
    InputMissing
        If the table or a shard cannot be read.
    """

    def __init__(self, table: Path) -> None:
        try:
            with open(table, newline="") as file:
                self._shards = {f"{r['set']}/{r['stem']}": r["shard"] for r in csv.DictReader(file)}
        except (OSError, KeyError) as error:
            raise InputMissing(
                f"{table}: cannot be read as a table of masks", "give a CSV with the columns shard, set and stem"
            ) from error
        self._folder, self._stack = table.parent, ExitStack()
        self._tars: dict[str, tarfile.TarFile] = {}

    def __enter__(self) -> TeacherShards:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def read_mask(self, row: ManifestRow) -> Floats:
        """The mask of a picture, H x W, 0..1. InputMissing if there is none."""
        shard = self._shards.get(row.key)
        try:
            if shard is None:
                raise KeyError(row.key)
            if shard not in self._tars:
                tar = tarfile.open(self._folder / shard)  # noqa: SIM115 (the stack closes it)
                self._tars[shard] = self._stack.enter_context(tar)
            mask = open_tar_image(self._tars[shard], f"{row.key}.avif").convert("L")
        except (OSError, KeyError) as error:
            raise InputMissing(f"{self._folder}: no mask of {row.key}", "name a teacher that labelled it") from error
        return np.asarray(mask, np.float32) / np.float32(255)
