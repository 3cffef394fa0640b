"""Depth maps in JPEGs, put together by hand: extended XMP in several parts, both encodings, damaged ones."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from mattebox.io.gdepth import read_gdepth
from mattebox.io.reader import read

GUID = b"0123456789ABCDEF0123456789ABCDEF"
PART_BYTES = 700


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def segment(content: bytes) -> bytes:
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content


def depth_jpeg(
    values: np.ndarray, layout: str = "RangeInverse", near: str = "2", far: str = "10", data: bytes | None = None
) -> bytes:
    """A JPEG with a depth map as Android's camera wrote them; its parts are out of order."""
    photo = encode(Image.new("RGB", (40, 30), (90, 120, 60)), "JPEG")
    picture = base64.b64encode(encode(Image.fromarray(values), "PNG") if data is None else data)
    main = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '
        f'GDepth:Format="{layout}" GDepth:Near="{near}" GDepth:Far="{far}" GDepth:Mime="image/png" GDepth:Units="m"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()
    extended = b'<x:xmpmeta><rdf:Description GDepth:Data="' + picture + b'"/></x:xmpmeta>'
    segments = [segment(b"http://ns.adobe.com/xap/1.0/\0" + main)]
    for offset in reversed(range(0, len(extended), PART_BYTES)):
        head = b"http://ns.adobe.com/xmp/extension/\0" + GUID
        head += len(extended).to_bytes(4, "big") + offset.to_bytes(4, "big")
        segments.append(segment(head + extended[offset : offset + PART_BYTES]))
    return photo[:2] + b"".join(segments) + photo[2:]


VALUES = np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8)


def test_inverse_range() -> None:
    depth = read_gdepth(depth_jpeg(VALUES))
    assert depth is not None
    assert (depth.source, depth.unit) == ("file", "1/m")
    share = VALUES / 255
    metres = 10 * 2 / (10 - share * (10 - 2))  # as the specification has it
    assert np.abs(1 / depth.inverse_depth - metres).max() < 1e-3


def test_linear_range() -> None:
    depth = read_gdepth(depth_jpeg(VALUES, "RangeLinear"))
    assert depth is not None
    assert np.abs(1 / depth.inverse_depth - (2 + VALUES / 255 * 8)).max() < 1e-3


def test_the_reader_keeps_it_upright() -> None:
    picture = read(depth_jpeg(VALUES))
    assert picture.depth is not None
    assert picture.depth.inverse_depth.shape == picture.shape == (30, 40)


@pytest.mark.parametrize(
    "damaged",
    [
        depth_jpeg(VALUES, near="0"),
        depth_jpeg(VALUES, near="10", far="2"),
        depth_jpeg(VALUES, near="x"),
        depth_jpeg(VALUES, far="inf"),
        depth_jpeg(VALUES, data=b"no picture"),
        depth_jpeg(VALUES, data=encode(Image.fromarray(VALUES), "PNG")[:200]),
    ],
)
def test_damaged_depth_is_no_depth(damaged: bytes) -> None:
    picture = read(damaged)
    assert picture.depth is None
    assert picture.shape == (30, 40)


def test_photographs_without_depth() -> None:
    assert read(encode(Image.new("RGB", (9, 9)), "JPEG")).depth is None
    assert read(encode(Image.new("RGB", (9, 9)), "PNG")).depth is None
