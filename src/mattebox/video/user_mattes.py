"""Trimaps, garbage, holdout and core mattes of a clip: one picture for all frames, numbered pictures, or a clip.

Numbered pictures go by the frames' own numbers; the frames of a clip are counted from the first picture. Where a
garbage, holdout or core matte lacks a frame, the one before it holds; a trimap must be there for each frame.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.errors import InputMissing
from mattebox.io.reader import read
from mattebox.matting.garbage_mattes import mask_from_picture
from mattebox.matting.trimap import trimap_from_picture
from mattebox.recipe.steps import Cut
from mattebox.types import Floats, OpenImage, Picture
from mattebox.video.backgrounds import CLIP_SUFFIXES, LoopingClip
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.matte_names import matte_paths
from mattebox.video.sequence_pattern import SequencePattern, is_sequence_name, parse_sequence


@dataclass(frozen=True, eq=False)
class FrameMasks:
    """What the user drew for a frame: masks (H x W, 0..1) by their roles, and a trimap (0, 128, 255)."""

    masks: Mapping[str, Floats]
    trimap: NDArray[np.uint8] | None = None


NO_MASKS = FrameMasks({})


class UserMattes:
    """The user's mattes of a clip; frames must be asked for in their order.

    Parameters
    ----------
    step : Cut
        Which names them.
    start : Fraction
        Seconds of the clip before the part that is cut.
    rate : Fraction
        Frames per second of the clip.
    open_image : callable
        Opens pictures that hold for all frames.
    """

    def __init__(self, step: Cut, start: Fraction, rate: Fraction, open_image: OpenImage) -> None:
        self._start, self._rate = start, rate
        self._sources = {role: _open_mattes(path, open_image) for role, path in matte_paths(step).items()}

    def masks_at(self, frame: ClipFrame) -> FrameMasks:
        """What was drawn for a frame. UsageError, InputError."""
        if not self._sources:
            return NO_MASKS
        masks, trimap = {}, None
        for role, (path, source) in self._sources.items():
            drawing = source.picture_at(frame, round((frame.time + self._start) * self._rate), role == "trimap")
            if role == "trimap":
                trimap = trimap_from_picture(drawing, frame.picture, path)
            else:
                masks[role] = mask_from_picture(drawing, frame.picture, path)
        return FrameMasks(masks, trimap)

    def close(self) -> None:
        """Close the clips among them."""
        for _, source in self._sources.values():
            source.close()


class _MatteFrames(Protocol):
    """Gives the drawing for a frame, whose place in the clip is `count`."""

    def picture_at(self, frame: ClipFrame, count: int, is_exact: bool) -> Picture: ...

    def close(self) -> None: ...


@dataclass
class _OnePicture:
    path: str
    open_image: OpenImage

    def picture_at(self, frame: ClipFrame, count: int, is_exact: bool) -> Picture:
        return self.open_image(self.path)

    def close(self) -> None:
        return None


class _NumberedPictures:
    def __init__(self, pattern: SequencePattern) -> None:
        self._pattern, self._numbers = pattern, pattern.list_numbers()
        self._last: tuple[int, Picture] | None = None

    def picture_at(self, frame: ClipFrame, count: int, is_exact: bool) -> Picture:
        wanted = self._numbers[0] + count if frame.number is None else frame.number
        place = bisect_right(self._numbers, wanted) - 1
        number = self._numbers[max(place, 0)]
        if is_exact and number != wanted:
            raise InputMissing(
                f"{self._pattern.path_of(wanted)}: there is no trimap for this frame", "draw one for each frame"
            )
        if self._last is None or self._last[0] != number:
            path = self._pattern.path_of(number)
            self._last = number, read(path, max_pixels=MAX_INPUT_PIXELS)
        return self._last[1]

    def close(self) -> None:
        return None


class _ClipMattes:
    def __init__(self, path: str) -> None:
        self._clip = LoopingClip(path)

    def picture_at(self, frame: ClipFrame, count: int, is_exact: bool) -> Picture:
        return self._clip.picture_at(frame.time)

    def close(self) -> None:
        self._clip.close()


def _open_mattes(path: str, open_image: OpenImage) -> tuple[str, _MatteFrames]:
    if is_sequence_name(path):
        return path, _NumberedPictures(parse_sequence(Path(path)))
    if PurePath(path).suffix.lower() in CLIP_SUFFIXES:
        return path, _ClipMattes(path)
    return path, _OnePicture(path, open_image)
