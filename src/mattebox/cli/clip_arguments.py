"""Arguments that all commands on clips have: which clips, what part of them, and where results go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mattebox.cli.stored_clips import ClipPlace, find_stored_clips, is_stored_folder, stored_target
from mattebox.errors import InputMissing, UsageError
from mattebox.io.store_address import StoreAddress, is_output_address, is_store_address

if TYPE_CHECKING:
    from mattebox.video.formats import ClipFormat

F = TypeVar("F", bound=Callable[..., Any])


def part_options(command: F) -> F:
    """Give a click command the options of a part of a clip, and of how numbered pictures and fields are read."""
    options = (
        click.option("--from", "start", metavar="TIME", help="Where to begin, such as 75, 1:15 or 1:15.5."),
        click.option("--until", metavar="TIME", help="Where to end."),
        click.option(
            "--every", type=click.IntRange(1), default=1, show_default=True, help="Keep the first of N frames."
        ),
        click.option(
            "--rate", metavar="RATE", help="Frames a second of numbered pictures.  [default: what they say, or 24]"
        ),
        click.option(
            "--input-colour",
            type=click.Choice(["auto", "linear", "srgb", "acescg", "aces"]),
            default="auto",
            show_default=True,
            help="What the values of numbered pictures are; auto goes by the files: OpenEXR is linear light.",
        ),
        click.option("--deinterlace", is_flag=True, help="Make one frame of the two fields of interlaced ones."),
    )
    for option in reversed(options):
        command = option(command)
    return command


resume_option = click.option(
    "--resume",
    is_flag=True,
    help="Keep finished segments beside the result, and continue after them if the run was killed: give it from the "
    "first run on.",
)


def find_clips(inputs: tuple[str, ...]) -> list[ClipPlace]:
    """The clips that are named, and those in folders and below prefixes of stores. UsageError, InputMissing."""
    from mattebox.video.backgrounds import CLIP_SUFFIXES

    if not inputs:
        raise UsageError("no clip is given", "give one or more, such as clip.mp4")
    found: list[ClipPlace] = []
    for word in inputs:
        if is_store_address(word):
            found += find_stored_clips(word)
            continue
        name = Path(word)
        if not name.is_dir():  # a file, or the pattern of numbered pictures
            found.append(name)
            continue
        clips = sorted(path for path in name.iterdir() if path.suffix.lower() in CLIP_SUFFIXES)
        if not clips:
            raise InputMissing(
                f"{name}: there is no clip in this folder",
                f"clips end in {', '.join(sorted(CLIP_SUFFIXES))}; pictures are given as shot.####.png",
            )
        found += clips
    return found


def target_place(source: ClipPlace, output: str | None, is_folder: bool, format: ClipFormat, suffix: str) -> ClipPlace:
    """Where a clip's result goes, as `target_path` has it, or the object in a store that it becomes. UsageError."""
    if is_output_address(output):
        return stored_target(source, output or "", is_folder, format)
    return target_path(
        Path(source.name) if isinstance(source, StoreAddress) else source, output, is_folder, format, suffix
    )


def is_folder_output(output: str | None, is_one_of_many: bool, has_pictures: bool) -> bool:
    """Whether results go into a folder, or below a prefix of a store."""
    if output is None:
        return False
    return is_one_of_many or is_stored_folder(output) or (Path(output).is_dir() and not has_pictures)


def target_path(source: Path, output: str | None, is_folder: bool, format: ClipFormat, suffix: str) -> Path:
    """Where a clip's result goes: beside it with a suffix to its name, into a folder, or to the name that was given."""
    from mattebox.io.atomic_write import make_folder
    from mattebox.video.sequence_pattern import is_sequence_name, parse_sequence

    ending, stem = "" if format.is_sequence else format.suffix, source.stem
    if is_sequence_name(source):
        pattern = parse_sequence(source)
        stem = pattern.stem
        if format.is_sequence and output is None:
            return source.with_name(f"{stem}-{suffix}") / f"{pattern.prefix}%0{pattern.digits}d{format.suffix}"
    if output is None:
        return source.with_name(f"{stem}-{suffix}{ending}")
    if not is_folder:
        return Path(output)
    make_folder(Path(output))
    return Path(output) / f"{stem}{ending}"
