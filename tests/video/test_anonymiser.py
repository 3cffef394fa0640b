"""Frames that a user brings come back without faces: as from a file, or at once with what was found held on."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.anonymisation.regions import DetectedObject
from mattebox.errors import ModelError, UsageError
from mattebox.types import DepthMap, Metadata
from mattebox.video.frame_search import FrameSearch
from mattebox.video.object_tracks import MAX_GAP_FRAMES
from mattebox.video.reader import VideoReader
from tests.video.clips import write_clip

FACE = (44, 31, 88, 86)  # the astronaut's in the first frame: left, top, right, bottom
STEP = 4  # pixels that she moves to the right from frame to frame


def walk(count: int) -> list[np.ndarray]:
    """The astronaut before a wall, moving."""
    person = np.asarray(Image.fromarray(skimage.data.astronaut()[:320, 90:400]).reduce(2))
    frames = []
    for number in range(count):
        frame = np.full((160, 200, 3), (90, 110, 100), np.uint8)
        left = STEP * number
        frame[:, left : left + person.shape[1]] = person[:, : 200 - left]
        frames.append(frame)
    return frames


def face_pixels(frame: np.ndarray, number: int, margin: int = 8) -> np.ndarray:
    left, top, right, bottom = FACE
    return frame[top + margin : bottom - margin, left + STEP * number + margin : right + STEP * number - margin]


@pytest.fixture
def lose_face(monkeypatch: pytest.MonkeyPatch) -> Callable[[range], None]:
    """Make the detector blind for some frames."""

    def lose(numbers: range) -> None:
        find = FrameSearch.find

        def find_or_not(self: FrameSearch, picture: mb.Picture, index: int) -> tuple[DetectedObject, ...]:
            return () if index in numbers else find(self, picture, index)

        monkeypatch.setattr(FrameSearch, "find", find_or_not)

    return lose


@pytest.mark.parametrize("look_ahead", [0, 2])
def test_no_frame_is_without_also_where_the_detector_loses_the_face(
    look_ahead: int, lose_face: Callable[[range], None]
) -> None:
    lose_face(range(3, 7))
    frames = walk(9)
    anonymiser, results = mb.VideoAnonymiser("faces", look_ahead=look_ahead), []
    for number, frame in enumerate(frames):
        finished = anonymiser.push(frame, number / 25)
        assert [result.index for result in finished] == [number - look_ahead][: number >= look_ahead]
        results += finished
    results += anonymiser.flush()
    assert [round(25 * result.time) for result in results] == list(range(9))
    for number, result in enumerate(results):
        assert result.objects
        assert (face_pixels(result.picture.rgb, number).max(2) < 40).mean() > 0.97, number


def test_the_frames_of_a_file_become_what_the_file_becomes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "walk.mp4", walk(MAX_GAP_FRAMES + 3))
    of_file = mb.anonymise_video(clip, tmp_path / "safe.mkv", "faces")
    with VideoReader(clip) as reader:
        frames = [(frame.picture, float(frame.time)) for frame in reader.frames()]
    own = list(mb.VideoAnonymiser("faces").iterate(frames))
    assert [(result.time, result.objects) for result in own] == of_file.boxes
    with VideoReader(tmp_path / "safe.mkv") as reader:
        for written, result in zip(reader.frames(), own, strict=True):
            assert np.abs(written.picture.rgb.astype(int) - result.picture.rgb).mean() < 3


def test_nothing_of_the_original_is_inside_the_shapes_or_beside_the_picture() -> None:
    rgb = walk(1)[0]
    depth = DepthMap(np.zeros(rgb.shape[:2], np.float32), "file")
    frame = mb.Picture(rgb, metadata=Metadata(xmp=b"<x>mwg-rs:Regions</x>"), depth=depth)
    (result,) = mb.VideoAnonymiser("faces", look_ahead=0, hide_shape="box").push(frame, 0.0)
    (face,) = result.objects
    left, top, right, bottom = (round(v) for v in face.box)
    assert (result.picture.rgb[top:bottom, left:right] == 0).all()
    assert result.picture.depth is None
    assert b"Regions" not in (result.picture.metadata.xmp or b"")
    assert (frame.rgb[top:bottom, left:right] != 0).any()  # the user's own frame is as it was


def test_no_more_frames_are_kept_than_are_waited_for() -> None:
    anonymiser, alive = mb.VideoAnonymiser("plates", look_ahead=2), []
    for number in range(12):
        frame = mb.Picture(np.full((48, 64, 3), number, np.uint8))
        alive.append(weakref.ref(frame))
        anonymiser.push(frame, number / 25)
        del frame
        gc.collect()
        assert sum(ref() is not None for ref in alive) <= 2
    assert [frame.index for frame in anonymiser.flush()] == [10, 11]
    assert anonymiser.flush() == []
    anonymiser.push(Image.new("RGB", (64, 48)), 0.0)
    assert [frame.index for frame in anonymiser.flush()] == [0]  # another video


def test_frames_to_look_ahead_have_a_range() -> None:
    for look_ahead in (-1, MAX_GAP_FRAMES + 1):
        with pytest.raises(UsageError, match="out of range"):
            mb.VideoAnonymiser(look_ahead=look_ahead)


@pytest.mark.parametrize("name", ["method", "shape", "growth", "sensitivity", "detector"])
def test_names_are_those_of_photographs(name: str, tmp_path: Path) -> None:
    current, values = f"hide_{name}", cast(Any, {name: "blur"})
    for function in (mb.anonymise, mb.anonymise_video, mb.VideoAnonymiser):
        assert current in inspect.signature(function).parameters
    with pytest.raises(UsageError, match=f"no parameter '{name}'.*{current}"):
        mb.VideoAnonymiser(**values)
    with pytest.raises(UsageError, match=f"no parameter '{name}'.*{current}"):
        mb.anonymise_video(tmp_path / "clip.mp4", tmp_path / "safe.mp4", **values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"hide": "face"}, "hide"),
        ({"hide": "none"}, "hides nothing"),
        ({"hide_method": "blurr"}, "hide_method"),
        ({"hide_shape": "circle"}, "hide_shape"),
        ({"hide_growth": -500}, "hide_growth"),
        ({"hide_sensitivity": -3}, "hide_sensitivity"),
        ({"hide_detector": "nope"}, "detect-1"),
    ],
)
def test_values_are_those_of_photographs(values: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises((UsageError, ModelError), match=told):
        mb.VideoAnonymiser(**values)
