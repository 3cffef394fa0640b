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
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from mattebox import processors
from mattebox.errors import InputMissing, InputUnreadable
from workshop.folders import Pair, read_backgrounds, read_pairs, read_unlabelled
from workshop.shards import Row, decode_member, read_manifest

TOLERATED = 0.01
LOOSE = {"labelled": read_pairs, "background": read_backgrounds, "unlabelled": read_unlabelled}
AHEAD = 2  # pictures for each processor
Sample: TypeAlias = tuple[Row, Image.Image, Image.Image | None]


def stream(data: Path, kind: str, split: str, every: int = 1) -> Iterator[Sample]:
    """Yield (row, RGB picture, L mask or None) of one kind and split, in the material's order; one in `every`.

    `kind` is labelled, unlabelled or background. InputMissing, InputUnreadable, UsageError.
    """
    with ExitStack() as open_tars:
        yield from _usable(_jobs(data, kind, split, open_tars)[::every], str(data))


def count(data: Path, kind: str, split: str) -> int:
    """How many there are, usable or not. InputMissing, UsageError."""
    with ExitStack() as open_tars:
        return len(_jobs(data, kind, split, open_tars))


def has(data: Path, kind: str) -> bool:
    """Whether there is any picture of a kind."""
    if _is_packed(data):
        return any(row.kind == kind for row in read_manifest(data))
    return bool(LOOSE[kind](data))


def _is_packed(data: Path) -> bool:
    if not data.exists():
        raise InputMissing(f"{data}: not there", "give tar shards, a folder with images/ and masks/, or a CSV")
    return (data / "manifest.csv").is_file()


Job: TypeAlias = tuple[str, Callable[[], Sample]]


def _jobs(data: Path, kind: str, split: str, open_tars: ExitStack) -> list[Job]:
    return _packed(data, kind, split, open_tars) if _is_packed(data) else _loose(data, kind, split)


def _usable(jobs: list[Job], data: str) -> Iterator[Sample]:
    """What can be decoded; the rest named and counted."""
    damaged: list[str] = []
    for name, decoded in _ahead(jobs):
        try:
            sample = decoded.result()
        except Exception as error:  # decoders raise many kinds
            damaged.append(name)
            print(f"skipped {name}: {error}", file=sys.stderr, flush=True)
            if len(damaged) > TOLERATED * len(jobs):
                raise InputUnreadable(
                    f"{data}: {len(damaged)} of {len(jobs)} pictures cannot be used, the last {name} ({error})",
                    "repair or remove them; one in a hundred is skipped",
                ) from error
        else:
            yield sample


def _ahead(jobs: list[Job]) -> Iterator[tuple[str, Future[Sample]]]:
    """The jobs in their order, begun some places before they are due; what nobody waits for any more is dropped."""
    threads = processors.allowed()
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[tuple[str, Future[Sample]]] = deque()
        try:
            for name, decode in jobs:
                begun.append((name, pool.submit(decode)))
                if len(begun) > AHEAD * threads:
                    yield begun.popleft()
            while begun:
                yield begun.popleft()
        finally:
            pool.shutdown(cancel_futures=True)


def _packed(data: Path, kind: str, split: str, stack: ExitStack) -> list[Job]:
    rows = [r for r in read_manifest(data) if r.kind == kind and r.split == split]
    tars = {}
    for shard in {r.shard for r in rows}:
        tars[shard] = stack.enter_context(tarfile.open(data / shard))  # noqa: SIM115 (the stack closes it)

    def decoder(row: Row) -> Callable[[], Sample]:
        return lambda: (row, *_matched(*decode_member(tars[row.shard], row)))

    return [(row.key, decoder(row)) for row in rows]


def _loose(data: Path, kind: str, split: str) -> list[Job]:
    return [(str(p.image), lambda p=p: _open(p, kind)) for p in LOOSE[kind](data) if p.split == split]  # type: ignore[misc]


def _open(pair: Pair, kind: str) -> Sample:
    with Image.open(pair.image) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    picture, mask = _matched(picture, None if pair.mask is None else _mask(pair.mask))
    return Row("", pair.set, pair.image.stem, kind, pair.split, 1.0, *picture.size), picture, mask


def _mask(path: Path) -> Image.Image:
    """8-bit grey; 16-bit masks keep their upper half."""
    with Image.open(path) as file:
        if file.mode.startswith("I"):
            return file.point(lambda value: value / 257).convert("L")
        return file.convert("L")


def _matched(picture: Image.Image, mask: Image.Image | None) -> tuple[Image.Image, Image.Image | None]:
    if mask is not None and mask.size != picture.size:
        raise ValueError(f"its mask is {mask.width} x {mask.height}, the picture {picture.width} x {picture.height}")
    return picture, mask


def uncover_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """True foreground colours of a picture on pure white: F = (I - (1 - a) 255) / a; white where a = 0."""
    a = alpha[..., None].astype(np.float32) / 255
    colours = (rgb - (1 - a) * 255) / np.maximum(a, 0.05)
    return np.where(a > 0, np.clip(colours, 0, 255), 255).astype(np.uint8)
