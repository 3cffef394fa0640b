"""Clips in object stores on the command line: fetched to a temporary folder, and results sent when they are whole."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mattebox.cli.environment import require_network_for_stores
from mattebox.errors import InputMissing, MatteboxError, UsageError
from mattebox.io.store_address import StoreAddress, is_output_address, parse_store_address

if TYPE_CHECKING:
    from mattebox.video.formats import ClipFormat

ClipPlace: TypeAlias = Path | StoreAddress

MAX_CLIP_BYTES = 1 << 40
DISK_OPTIONS = ("resume", "timeline")  # what names or keeps files beside the result


def find_stored_clips(address: str) -> list[StoreAddress]:
    """The clip at an address, or those directly below a prefix. UsageError, InputMissing."""
    from mattebox.io.object_store import list_objects
    from mattebox.video.backgrounds import CLIP_SUFFIXES

    place = parse_store_address(address)
    if not place.is_prefix:
        return [place]
    level = place.child("x").key.count("/")
    found = [o.address for o in list_objects(place) if o.address.suffix.lower() in CLIP_SUFFIXES]
    clips = [clip for clip in found if clip.key.count("/") == level]
    if not clips:
        raise InputMissing(f"{place}: there is no clip below this prefix", "check its spelling")
    return clips


def check_stored_clips(inputs: tuple[str, ...], options: dict[str, Any]) -> None:
    """UsageError for options that do not go together with clips in stores, and where the network is forbidden."""
    output = options["output"]
    if not any(map(is_output_address, (*inputs, output))):
        return
    require_network_for_stores((*inputs, output))
    for name in DISK_OPTIONS:
        if options.get(name):
            raise UsageError(f"--{name} is for clips on this machine's disk", "leave it out, or copy the clips here")
    if output is None:
        raise UsageError("results of clips in a store need a place", "give a file, folder or prefix with -o")


def is_stored_folder(output: str | None) -> bool:
    """Whether results go below a prefix of a store."""
    return is_output_address(output) and parse_store_address(output or "").is_prefix


def stored_target(source: ClipPlace, output: str, is_folder: bool, format: ClipFormat) -> StoreAddress:
    """The object that a clip's result becomes. UsageError for results of many files."""
    if format.is_sequence:
        raise UsageError(
            f"{format.name} makes many files of a clip, and these stay on the disk", "choose --format webm"
        )
    place = parse_store_address(output)
    return place.child(Path(source.name).stem + format.suffix) if is_folder else place


@contextlib.contextmanager
def local_source(place: ClipPlace) -> Iterator[Path]:
    """The file of a clip; of one in a store a copy for as long as the context lasts. InputError, OutputError."""
    if isinstance(place, Path):
        yield place
        return
    from mattebox.io.atomic_write import output_error
    from mattebox.io.object_store import read_object_chunks

    with tempfile.TemporaryDirectory(prefix="mattebox-") as folder:
        path = Path(folder) / place.name
        try:
            with open(path, "wb") as file:
                for chunk in read_object_chunks(place, MAX_CLIP_BYTES):
                    file.write(chunk)
        except MatteboxError:  # some of which are OSErrors
            raise
        except OSError as error:
            raise output_error(error, path) from error
        yield path


@contextlib.contextmanager
def local_target(place: ClipPlace, *, overwrite: bool) -> Iterator[Path]:
    """The file to write a result to; one for a store is sent at the end of the context. OutputError."""
    if isinstance(place, Path):
        yield place
        return
    from mattebox.batch.store_output import check_absent
    from mattebox.io.object_store import write_file

    if not overwrite:
        check_absent(place)
    with tempfile.TemporaryDirectory(prefix="mattebox-") as folder:
        path = Path(folder) / place.name
        yield path
        write_file(place, path, overwrite=overwrite)


def refuse_stores(*words: str | None) -> None:
    """UsageError for a place in a store where a command takes files only."""
    for word in words:
        if is_output_address(word):
            raise UsageError(f"{word}: is in a store, and this is done on this machine's disk", "copy the clips here")
