"""Of the pictures that lie beside the main one in a file nothing stays after its faces are hidden: bytes are searched.

Each container holds the astronaut's face a second time: as the second picture of an MPO, as the gain map of an Ultra
HDR JPEG, as depth, gain map, further picture and thumbnail of a HEIC, and as the thumbnail and the depth of an AVIF.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.io.reader import read
from tests.io import gain_map_files
from tests.io.heif_files import (
    AVIF_DEPTH_TYPE,
    DEPTH_TYPE,
    THUMBNAIL,
    apple_type,
    avif_with_auxiliary,
    heic,
)

FACE = (42, 152, 88, 177)  # top, bottom, left, right
WINDOW_BYTES = 24
GAIN_MAP_XMP = 'hdrgm:Version="1.0" hdrgm:GainMapMax="2.5" hdrgm:HDRCapacityMax="2.5"'

PERSON = Image.fromarray(skimage.data.astronaut()[20:276, 90:346])
SMALL = PERSON.convert("L").resize((128, 128))


def jpeg(image: Image.Image, **options: object) -> bytes:
    return gain_map_files.jpeg(image, **options)


def mpo() -> tuple[bytes, list[bytes]]:
    second = jpeg(PERSON.rotate(1))
    return gain_map_files.join(jpeg(PERSON), second), [second]


def ultra_hdr() -> tuple[bytes, list[bytes]]:
    gains = gain_map_files.with_xmp(jpeg(SMALL), GAIN_MAP_XMP)
    photograph = gain_map_files.with_xmp(jpeg(PERSON), 'hdrgm:Version="1.0"')
    return gain_map_files.join(photograph, gains), [gains]


def heic_with_maps() -> tuple[bytes, list[bytes]]:
    """Depth, Apple's gain map, and the picture before it of a burst."""
    others = [np.asarray(SMALL), np.asarray(SMALL.resize((96, 96))), PERSON.rotate(1)]
    content = heic(PERSON, others, [DEPTH_TYPE, apple_type("hdrgainmap", 2020)])
    return content, [content]


def avif_with_thumbnail() -> tuple[bytes, list[bytes]]:
    exif, thumbnail = Image.Exif(), jpeg(PERSON.resize((96, 96)))
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8769)[0x927C] = b"MAKER" + thumbnail
    file = io.BytesIO()
    PERSON.save(file, "avif", quality=90, exif=exif.tobytes())
    return file.getvalue(), [thumbnail]


def heic_with_thumbnail() -> tuple[bytes, list[bytes]]:
    content = heic(PERSON, [PERSON.resize((128, 128))], [THUMBNAIL])
    assert re.search(rb"iref.{8}thmb", content, re.DOTALL)
    return content, [content]


def avif_with_depth() -> tuple[bytes, list[bytes]]:
    content = avif_with_auxiliary(PERSON, SMALL, AVIF_DEPTH_TYPE)
    with Image.open(io.BytesIO(content)) as image:
        assert np.abs(np.asarray(image).astype(int) - np.asarray(PERSON)).mean() < 8  # the photograph is the main one
    return content, [content[-len(content) // 4 :]]  # the depth is the last of its data


@pytest.mark.parametrize(
    "build", [mpo, ultra_hdr, heic_with_maps, heic_with_thumbnail, avif_with_thumbnail, avif_with_depth]
)
def test_nothing_is_left_of_auxiliary_pictures(build: Callable[[], tuple[bytes, list[bytes]]], tmp_path: Path) -> None:
    content, hidden_parts = build()
    picture = read(content, metadata="all")
    if build is ultra_hdr:
        assert picture.gain_map is not None  # the file is one that would pass it on
    if build is heic_with_maps:
        assert picture.depth is not None
    result = mb.anonymise(picture, "faces")
    assert any(item.kind == "face" for item in result.objects)
    assert (result.picture.depth, result.picture.gain_map, dict(result.picture.mattes)) == (None, None, {})
    for suffix in ("jpg", "avif", "png", "psd"):
        target = tmp_path / f"safe.{suffix}"
        result.save(target)
        written = target.read_bytes()
        assert not any(window in written for part in hidden_parts for window in windows(part))
        assert count_jpegs(written) == (suffix == "jpg")
        if suffix in ("jpg", "avif"):
            again = read(written, metadata="all")
            assert (again.depth, again.gain_map) == (None, None)
            top, bottom, left, right = FACE
            assert again.rgb[top + 20 : bottom - 20, left + 20 : right - 20].max() < 24


def count_jpegs(content: bytes) -> int:
    """JPEG pictures in a file, wherever they begin."""
    count = 0
    for start in (match.start() for match in re.finditer(rb"\xff\xd8\xff", content)):
        with contextlib.suppress(OSError, SyntaxError), Image.open(io.BytesIO(content[start:])) as image:
            count += image.format in ("JPEG", "MPO")
    return count


def windows(part: bytes) -> list[bytes]:
    """Pieces of a picture's compressed data, from behind its headers."""
    step = max(WINDOW_BYTES, len(part) // 200)
    starts = range(len(part) // 4, len(part) - WINDOW_BYTES, step)
    return [piece for at in starts if len(set(piece := part[at : at + WINDOW_BYTES])) > WINDOW_BYTES // 2]
