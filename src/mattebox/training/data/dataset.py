"""Training and judging material, one interface whatever it lies in: tar shards, a folder, a CSV.

A picture that cannot be used (corrupt, or its mask has another size) is named on standard error, skipped and counted;
past one in a hundred the set is refused. All processors decode, a little ahead of what is asked for. Knows nothing of
tensors or networks.
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
PREFETCH_PER_THREAD = 2  # pictures for each processor
DatasetSample: TypeAlias = tuple[ManifestRow, Image.Image, Image.Image | None]
PictureNames: TypeAlias = frozenset[str]
"""SET/STEM; the set of a picture in a folder is the folder's."""


def stream_samples(
    data: Path, kind: str, split: str, stride: int = 1, excluded: PictureNames = frozenset()
) -> Iterator[DatasetSample]:
    """Yield (row, RGB picture, L mask or None) of one kind and split, in the material's order; one in `stride`, without
    those whose names are to be left out.

    `kind` is labelled, unlabelled, background or, in shards only, check, whose split is check, too.
    InputMissing, InputUnreadable, UsageError.
    """
    with ExitStack() as open_tars:
        jobs = [job for job in _decode_tasks(data, kind, split, open_tars) if job.key not in excluded]
        yield from _decode_usable(jobs[::stride], str(data))


def read_excluded_names(file: Path | None) -> PictureNames:
    """Pictures to be left out, one a line as `mattebox.training.data.background_audit` prints them, remarks behind a #. InputMissing."""
    try:
        lines = file.read_text().splitlines() if file else []
    except OSError as error:
        raise InputMissing(
            f"{file}: cannot be read ({error.strerror})", "give the file of names to leave out"
        ) from error
    return frozenset(name for line in lines if (name := line.partition("#")[0].strip()))


def count_samples(data: Path, kind: str, split: str) -> int:
    """How many there are, usable or not. InputMissing, UsageError."""
    with ExitStack() as open_tars:
        return len(_decode_tasks(data, kind, split, open_tars))


def has_samples(data: Path, kind: str) -> bool:
    """Whether there is any picture of a kind."""
    if _has_manifest(data):
        return any(row.kind == kind for row in read_manifest(data))
    return kind in FOLDER_READERS and bool(FOLDER_READERS[kind](data))


def _has_manifest(data: Path) -> bool:
    if not data.exists():
        raise InputMissing(f"{data}: not there", "give tar shards, a folder with images/ and masks/, or a CSV")
    return (data / "manifest.csv").is_file()


class DecodeTask(NamedTuple):
    """`name` for messages, `key` as `Row.key`."""

    name: str
    key: str
    decode: Callable[[], DatasetSample]


def _decode_tasks(data: Path, kind: str, split: str, open_tars: ExitStack) -> list[DecodeTask]:
    return _shard_tasks(data, kind, split, open_tars) if _has_manifest(data) else _folder_tasks(data, kind, split)


def _decode_usable(tasks: list[DecodeTask], data: str) -> Iterator[DatasetSample]:
    """What can be decoded; the rest named and counted."""
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
    """The jobs in their order, begun some places before they are due; what nobody waits for any more is dropped."""
    threads = cpu_threads.process_cpu_count()
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[tuple[str, Future[DatasetSample]]] = deque()
        try:
            for job in tasks:
                begun.append((job.name, pool.submit(job.decode)))
                if len(begun) > PREFETCH_PER_THREAD * threads:
                    yield begun.popleft()
            while begun:
                yield begun.popleft()
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
    """8-bit grey; 16-bit masks keep their upper half."""
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
