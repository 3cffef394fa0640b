"""Datasets for training and evaluation: tar shards with a manifest, a folder, or a CSV, behind one interface.

Pictures that cannot be used (corrupt, or with a mask of another size) are named on standard error and skipped; a
dataset with more than one in a hundred is refused. All processors decode, some pictures ahead.
"""

from __future__ import annotations

import sys
import tarfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from mattebox.core import cpu_threads
from mattebox.errors import InputMissing, InputUnreadable
from mattebox.training.data.folders import ImageMaskPair, read_backgrounds, read_pairs, read_unlabelled
from mattebox.training.data.tar_shards import ManifestRow, decode_member, read_manifest

MAX_DAMAGED_SHARE = 0.01
FOLDER_READERS = {"labelled": read_pairs, "background": read_backgrounds, "unlabelled": read_unlabelled}
PREFETCH_PER_THREAD = 2  # pictures
DatasetSample: TypeAlias = tuple[ManifestRow, Image.Image, Image.Image | None]
PictureNames: TypeAlias = frozenset[str]
"""SET/STEM of each picture; the set of a folder's pictures is the folder's name."""


def stream_samples(
    data: Path, kind: str, split: str, stride: int = 1, excluded: PictureNames = frozenset()
) -> Iterator[DatasetSample]:
    """Decode the pictures of one kind and split.

    Parameters
    ----------
    data : Path
        Shards with a manifest, a folder or a CSV.
    kind : str
        labelled, unlabelled, background or, in shards only, check.
    split : str
        train or val; of the kind check, check.
    stride : int
        Yield every `stride`-th picture.
    excluded : set of str
        Names of pictures to leave out.

    Yields
    ------
    (ManifestRow, Image, Image or None)
        A picture's row, the picture in RGB, and its mask in L; in the dataset's order.

    Raises
    ------
    InputMissing
        If `data` or one of its files does not exist.
    InputUnreadable
        If more than one in a hundred pictures cannot be used.
    UsageError
        If the CSV has other columns or splits.
    """
    with ExitStack() as open_tars:
        tasks = [task for task in _decode_tasks(data, kind, split, open_tars) if task.key not in excluded]
        yield from _decode_usable(tasks[::stride], str(data))


def read_excluded_names(file: Path | None) -> PictureNames:
    """Names of pictures to leave out, a line each, as `mattebox.training.data.background_audit` prints them.

    # begins a comment. InputMissing if the file cannot be read.
    """
    try:
        lines = file.read_text().splitlines() if file else []
    except OSError as error:
        raise InputMissing(
            f"{file}: cannot be read ({error.strerror})", "give the file of names to leave out"
        ) from error
    return frozenset(name for line in lines if (name := line.partition("#")[0].strip()))


def count_samples(data: Path, kind: str, split: str) -> int:
    """Number of pictures of a kind and split, whether they can be decoded or not."""
    with ExitStack() as open_tars:
        return len(_decode_tasks(data, kind, split, open_tars))


def list_sample_names(data: Path, kind: str, split: str) -> list[str]:
    """SET/STEM of each picture of a kind and split, in the dataset's order."""
    with ExitStack() as open_tars:
        return [task.key for task in _decode_tasks(data, kind, split, open_tars)]


def has_samples(data: Path, kind: str) -> bool:
    """Whether there is a picture of a kind."""
    if _has_manifest(data):
        return any(row.kind == kind for row in read_manifest(data))
    return kind in FOLDER_READERS and bool(FOLDER_READERS[kind](data))


def _has_manifest(data: Path) -> bool:
    if not data.exists():
        raise InputMissing(f"{data}: not there", "give tar shards, a folder with images/ and masks/, or a CSV")
    return (data / "manifest.csv").is_file()


class DecodeTask(NamedTuple):
    """A picture to decode: its name in messages, and its key as in `ManifestRow`."""

    name: str
    key: str
    decode: Callable[[], DatasetSample]


def _decode_tasks(data: Path, kind: str, split: str, open_tars: ExitStack) -> list[DecodeTask]:
    return _shard_tasks(data, kind, split, open_tars) if _has_manifest(data) else _folder_tasks(data, kind, split)


def _decode_usable(tasks: list[DecodeTask], data: str) -> Iterator[DatasetSample]:
    """Yield the samples that can be decoded; report the others."""
    damaged: list[str] = []
    for name, decoded in _prefetch(tasks):
        try:
            sample = decoded.result()
        except Exception as error:  # decoders raise many kinds
            damaged.append(name)
            print(f"skipped {name}: {error}", file=sys.stderr, flush=True)
            if len(damaged) > MAX_DAMAGED_SHARE * len(tasks):
                raise InputUnreadable(
                    f"{data}: {len(damaged)} of {len(tasks)} pictures cannot be used, the last {name} ({error})",
                    "repair or remove them; one in a hundred is skipped",
                ) from error
        else:
            yield sample


def _prefetch(tasks: list[DecodeTask]) -> Iterator[tuple[str, Future[DatasetSample]]]:
    """Run the tasks in threads, some ahead; yield their names and futures in order, and cancel the rest at the end."""
    threads = cpu_threads.process_cpu_count()
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[tuple[str, Future[DatasetSample]]] = deque()
        try:
            for task in tasks:
                pending.append((task.name, pool.submit(task.decode)))
                if len(pending) > PREFETCH_PER_THREAD * threads:
                    yield pending.popleft()
            while pending:
                yield pending.popleft()
        finally:
            pool.shutdown(cancel_futures=True)


def _shard_tasks(data: Path, kind: str, split: str, stack: ExitStack) -> list[DecodeTask]:
    rows = [r for r in read_manifest(data) if r.kind == kind and r.split == split]
    tars = {}
    for shard in {r.shard for r in rows}:
        tars[shard] = stack.enter_context(tarfile.open(data / shard))  # noqa: SIM115 (the stack closes it)

    def decoder(row: ManifestRow) -> Callable[[], DatasetSample]:
        return lambda: (row, *_check_mask_size(*decode_member(tars[row.shard], row)))

    return [DecodeTask(row.key, row.key, decoder(row)) for row in rows]


def _folder_tasks(data: Path, kind: str, split: str) -> list[DecodeTask]:
    pairs = (p for p in FOLDER_READERS[kind](data) if p.split == split)
    return [DecodeTask(str(p.image), f"{p.set}/{p.image.stem}", partial(_open_pair, p, kind)) for p in pairs]


def _open_pair(pair: ImageMaskPair, kind: str) -> DatasetSample:
    with Image.open(pair.image) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    picture, mask = _check_mask_size(picture, None if pair.mask is None else _read_mask(pair.mask))
    return ManifestRow("", pair.set, pair.image.stem, kind, pair.split, 1.0, *picture.size), picture, mask


def _read_mask(path: Path) -> Image.Image:
    """A mask as 8-bit grey; 16-bit masks are scaled."""
    with Image.open(path) as file:
        if file.mode.startswith("I"):
            return file.point(lambda value: value / 257).convert("L")
        return file.convert("L")


def _check_mask_size(picture: Image.Image, mask: Image.Image | None) -> tuple[Image.Image, Image.Image | None]:
    if mask is not None and mask.size != picture.size:
        raise ValueError(f"its mask is {mask.width} x {mask.height}, the picture {picture.width} x {picture.height}")
    return picture, mask


def unmix_white_background(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """True foreground colours of a picture on pure white: F = (I - (1 - a) 255) / a; white where a = 0."""
    a = alpha[..., None].astype(np.float32) / 255
    colours = (rgb - (1 - a) * 255) / np.maximum(a, 0.05)
    return np.where(a > 0, np.clip(colours, 0, 255), 255).astype(np.uint8)
