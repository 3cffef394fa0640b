"""The inputs of `mattebox anonymise`: clips that are named or lie in folders, and everything else."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mattebox.cli.stored_clips import refuse_stores


class ClipInput(NamedTuple):
    """A clip to anonymise, and where its result lies below an output folder, but for the suffix."""

    path: Path
    relative_path: Path
    is_of_folder: bool = False


def split_inputs(inputs: tuple[str, ...], is_recursive: bool) -> tuple[list[ClipInput], tuple[str, ...]]:
    """The clips that are named or lie in folders, and everything else: folders that hold no photograph are left out.

    A picture that is named as a clip is a picture.
    """
    from mattebox.io.input_items import PICTURE_SUFFIXES, find_in_folder
    from mattebox.io.media_type import VIDEO_SUFFIXES, is_clip_name, is_picture_file

    clips: list[ClipInput] = []
    photographs: list[str] = []
    for name in inputs:
        path = Path(name)
        if is_clip_name(name) and not path.is_dir() and not is_picture_file(path):
            refuse_stores(name)
            clips.append(ClipInput(path, Path(path.name)))
            continue
        found = find_in_folder(path, is_recursive, tuple(VIDEO_SUFFIXES)) if path.is_dir() else []
        clips += [ClipInput(clip, clip.relative_to(path), True) for clip in found]
        if not found or find_in_folder(path, is_recursive, PICTURE_SUFFIXES):
            photographs.append(name)
    return clips, tuple(photographs)
