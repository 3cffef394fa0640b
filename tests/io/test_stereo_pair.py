"""Stereo pairs in one file: MPO of a 3D camera, the groups of a spatial HEIC; files with one view."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputError
from mattebox.io.file_summary import summarise_file
from mattebox.io.stereo_pair import find_stereo_group, has_stereo_pair, read_stereo_pair
from tests.io.heif_files import heic

LEFT, RIGHT = (90, 120, 60), (60, 120, 90)
DISPARITY = 0x020002


def mpo(mp_type: int = DISPARITY, second: bytes | None = None, first: bytes | None = None) -> bytes:
    """Two JPEGs with an MP index (CIPA DC-007), as a 3D camera writes them."""
    parts = []
    for colour in (LEFT, RIGHT):
        file = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(file, "JPEG", quality=95)
        parts.append(file.getvalue())
    parts = [first or parts[0], parts[1] if second is None else second]
    head = b"II*\0" + struct.pack("<I", 8)
    count, entries_at = 3, 8 + 2 + 3 * 12 + 4
    tags = struct.pack("<HHI4s", 0xB000, 7, 4, b"0100")
    tags += struct.pack("<HHII", 0xB001, 4, 1, 2) + struct.pack("<HHII", 0xB002, 7, 32, entries_at)
    segment_length = 2 + 4 + entries_at + 32
    first_length = len(parts[0]) + 2 + segment_length
    offset = first_length - (2 + 4 + 4)  # from the MP header, which lies after SOI, marker, length and "MPF\0"
    entries = struct.pack("<IIIHH", mp_type | 0x20000000, first_length, 0, 0, 0)
    entries += struct.pack("<IIIHH", mp_type, len(parts[1]), offset, 0, 0)
    index = head + struct.pack("<H", count) + tags + bytes(4) + entries
    segment = b"\xff\xe2" + struct.pack(">H", segment_length) + b"MPF\0" + index
    return parts[0][:2] + segment + parts[0][2:] + parts[1]


def test_both_views_of_an_mpo() -> None:
    pair = read_stereo_pair(mpo(), "a.mpo")
    assert pair is not None
    assert np.abs(pair.left.rgb.astype(int) - LEFT).max() < 4
    assert np.abs(pair.right.rgb.astype(int) - RIGHT).max() < 4


def test_other_second_pictures_are_no_view() -> None:
    assert read_stereo_pair(mpo(0), "gain_map.jpg") is None
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "JPEG")
    assert read_stereo_pair(file.getvalue(), "plain.jpg") is None
    Image.new("RGB", (64, 48)).save(file := io.BytesIO(), "PNG")
    assert read_stereo_pair(file.getvalue(), "plain.png") is None


def test_a_damaged_view_is_an_error() -> None:
    with pytest.raises(InputError, match=r"broken\.mpo"):
        read_stereo_pair(mpo(second=b"no picture at all"), "broken.mpo")


def spatial_heic(numbers: tuple[int, ...] = (1, 2), kind: bytes = b"ster") -> bytes:
    """A spatial photograph: two pictures, and a group that says which eye sees which."""
    return heic(Image.new("RGB", (64, 48), LEFT), [Image.new("RGB", (64, 48), RIGHT)], group=(kind, numbers))


@pytest.mark.parametrize(("numbers", "left", "right"), [((1, 2), LEFT, RIGHT), ((2, 1), RIGHT, LEFT)])
def test_both_views_of_a_spatial_heic(numbers: tuple[int, ...], left: tuple[int, ...], right: tuple[int, ...]) -> None:
    data = spatial_heic(numbers)
    assert has_stereo_pair(data, "a.heic")
    pair = read_stereo_pair(data, "a.heic")
    assert pair is not None
    assert np.abs(pair.left.rgb.astype(int) - left).max() < 4
    assert np.abs(pair.right.rgb.astype(int) - right).max() < 4
    assert summarise_file(data, "a.heic").is_stereo_pair


def test_other_groups_of_a_heic_are_no_pair() -> None:
    assert read_stereo_pair(spatial_heic(kind=b"altr"), "a.heic") is None
    assert read_stereo_pair(heic(Image.new("RGB", (64, 48), LEFT)), "a.heic") is None


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"entity_groups": [{"type": "ster", "entities": [9, 7], "images": [1, 0]}]}, (1, 0)),
        ({"entity_groups": [{"type": "altr", "entities": [9, 7], "images": [1, 0]}]}, None),
        ({"entity_groups": [{"type": "ster", "entities": [9, 7], "images": [1, None]}]}, None),
        ({}, None),
    ],
)
def test_the_group_of_a_spatial_heic(info: dict[str, Any], found: tuple[int, int] | None) -> None:
    assert find_stereo_group(info) == found
