"""Writing of pictures to files, file objects and standard output: atomic, and never over an input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mattebox.core.interface import name_parameter
from mattebox.errors import OutputError
from mattebox.io import atomic_write
from mattebox.io.encoding import EncodedOutput, encode, encode_layers, encode_scene_zip, encode_within_limit
from mattebox.io.file_formats import FileFormat, find_format
from mattebox.io.pillow_encoder import HiddenColours
from mattebox.types import Layer, Picture

OutputTarget = str | os.PathLike[str] | BinaryIO

SignOutput = Callable[[bytes, FileFormat], EncodedOutput]
"""Puts a signed manifest into an encoded picture, or makes one that is written beside it."""

SIDECAR_SUFFIX = ".c2pa"


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
    sign: SignOutput | None = None,
) -> Path | None:
    """Write a picture.

    Parameters
    ----------
    picture
        The picture, with or without alpha.
    target
        A path, a binary file object, or "-" for standard output. Named pipes and devices are written to.
    format
        A name such as "png"; None means the suffix's format, and PNG for streams without one.
    quality
        1 to 100 for JPEG, WebP and AVIF; None is the format's default.
    overwrite
        Replace an existing file.
    max_bytes
        Limit of the file; quality is lowered until it fits.
    layers
        Layers, the last on top, that replace the picture in formats with layers.
    inputs
        Files that are never overwritten.
    hidden
        "keep" writes the colours under alpha 0; "zero" sets them to black.
    sign
        Signs the encoded picture. Where its format has no place for a manifest, it is written beside the file, with
        the suffix .c2pa.

    Returns
    -------
    Path or None
        The path written to; None for streams.

    Raises
    ------
    OutputError
        Nothing has been changed.

    Examples
    --------
    >>> mb.write(cutout, "cut.png")
    """

    if sign is not None:  # a manifest moves what lies behind the first picture
        picture = replace(picture, gain_map=None)

    def encode_in(kind: FileFormat) -> EncodedOutput:
        def encode_within(limit: int | None) -> bytes:
            return _encode_output(picture, kind, quality, limit, layers, hidden)

        return EncodedOutput(encode_within(max_bytes)) if sign is None else _sign(encode_within, kind, max_bytes, sign)

    if isinstance(target, str | os.PathLike) and os.fspath(target) != "-":
        path = Path(target)
        kind = find_format(format or "png") if _is_nameless_stream(path) else output_format(path, format)
        check_not_input(path, inputs)
        _write_files(path, encode_in(kind), overwrite, inputs)
        return path
    file = sys.stdout.buffer if isinstance(target, str | os.PathLike) else target
    kind = find_format(format or "png")
    output = encode_in(kind)
    if output.sidecar is not None:
        raise _no_place_error(kind)
    _write_stream(output.content, file)
    return None


def _sign(
    encode_within: Callable[[int | None], bytes], kind: FileFormat, max_bytes: int | None, sign: SignOutput
) -> EncodedOutput:
    """The signed picture; encoded once more, smaller, where its manifest takes it over the limit."""
    encoded = encode_within(max_bytes)
    output = sign(encoded, kind)
    if max_bytes is None or len(output.content) <= max_bytes:
        return output
    manifest_bytes = len(output.content) - len(encoded)
    return sign(encode_within(max(1, max_bytes - manifest_bytes)), kind)


def _write_files(path: Path, output: EncodedOutput, overwrite: bool, inputs: Collection[Path]) -> None:
    """Write the picture, and before it what belongs beside it, so that no picture stands without."""
    if output.sidecar is not None:
        if atomic_write.is_stream(path):
            raise _no_place_error(output_format(path))
        beside = path.with_suffix(SIDECAR_SUFFIX)
        check_not_input(beside, inputs)
        if not overwrite and os.path.lexists(path):
            atomic_write.write_bytes(path, output.content, overwrite=False)  # raises
        atomic_write.write_bytes(beside, output.sidecar, overwrite=overwrite)
    atomic_write.write_bytes(path, output.content, overwrite=overwrite)


def _no_place_error(kind: FileFormat) -> OutputError:
    return OutputError(
        f"{kind.name.upper()} has no place for Content Credentials, and there is no file to put them beside",
        "choose png, jpg, webp, tiff or avif, or write to a file",
    )


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


def _is_nameless_stream(path: Path) -> bool:
    """Whether a path is a pipe or device whose name does not say a format."""
    return not path.suffix and atomic_write.is_stream(path)


def output_format(path: Path, format: str | None = None) -> FileFormat:
    """The format to write `path` in. Raises OutputError for an unknown suffix when no format is given."""
    if format is not None:
        return find_format(format)
    if not path.suffix:
        remedy = f"add one such as .png, or give {name_parameter('format')}"
        raise OutputError(f"{path}: has no suffix from which to tell the format", remedy)
    try:
        return find_format(path.suffix)
    except OutputError as error:
        raise OutputError(f"{path}: {error.problem}", error.remedy) from None


def check_not_input(path: Path, inputs: Collection[Path]) -> None:
    """Raise OutputError when `path` is the same file as one of the inputs."""
    for source in inputs:
        try:
            is_same = os.path.realpath(path) == os.path.realpath(source) or path.samefile(source)
        except (OSError, ValueError):
            is_same = False
        if is_same:
            raise OutputError(
                f"{path}: is the input itself", "choose another output; photographs are never overwritten"
            )


def _write_stream(content: bytes, file: BinaryIO) -> None:
    try:
        file.write(content)
        file.flush()
    except BrokenPipeError:
        raise  # the reader has closed the pipe; the command line ends quietly
    except OSError as error:
        raise atomic_write.output_error(error, Path(str(getattr(file, "name", "the output")))) from error
