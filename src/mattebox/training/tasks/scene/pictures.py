"""Pictures to learn scenes from: photographs by the names of their sets and kinds, and drawn ones."""

from __future__ import annotations

import io
import random
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from mattebox.errors import InputMissing
from mattebox.training.data.tar_shards import ManifestRow, decode_member, read_manifest
from mattebox.training.tasks.scene.drawn_graphics import draw_illustration, draw_screenshot
from mattebox.training.tasks.scene.drawn_text import Pen, draw_document, draw_lettering
from mattebox.training.tasks.scene.labels import find_scene

OTHER = "other"  # rooms, streets and clutter
DRAWN_SET = "drawn"
MAX_DRAWN_SIDES = 260, 448  # pixels of the longer side, as the photographs have
COMPRESSED_SHARE = 0.6
PASTED_COUNT = 60  # photographs in screenshots, and below documents


class LabelledScene(NamedTuple):
    """A picture, what it shows, and the set that it is of."""

    picture: Image.Image
    scene: str
    set: str


def stream_photographs(data: Path, count: int) -> Iterator[LabelledScene]:
    """At most `count` training photographs of each scene, as many of each set as there are."""
    rows = [row for row in read_manifest(data) if row.kind != "check" and row.split == "train"]
    chosen = choose_rows(rows, count)
    with _Shards(data) as shards:
        for row, scene in chosen:
            yield LabelledScene(shards.decode(row), scene, row.set)


def choose_rows(rows: Sequence[ManifestRow], count: int) -> list[tuple[ManifestRow, str]]:
    """At most `count` rows of each scene, in turn from each of its sets, by a fixed seed."""
    draw = random.Random(0)
    by_scene: dict[str, dict[str, list[ManifestRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        scene = OTHER if row.kind == "background" else find_scene(row)
        if scene is not None:
            by_scene[scene][row.set].append(row)
    chosen: list[tuple[ManifestRow, str]] = []
    for scene, sets in sorted(by_scene.items()):
        for pictures in sets.values():
            draw.shuffle(pictures)
        turns = [row for turn in range(count) for _, s in sorted(sets.items()) for row in s[turn : turn + 1]]
        chosen += [(row, scene) for row in turns[:count]]
    return chosen


def draw_pictures(data: Path, fonts: Sequence[Path], count: int) -> Iterator[LabelledScene]:
    """`count` drawn documents, texts, screenshots and illustrations each, by a fixed seed. InputMissing: no fonts."""
    if not fonts:
        raise InputMissing("there are no fonts to draw text with", "install some, or name their folder with --fonts")
    pen = Pen(random.Random(1), fonts)
    rows = [row for row in read_manifest(data) if row.split == "train"]
    below = [row for row in rows if row.kind == "background"]
    shown = [row for row in rows if row.kind == "unlabelled"]
    with _Shards(data) as shards:
        backgrounds, photographs = (
            [shards.decode(row) for row in pen.random.sample(pool, min(PASTED_COUNT, len(pool)))]
            for pool in (below, shown)
        )
    for _ in range(count):
        yield LabelledScene(_degrade(draw_document(pen, backgrounds), pen), "document", DRAWN_SET)
        yield LabelledScene(_degrade(draw_lettering(pen, backgrounds), pen), "text", DRAWN_SET)
        yield LabelledScene(_degrade(draw_screenshot(pen, photographs), pen), "screenshot", DRAWN_SET)
        yield LabelledScene(_degrade(draw_illustration(pen), pen), "illustration", DRAWN_SET)


def find_fonts(folder: Path) -> list[Path]:
    """Fonts with letters below a folder."""
    return sorted(p for p in folder.rglob("*.[to]tf") if "math" not in p.name.lower() and "emoji" not in p.name.lower())


def _degrade(picture: Image.Image, pen: Pen) -> Image.Image:
    """A drawn picture as small as the photographs, and in part as compressed."""
    scale = pen.random.uniform(*MAX_DRAWN_SIDES) / max(picture.size)
    width, height = (max(8, round(side * scale)) for side in picture.size)
    small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    if not pen.chance(COMPRESSED_SHARE):
        return small
    file = io.BytesIO()
    small.save(file, "JPEG", quality=pen.random.randint(40, 95))
    return Image.open(file).convert("RGB")


class _Shards(ExitStack):
    """Open tars of a dataset."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self._data = data
        self._tars: dict[str, tarfile.TarFile] = {}

    def decode(self, row: ManifestRow) -> Image.Image:
        if row.shard not in self._tars:
            self._tars[row.shard] = self.enter_context(tarfile.open(self._data / row.shard))  # noqa: SIM115  closed by the stack
        return decode_member(self._tars[row.shard], row)[0]
