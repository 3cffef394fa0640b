"""A face that moves through a clip is hidden in every frame; sound stays, places and names go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.errors import InputUnreadable, NoSubject, UsageError
from mattebox.pipeline.signing_keys import create_identity, trusted_anchors
from mattebox.provenance.verification import verify_content
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Save
from mattebox.video.clip_anonymisation import anonymise_clip
from mattebox.video.formats import FORMATS
from tests.video.clips import write_clip

FRAMES = 5
FACE = (178, 62, 267, 172)  # the astronaut's: left, top, right, bottom


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut, moving to the right by 8 pixels a frame."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    person = skimage.data.astronaut()[:320, 90:400]
    frames = []
    for number in range(FRAMES):
        frame = np.full((320, 480, 3), (90, 110, 100), np.uint8)
        frame[:, 8 * number : 8 * number + person.shape[1]] = person
        frames.append(frame)
    return write_clip(path, frames, sound="aac", chapters=True)


def read_frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_every_frame_is_without_the_face(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "safe.mp4"
    result = mb.anonymise_video(clip, target, "faces")
    assert (result.frames, result.hidden_frames) == (FRAMES, FRAMES)
    assert any("voices" in note for note in result.notes)
    left, top, right, bottom = FACE[0] - 90, FACE[1], FACE[2] - 90, FACE[3]
    for number, frame in enumerate(read_frames(target)):
        face = frame[top + 15 : bottom - 15, left + 8 * number + 15 : right + 8 * number - 15]
        assert (face.max(2) < 40).mean() > 0.97
    with av.open(str(target)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert "title" not in container.metadata


def test_a_clip_without_faces(tmp_path: Path) -> None:
    frame = np.asarray(Image.new("RGB", (160, 96), (90, 120, 150)))
    clip = write_clip(tmp_path / "wall.mp4", [frame] * 3)
    result = mb.anonymise_video(clip, tmp_path / "safe.mp4")
    assert result.hidden_frames == 0
    assert any("no face or number plate was found" in note for note in result.notes)
    assert not any("voices" in note for note in result.notes)  # it has no sound


def test_what_cannot_be_done(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no clip")
    with pytest.raises(InputUnreadable):
        mb.anonymise_video(tmp_path / "broken.mp4", tmp_path / "safe.mp4")
    assert not (tmp_path / "safe.mp4").exists()
    wall = write_clip(tmp_path / "wall.mp4", [np.full((96, 160, 3), 99, np.uint8)] * 2)
    recipe = Recipe((Anonymise(hide="all", empty="refuse"), Save()))
    with pytest.raises(NoSubject):
        anonymise_clip(wall, tmp_path / "safe.mp4", recipe, FORMATS["mp4"])
    with pytest.raises(UsageError, match="hides nothing"):
        anonymise_clip(wall, tmp_path / "safe.mp4", Recipe((Save(),)), FORMATS["mp4"])
    assert not (tmp_path / "safe.mp4").exists()


def test_a_signed_and_labelled_clip_says_what_was_done(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source goes by its name alone: its own manifest may show the face."""
    pytest.importorskip("c2pa")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "home"))
    with pytest.raises(UsageError, match="no key to sign with"):
        mb.anonymise_video(clip, tmp_path / "unsigned.mp4", "faces", sign=True)
    create_identity("Newsroom", datetime.now(UTC))
    target = tmp_path / "signed.mp4"
    mb.anonymise_video(clip, target, "faces", sign=True, label="AI-edited")
    report = verify_content(target.read_bytes(), "video/mp4", anchors=trusted_anchors())
    assert report.state == "trusted"
    (manifest,) = report.manifests
    words = [action.description for action in manifest.actions]
    assert "Faces covered, to hide who they belong to" in words
    assert 'Marked visibly: the label "AI-edited"' in words
    assert manifest.ingredients == ("walk.mp4",)
    assert [model["name"] for model in manifest.recipe["models"]] == ["detect-1", "verify-3"]
    plain, labelled = read_frames(clip)[0], read_frames(target)[0]
    corner = (slice(290, 318), slice(400, 478))
    assert np.abs(labelled[corner].astype(int) - plain[corner]).max() > 80
