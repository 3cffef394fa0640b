"""The step that hides comes first, keeps what it is told to, and leaves nothing in metadata, layers or manifests."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.errors import ModelError, NoSubject, UsageError
from mattebox.models.cards.registry import find_card
from mattebox.models.detections import Detections
from mattebox.models.object_detector import ObjectDetector
from mattebox.pipeline import anonymisation
from mattebox.pipeline.output_provenance import needs_source
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Save
from mattebox.types import Metadata, Picture

FACE, SMALL_FACE, PLATE = (178, 62, 267, 172), (400, 20, 430, 60), (330, 300, 420, 330)


class KnownObjects(ObjectDetector):
    """Finds what the test says, where the astronaut is."""

    def __init__(self, *boxes: tuple[int, tuple[float, float, float, float]]) -> None:
        super().__init__(find_card("detect-1"), lambda _: {}, "cpu")
        self.boxes = boxes

    def detect(self, picture: Picture, *, sensitivity: float = 1.0, enlarge: bool = True) -> Detections:
        boxes = np.array([box for _, box in self.boxes], np.float32).reshape(-1, 4)
        count = len(boxes)
        kinds = np.array([kind for kind, _ in self.boxes], np.int64)
        return Detections(boxes, np.full(count, 0.8, np.float32), kinds, np.full((count, 5, 2), np.nan, np.float32))


@pytest.fixture
def detect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*boxes: tuple[int, tuple[float, float, float, float]]) -> None:
        monkeypatch.setattr(anonymisation, "open_object_detector", lambda *_: KnownObjects(*boxes))

    return use


@pytest.fixture
def photograph() -> Picture:
    return Picture(np.maximum(skimage.data.astronaut(), 1))


def is_black(result: Any, box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return not np.asarray(result.picture.rgb)[top:bottom, left:right].any()


def test_all_faces_and_plates_are_hidden_and_listed(detect: Any, photograph: Picture) -> None:
    detect((1, PLATE), (0, SMALL_FACE), (0, FACE))
    result = mb.anonymise(photograph)
    assert all(is_black(result, box) for box in (FACE, SMALL_FACE, PLATE))
    assert [(o.number, o.kind, o.is_hidden) for o in result.objects] == [
        (1, "face", True), (2, "plate", True), (3, "face", True)
    ]  # fmt: skip
    assert result.effective_stages == ("anonymise",)


def test_kinds_and_numbers_decide(detect: Any, photograph: Picture) -> None:
    detect((1, PLATE), (0, SMALL_FACE), (0, FACE))
    plates = mb.anonymise(photograph, "plates")
    assert is_black(plates, PLATE)
    assert not is_black(plates, FACE)
    kept = mb.anonymise(photograph, hide_except=[1, 3])
    assert [is_black(kept, box) for box in (FACE, PLATE, SMALL_FACE)] == [False, True, False]
    assert [o.is_hidden for o in kept.objects] == [False, True, False]
    with pytest.raises(UsageError, match="no list of numbers"):
        mb.anonymise(photograph, hide_except="the left one")


def test_where_nothing_is_found_it_says_so(detect: Any, photograph: Picture) -> None:
    detect()
    result = mb.anonymise(photograph, "faces")
    assert result.notes == ("no face was found: look at the picture yourself before you publish it",)
    np.testing.assert_array_equal(result.picture.rgb, photograph.rgb)
    with pytest.raises(NoSubject, match="no face was found"):
        mb.anonymise(photograph, "faces", hide_require=True)


def test_it_comes_first_so_that_no_later_step_shows_a_face(detect: Any, photograph: Picture) -> None:
    detect((0, FACE))
    alpha = np.zeros(photograph.shape, np.uint8)
    alpha[:, :150] = 255  # the face is background
    cutout = replace(photograph, alpha=alpha)
    result = mb.enhance(cutout, hide="faces", sharpen=80, light="auto")
    assert result.picture.rgb[90:150, 200:250].max() < 30


def test_metadata_that_could_show_a_face_go(detect: Any, photograph: Picture, tmp_path: Path) -> None:
    """The thumbnail and maker note of EXIF, a depth map in XMP, a second picture behind the first."""
    detect((0, FACE))
    thumbnail = io.BytesIO()
    Image.fromarray(photograph.rgb).resize((160, 160)).save(thumbnail, "jpeg")
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8769)[0x927C] = b"MAKER" + thumbnail.getvalue()
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '
        b'GDepth:Data="SECRETDEPTH"/></rdf:RDF></x:xmpmeta>'
    )
    source = tmp_path / "photo.jpg"
    Image.fromarray(photograph.rgb).save(source, quality=95, exif=exif.tobytes(), xmp=xmp)
    source.write_bytes(source.read_bytes() + thumbnail.getvalue() + b"MotionPhoto_Data....ftyp")
    picture = mb.read(source, metadata="all")
    for suffix in ("jpg", "png", "webp", "tiff", "psd"):
        target = tmp_path / f"safe.{suffix}"
        mb.anonymise(picture).save(target)
        content = target.read_bytes()
        assert thumbnail.getvalue()[1000:1400] not in content
        assert b"MAKER" not in content
        assert b"SECRETDEPTH" not in content
        assert b"MotionPhoto" not in content
        assert b"Camera" in content or suffix in ("psd",)


def test_the_manifest_of_the_photograph_does_not_go_along() -> None:
    assert needs_source(Recipe((Save(sign="yes"),)))
    assert not needs_source(Recipe((Anonymise(hide="all"), Save(sign="yes"))))
    assert needs_source(Recipe((Anonymise(), Save(mark_source="yes"))))


def test_safe_metadata_stay(detect: Any, photograph: Picture) -> None:
    detect()
    kept = mb.anonymise(replace(photograph, metadata=Metadata(dpi=(300, 300)))).picture.metadata
    assert kept.dpi == (300, 300)


def test_models_for_other_tasks_are_refused(photograph: Picture) -> None:
    with pytest.raises(ModelError, match="is for upscale, not detect"):
        mb.anonymise(photograph, hide_detector="up2-1")
    with pytest.raises(ModelError, match="mattebox models pull centerface"):
        mb.anonymise(photograph, hide_detector="centerface")


def test_a_recipe_says_it(detect: Any, photograph: Picture) -> None:
    detect((0, FACE))
    recipe = build_recipe({"hide": "all", "hide_method": "mosaic"}, Recipe((Save(),)))
    assert recipe.to_toml().startswith('[[steps]]\nstep = "anonymise"\nhide = "all"\nmethod = "mosaic"\n')
    result = mb.run(photograph, recipe)
    assert len(np.unique(result.picture.rgb[62:172, 178:267].reshape(-1, 3), axis=0)) <= 64
