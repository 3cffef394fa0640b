"""HEIC and AVIF files put together by hand from boxes: auxiliary pictures, thumbnails and stereo groups, which
pillow-heif and Pillow cannot write."""

import io
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

DEPTH_TYPE = b"urn:mpeg:hevc:2015:auxid:2\0"  # depth, H.265 annex F
AVIF_DEPTH_TYPE = b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth\0"
THUMBNAIL = b"thmb"  # in place of an auxiliary type


def apple_type(name: str, year: int = 2018) -> bytes:
    return f"urn:com:apple:photo:{year}:aux:{name}\0".encode()


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


def add_property(ipma: bytes, item: int, index: int) -> bytes:
    """Associations of properties, version 0 with indices of 1 byte, with one more for an item."""
    at, out = 8, bytearray(ipma[:8])
    for _ in range(int.from_bytes(ipma[4:8], "big")):
        number, count = int.from_bytes(ipma[at : at + 2], "big"), ipma[at + 2]
        indices = ipma[at + 3 : at + 3 + count] + (bytes([index]) if number == item else b"")
        out += ipma[at : at + 2] + bytes([len(indices)]) + indices
        at += 3 + count
    return bytes(out)


def picture_items(iinf: bytes) -> list[int]:
    """Numbers of the items that are pictures, in the order of the list (version 0, entries of version 2)."""
    entries = [content for kind, content in split_boxes(iinf[6:]) if kind == b"infe"]
    return [int.from_bytes(entry[4:6], "big") for entry in entries if entry[8:12] == b"hvc1"]


def heic(
    photo: Image.Image,
    others: Sequence[np.ndarray | Image.Image] = (),
    auxiliary_types: Sequence[bytes] = (),
    group: tuple[bytes, tuple[int, ...]] | None = None,
) -> bytes:
    """A HEIC of a photograph, and other pictures, the first of which are auxiliary to it, of the given types, or its
    THUMBNAIL.

    `group` is a kind of entity group and the numbers of its pictures, from 1 (the photograph).
    """
    heif = pytest.importorskip("pillow_heif")
    file = heif.from_pillow(photo)
    for other in others:
        file.add_from_pillow(Image.fromarray(other) if isinstance(other, np.ndarray) else other)
    target = io.BytesIO()
    file.save(target, quality=100)
    top = dict(split_boxes(target.getvalue()))
    meta = dict(split_boxes(top[b"meta"][4:]))
    properties = dict(split_boxes(meta[b"iprp"]))
    references = meta.get(b"iref", bytes(4))[4:]
    pictures = picture_items(meta[b"iinf"])
    for item, auxiliary_type in zip(pictures[1:], auxiliary_types, strict=False):
        if auxiliary_type == THUMBNAIL:
            references += box(THUMBNAIL, struct.pack(">HHH", item, 1, pictures[0]))
            continue
        properties[b"ipco"] += box(b"auxC", bytes(4) + auxiliary_type)
        index = len(split_boxes(properties[b"ipco"]))
        properties[b"ipma"] = add_property(properties[b"ipma"], item, index)
        references += box(b"auxl", struct.pack(">HHH", item, 1, pictures[0]))
    meta[b"iprp"] = b"".join(box(kind, content) for kind, content in properties.items())
    if references:
        meta[b"iref"] = bytes(4) + references
    if group is not None:
        kind, numbers = group
        items = [pictures[number - 1] for number in numbers]
        content = bytes(4) + struct.pack(f">II{len(items)}I", 100, len(items), *items)
        meta[b"grpl"] = box(kind, content)

    def join() -> bytes:
        return bytes(4) + b"".join(box(kind, content) for kind, content in meta.items())

    meta[b"iloc"] = shift_extents(meta[b"iloc"], len(join()) - len(top[b"meta"]))
    top[b"meta"] = join()
    return b"".join(box(kind, content) for kind, content in top.items())


def avif_with_auxiliary(photo: Image.Image, other: Image.Image, auxiliary_type: bytes) -> bytes:
    """An AVIF of a photograph with a second picture that is auxiliary to it, of a type."""
    top, meta, data = _split_avif(photo)
    _, other_meta, other_data = _split_avif(other)
    properties, others = (dict(split_boxes(m[b"iprp"])) for m in (meta, other_meta))
    shift = len(split_boxes(properties[b"ipco"]))
    associations = others[b"ipma"][11:]  # of its only picture, one byte each; the highest bit says "essential"
    added = bytes((value & 128) | ((value & 127) + shift) for value in associations)
    properties[b"ipco"] += others[b"ipco"] + box(b"auxC", bytes(4) + auxiliary_type)
    added += bytes([len(split_boxes(properties[b"ipco"]))])
    ipma = properties[b"ipma"]
    properties[b"ipma"] = ipma[:4] + struct.pack(">I", 2) + ipma[8:] + struct.pack(">HB", 2, len(added)) + added
    meta[b"iprp"] = b"".join(box(kind, content) for kind, content in properties.items())
    entry = box(b"infe", struct.pack(">B3xHH4sx", 2, 2, 0, b"av01"))
    meta[b"iinf"] = meta[b"iinf"][:4] + struct.pack(">H", 2) + meta[b"iinf"][6:] + entry
    meta[b"iref"] = bytes(4) + box(b"auxl", struct.pack(">HHH", 2, 1, 1))

    def join(offset: int) -> bytes:
        ends = [(1, offset, len(data)), (2, offset + len(data), len(other_data))]
        items = b"".join(struct.pack(">HHHII", number, 0, 1, start, size) for number, start, size in ends)
        meta[b"iloc"] = bytes(4) + b"\x44\x00" + struct.pack(">H", 2) + items
        return box(b"ftyp", top[b"ftyp"]) + box(b"meta", bytes(4) + b"".join(box(*item) for item in meta.items()))

    return join(len(join(0)) + 8) + box(b"mdat", data + other_data)


def _split_avif(image: Image.Image) -> tuple[dict[bytes, bytes], dict[bytes, bytes], bytes]:
    """Boxes of a file, and of its `meta`, of one picture without metadata, and that picture's coded data."""
    file = io.BytesIO()
    image.save(file, "avif", quality=95)
    top = dict(split_boxes(file.getvalue()))
    return top, dict(split_boxes(top[b"meta"][4:])), top[b"mdat"]
