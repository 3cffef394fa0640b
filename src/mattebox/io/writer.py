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
    FileFormat,
    HiddenColours,
    encode,
    encode_layers,
    encode_scene_zip,
    encode_within_limit,
    find_format,
)
from mattebox.types import Layer, Picture

OutputTarget = str | os.PathLike[str] | BinaryIO


def write(
    picture: Picture,
    target: OutputTarget,
    *,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    max_bytes: int | None = None,
    layers: Sequence[Layer] = (),
    inputs: Collection[Path] = (),
    hidden: HiddenColours = "zero",
) -> Path | None:
    """Write a picture and return its path (None for a file object or "-", standard output).

    The format is the suffix's unless given; `quality` 1..100, lowered where the file would have more than `max_bytes`;
    `layers`, the last on top, stand in for the picture in formats that have them; files among `inputs` are never
    overwritten; `hidden` "keep" writes the colours under alpha 0. Raises OutputError, and then nothing has changed.
    """
    if isinstance(target, str | os.PathLike) and os.fspath(target) != "-":
        path = Path(target)
        kind = output_format(path, format)
        check_not_input(path, inputs)
        atomic_write.write_bytes(
            path, _encode_output(picture, kind, quality, max_bytes, layers, hidden), overwrite=overwrite
        )
        return path
    file = sys.stdout.buffer if isinstance(target, str | os.PathLike) else target
    _write_stream(_encode_output(picture, find_format(format or "png"), quality, max_bytes, layers, hidden), file)
    return None


def _encode_output(
    picture: Picture,
    file_format: FileFormat,
    quality: int | None,
    max_bytes: int | None,
    layers: Sequence[Layer],
    hidden: HiddenColours,
) -> bytes:
    if file_format.has_layers and layers:
        return encode_layers(layers, file_format.name)
    if file_format.name == "zip" and any(layer.name == "shadow" for layer in layers):
        return encode_scene_zip(layers, quality)
    if max_bytes is None:
        return encode(picture, file_format.name, quality=quality, hidden=hidden)
    return encode_within_limit(picture, file_format.name, max_bytes, quality=quality, hidden=hidden)


def output_format(path: Path, format: str | None = None) -> FileFormat:
    """The format to write `path` in. OutputError when its suffix is none of ours and none is given."""
    if format is not None:
        return find_format(format)
    if not path.suffix:
        raise OutputError(f"{path}: has no suffix to tell the format by", "add one such as .png, or give --format")
    try:
        return find_format(path.suffix)
    except OutputError as error:
        raise OutputError(f"{path}: {error.problem}", error.remedy) from None


def check_not_input(path: Path, inputs: Collection[Path]) -> None:
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


def _write_stream(content: bytes, file: BinaryIO) -> None:
    try:
        file.write(content)
        file.flush()
    except BrokenPipeError:
        raise  # whoever reads has enough; the command line ends quietly
    except OSError as error:
        raise atomic_write.output_error(error, Path(str(getattr(file, "name", "the output")))) from error
