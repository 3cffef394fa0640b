"""The back door: a Picture to a file, a file object or standard output, whole or not at all, never over an input.

Knows nothing of how a format is encoded or how a file is made durable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from mattebox.errors import OutputError
from mattebox.io import atomic_write
from mattebox.io.encoding import (
    Format,
    Hidden,
    encode,
    encode_layers,
    encode_parts,
    encode_within,
    find_format,
)
from mattebox.types import Layer, Picture

Target = str | os.PathLike[str] | BinaryIO


def write(
    picture: Picture,
    target: Target,
    *,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    most_bytes: int | None = None,
    layers: Sequence[Layer] = (),
    inputs: Collection[Path] = (),
    hidden: Hidden = "zero",
) -> Path | None:
    """Write a picture and return its path (None for a file object or "-", standard output).

    The format is the suffix's unless given; `quality` 1..100, lowered where the file would have more than `most_bytes`;
    `layers`, the last on top, stand in for the picture in formats that have them; files among `inputs` are never
    overwritten; `hidden` "keep" writes the colours under alpha 0. Raises OutputError, and then nothing has changed.
    """
    if isinstance(target, str | os.PathLike) and os.fspath(target) != "-":
        path = Path(target)
        kind = format_of(path, format)
        protect(path, inputs)
        atomic_write.write_bytes(
            path, _encoded(picture, kind, quality, most_bytes, layers, hidden), overwrite=overwrite
        )
        return path
    file = sys.stdout.buffer if isinstance(target, str | os.PathLike) else target
    _pour(_encoded(picture, find_format(format or "png"), quality, most_bytes, layers, hidden), file)
    return None


def _encoded(
    picture: Picture, kind: Format, quality: int | None, most: int | None, layers: Sequence[Layer], hidden: Hidden
) -> bytes:
    if kind.layered and layers:
        return encode_layers(layers, kind.name)
    if kind.name == "zip" and any(layer.name == "shadow" for layer in layers):
        return encode_parts(layers, quality)
    if most is None:
        return encode(picture, kind.name, quality=quality, hidden=hidden)
    return encode_within(picture, kind.name, most, quality=quality, hidden=hidden)


def format_of(path: Path, format: str | None = None) -> Format:
    """The format to write `path` in. OutputError when its suffix is none of ours and none is given."""
    if format is not None:
        return find_format(format)
    if not path.suffix:
        raise OutputError(f"{path}: has no suffix to tell the format by", "add one such as .png, or give --format")
    try:
        return find_format(path.suffix)
    except OutputError as error:
        raise OutputError(f"{path}: {error.problem}", error.remedy) from None


def protect(path: Path, inputs: Collection[Path]) -> None:
    """OutputError when `path` is one of the inputs, by whatever name."""
    for source in inputs:
        try:
            same = path.resolve() == source.resolve() or path.samefile(source)
        except OSError:
            same = False
        if same:
            raise OutputError(
                f"{path}: is the input itself", "choose another output; photographs are never overwritten"
            )


def _pour(content: bytes, file: BinaryIO) -> None:
    try:
        file.write(content)
        file.flush()
    except BrokenPipeError:
        raise  # whoever reads has enough; the command line ends quietly
    except OSError as error:
        raise atomic_write.ours(error, Path(str(getattr(file, "name", "the output")))) from error
