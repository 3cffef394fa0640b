"""Writing of OpenEXR frames as compositing programs read them: the colours as unnamed R, G, B, A, others in layers.

One part of scan lines, ZIP compression, which is lossless. The package cannot write a rational number, so
framesPerSecond is put into the header here. Format: openexr.com, OpenEXR File Layout.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.icc_builder import BT709, Primaries
from mattebox.core.interface import install_extra
from mattebox.core.srgb import decode_srgb
from mattebox.errors import OutputError
from mattebox.io.layered_formats import EXR_ALPHA_ATTRIBUTE, linear_light
from mattebox.io.openexr import build_linear_profile
from mattebox.io.scene_light import SceneLight
from mattebox.types import Floats, Picture, Pixels

SOURCE_ATTRIBUTE = "mattebox/source"
ZIP_BLOCK_ROWS = 16
FIRST_ATTRIBUTE_OFFSET = 8  # after the magic number and the version


@dataclass(frozen=True, eq=False)
class ExrFrame:
    """A frame to write.

    Attributes
    ----------
    colours : H x W x 3 float32
        Linear light, straight.
    alpha : H x W float32, or None
        0..1; None is opaque.
    primaries : Primaries
        Of the colours.
    is_half : bool
        Whether colours and alpha are written as half floats, or as single ones.
    layers : mapping
        Further channels by their full names, such as "matte.A", in the type that they have.
    strings : mapping
        Attributes of text.
    timecode : str or None
        "HH:MM:SS:FF".
    rate : Fraction or None
        Frames per second.
    """

    colours: Floats
    alpha: Floats | None = None
    primaries: Primaries = BT709
    is_half: bool = True
    layers: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    strings: Mapping[str, str] = field(default_factory=dict)
    timecode: str | None = None
    rate: Fraction | None = None


def light_of_cutout(picture: Picture, matte: Pixels, light: SceneLight | None) -> SceneLight:
    """The linear light of a cutout: where the subject is opaque, and where it is brighter than white, its file's own.

    Parameters
    ----------
    picture : Picture
        The result, with or without alpha.
    matte : H x W
        How much of each pixel is subject.
    light : SceneLight or None
        Of the photograph; None where the picture holds all that there was.
    """
    encoded = picture.rgb.astype(np.float32) / np.float32(picture.bit_depth.peak)
    if light is None:
        return SceneLight(linear_light(encoded, picture))
    # Whoever reads the file multiplies by alpha, so a highlight on a soft edge may stay as bright as it is.
    is_subject = matte == np.iinfo(matte.dtype).max
    is_bright = (light.rgb > 1).any(axis=2) & (matte > 0)
    is_source = (is_subject | (is_bright if picture.alpha is not None else is_subject))[..., None]
    is_own_profile = picture.profile == build_linear_profile(light.primaries)
    own = decode_srgb(encoded) if is_own_profile else linear_light(encoded, picture, light.primaries)
    return SceneLight(np.where(is_source, light.rgb, own).astype(np.float32), light.primaries, light.is_half)


def write_exr_frame(path: Path, frame: ExrFrame, *, straight: bool) -> None:
    """Write a frame to a new file.

    Parameters
    ----------
    path : Path
    frame : ExrFrame
    straight : bool
        Whether the colours are written straight; otherwise they are multiplied by alpha, as readers of OpenEXR expect.

    Raises
    ------
    OutputError
        The package is not installed.
    OSError
        The file cannot be written.
    """
    try:
        api = import_module("OpenEXR")
    except ImportError as error:
        raise OutputError("EXR files need an extra package", install_extra("layers")) from error
    dtype = np.float16 if frame.is_half else np.float32
    colours = frame.colours
    if frame.alpha is not None:
        colours = colours * (frame.alpha > 0 if straight else frame.alpha)[..., None]
    limit = np.float32(np.finfo(dtype).max)
    planes = np.clip(colours, -limit, limit).astype(dtype)
    channels: dict[str, Any] = {name: np.ascontiguousarray(planes[..., n]) for n, name in enumerate("RGB")}
    if frame.alpha is not None:
        channels["A"] = np.ascontiguousarray(frame.alpha.astype(dtype))
    channels |= {name: np.ascontiguousarray(plane) for name, plane in frame.layers.items()}
    header: dict[str, Any] = {"compression": api.ZIP_COMPRESSION, "type": api.scanlineimage, **frame.strings}
    header["chromaticities"] = tuple(float(v) for point in frame.primaries for v in point)
    if frame.alpha is not None:
        header[EXR_ALPHA_ATTRIBUTE] = "straight" if straight else "premultiplied"
    if frame.timecode is not None:
        header["timeCode"] = api.TimeCode(*(int(n) for n in frame.timecode.replace(";", ":").split(":")), *[0] * 14)
    try:
        api.File(header, channels).write(str(path))
    except RuntimeError as error:  # whatever the system says
        raise OSError(errno.EIO, f"{error}"[:160]) from error
    if frame.rate is not None:
        rate = struct.pack("<iI", frame.rate.numerator, frame.rate.denominator)
        path.write_bytes(insert_attribute(path.read_bytes(), "framesPerSecond", "rational", rate))


def insert_attribute(content: bytes, name: str, kind: str, value: bytes) -> bytes:
    """A file of one part of scan lines, compressed by ZIP, with an attribute more; its offsets are moved with it."""
    at, rows = FIRST_ATTRIBUTE_OFFSET, 0
    while content[at]:
        name_end = content.index(b"\0", at)
        type_end = content.index(b"\0", name_end + 1)
        (length,) = struct.unpack_from("<I", content, type_end + 1)
        if content[at:name_end] == b"dataWindow":
            _, top, _, bottom = struct.unpack_from("<4i", content, type_end + 5)
            rows = bottom - top + 1
        at = type_end + 5 + length
    attribute = name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
    blocks = -(-rows // ZIP_BLOCK_ROWS)
    offsets = struct.unpack_from(f"<{blocks}Q", content, at + 1)
    moved = struct.pack(f"<{blocks}Q", *(offset + len(attribute) for offset in offsets))
    return content[:at] + attribute + b"\0" + moved + content[at + 1 + 8 * blocks :]
