"""Dynamic Depth: a depth map appended to a JPEG, found by the container's list; damaged lists."""

import io

import numpy as np
import pytest
from PIL import Image

from mattebox.io.dynamic_depth import read_dynamic_depth
from mattebox.io.reader import read

VALUES = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (30, 1))
MARK = b"http://ns.adobe.com/xap/1.0/\0"


def encode(image: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def item(address: str, length: int | str) -> str:
    fields = f'Item:Mime="image/png" Item:Length="{length}" Item:DataURI="{address}"'
    return f'<rdf:li rdf:parseType="Resource"><Container:Item {fields}/></rdf:li>'


def dynamic_depth_jpeg(length: int | str | None = None, address: str = "android/depthmap", near: str = "0.5") -> bytes:
    """A photograph, its depth, and another picture behind it."""
    photo = encode(Image.new("RGB", (40, 30), (90, 120, 60)), "JPEG")
    depth, other = encode(Image.fromarray(VALUES), "PNG"), encode(Image.new("L", (8, 8)), "PNG")
    listed = item("primary_image", 0) + item("android/depthmap", len(depth) if length is None else length)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        'xmlns:DepthMap="http://ns.google.com/photos/dd/1.0/depthmap/">'
        f"<Container:Directory><rdf:Seq>{listed}{item('android/other', len(other))}</rdf:Seq></Container:Directory>"
        f'<Camera:DepthMap DepthMap:Format="RangeInverse" DepthMap:Near="{near}" DepthMap:Far="8" '
        f'DepthMap:Units="Meters" DepthMap:DepthURI="{address}"/></rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()
    content = MARK + packet
    segment = b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content
    return photo[:2] + segment + photo[2:] + depth + other


def test_the_appended_map_is_read_with_the_photograph() -> None:
    picture = read(dynamic_depth_jpeg())
    assert picture.shape == (30, 40)
    assert picture.depth is not None
    assert (picture.depth.source, picture.depth.unit) == ("file", "1/m")
    assert picture.depth.inverse_depth[0, [0, -1]] == pytest.approx([2, 1 / 8])


@pytest.mark.parametrize(
    "damaged",
    [
        dynamic_depth_jpeg(length=7),
        dynamic_depth_jpeg(length=10**9),
        dynamic_depth_jpeg(length="x"),
        dynamic_depth_jpeg(address="android/none"),
        dynamic_depth_jpeg(near="0"),
    ],
)
def test_damaged_lists_hold_no_depth(damaged: bytes) -> None:
    assert read_dynamic_depth(damaged) is None
    assert read(damaged).depth is None
