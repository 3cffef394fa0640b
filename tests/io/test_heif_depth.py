"""Depth maps in HEIC files, whose boxes are put together here: pillow-heif writes none."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.io.heif_depth import DEPTH, DISPARITY, INVERSE_DEPTH, read_heif_depth
from mattebox.io.reader import read

AUXILIARY_TYPE = b"urn:mpeg:hevc:2015:auxid:2\0"  # depth, H.265 annex F
VALUES = np.tile(np.linspace(20, 230, 96).astype(np.uint8), (64, 1))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def split_boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    boxes, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        boxes.append((data[at + 4 : at + 8], data[at + 8 : at + length]))
        at += length
    return boxes


def shift_extents(iloc: bytes, by: int) -> bytes:
    """Item locations, version 0 with sizes of 4 bytes, whose data lies further on."""
    shifted, at = bytearray(iloc), 8
    for _ in range(int.from_bytes(iloc[6:8], "big")):
        at += 8
        extents = int.from_bytes(iloc[at : at + 2], "big")
        at += 2
        for _ in range(extents):
            shifted[at : at + 4] = struct.pack(">I", int.from_bytes(iloc[at : at + 4], "big") + by)
            at += 8
    return bytes(shifted)


def depth_heic() -> bytes:
    """A HEIC whose second picture is the depth of the first."""
    heif = pytest.importorskip("pillow_heif")
    file = heif.from_pillow(Image.new("RGB", (96, 64), (120, 90, 60)))
    file.add_from_pillow(Image.fromarray(VALUES))
    target = io.BytesIO()
    file.save(target, quality=100)
    top = dict(split_boxes(target.getvalue()))
    meta = dict(split_boxes(top[b"meta"][4:]))
    properties = dict(split_boxes(meta[b"iprp"]))
    index = len(split_boxes(properties[b"ipco"])) + 1
    properties[b"ipco"] += box(b"auxC", bytes(4) + AUXILIARY_TYPE)
    head, count_at = properties[b"ipma"], 11 + properties[b"ipma"][10]
    item = count_at + 2  # of the second entry, its count of properties
    properties[b"ipma"] = head[:item] + bytes([head[item] + 1]) + head[item + 1 :] + bytes([index])
    meta[b"iprp"] = b"".join(box(kind, content) for kind, content in properties.items())
    meta[b"iref"] = bytes(4) + box(b"auxl", struct.pack(">HHH", 2, 1, 1))

    def join() -> bytes:
        return bytes(4) + b"".join(box(kind, content) for kind, content in meta.items())

    meta[b"iloc"] = shift_extents(meta[b"iloc"], len(join()) - len(top[b"meta"]))
    top[b"meta"] = join()
    return b"".join(box(kind, content) for kind, content in top.items())


def test_the_depth_of_a_heic_is_read_with_it() -> None:
    picture = read(depth_heic())
    assert picture.shape == (64, 96)
    assert picture.depth is not None
    assert picture.depth.source == "file"
    assert np.abs(picture.depth.inverse_depth * 255 - VALUES).max() < 4


class StoredPicture:
    """A picture as pillow-heif gives it."""

    def __init__(self, values: np.ndarray, metadata: dict[str, Any] | None) -> None:
        self.values, self.info, self.size = values, {"metadata": metadata}, values.shape[::-1]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


@pytest.mark.parametrize("kind", [INVERSE_DEPTH, DISPARITY])
def test_steps_of_inverse_depth_in_metres(kind: int) -> None:
    metadata = {"z_near": 0.5, "z_far": 10.0, "representation_type": kind}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), metadata)]})
    assert depth is not None
    assert depth.unit == "1/m"
    assert depth.inverse_depth == pytest.approx(np.array([[0.1, 2]]))


def test_steps_of_depth_in_metres() -> None:
    metadata = {"z_near": 0.5, "z_far": 10.0, "representation_type": DEPTH}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), metadata)]})
    assert depth is not None
    assert depth.inverse_depth == pytest.approx(np.array([[0.1, 2]]))


def test_none() -> None:
    assert read_heif_depth({}) is None
    assert read_heif_depth({"depth_images": []}) is None
