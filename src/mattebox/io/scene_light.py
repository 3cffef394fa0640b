"""Frames of film: pictures as networks see them, and beside them the linear light of their file, neither clipped nor
rounded, for what is written back.

The colour space of a file is declared, never guessed: OpenEXR is linear light of the primaries in its header (those of
BT.709 where it states none), other pictures are what their profile says; all else the user declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from mattebox.core.icc_builder import AP0, AP1, BT709, Primaries
from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.errors import UsageError
from mattebox.io import header_check
from mattebox.io.decoding import translate_decoder_errors
from mattebox.io.openexr import DecodedLight, build_linear_profile, decode_scene_light
from mattebox.io.reader import read
from mattebox.io.sources import read_bytes
from mattebox.types import Floats, Picture

InputColour = Literal["auto", "linear", "srgb", "acescg", "aces"]
PRIMARIES_BY_INPUT_COLOUR: Mapping[str, Primaries] = {"linear": BT709, "acescg": AP1, "aces": AP0}


@dataclass(frozen=True, eq=False)
class SceneLight:
    """Linear light of a frame.

    Attributes
    ----------
    rgb : H x W x 3 float32
        Straight colours; 1.0 is white, and lights lie above.
    primaries : Primaries
    is_half : bool
        Whether half floats hold it.
    """

    rgb: Floats
    primaries: Primaries = BT709
    is_half: bool = True


class FilmFrame(NamedTuple):
    """A frame as networks see it, its light (None where the picture has all that its file has), and the time code and
    rate that the file states."""

    picture: Picture
    light: SceneLight | None = None
    timecode: str | None = None
    rate: Fraction | None = None


def check_input_colour(name: str) -> InputColour:
    """A declared colour space of input. UsageError."""
    if name not in get_args(InputColour):
        raise UsageError(f"{name!r} is no colour space of input", f"choose one of {', '.join(get_args(InputColour))}")
    return name  # type: ignore[return-value]


def read_film_frame(path: Path, declared: InputColour, max_pixels: int) -> FilmFrame:
    """Read a frame of a sequence.

    Parameters
    ----------
    path : Path
        An OpenEXR file or any other picture.
    declared : {"auto", "linear", "srgb", "acescg", "aces"}
        What its values are: by the file itself; linear light of its own or BT.709's primaries, of ACEScg (AP1) or of
        ACES2065-1 (AP0); or encoded for a display (sRGB), whatever the file says.
    max_pixels : int
        Limit of its size.

    Raises
    ------
    InputMissing, InputUnreadable, InputTooLarge
    """
    data = read_bytes(path, name=str(path))
    header = header_check.read_header(data, str(path))
    if header.format == "exr":
        header_check.check_pixel_limit(header, max_pixels, str(path))
        with translate_decoder_errors(str(path), "exr"):
            return _convert_exr(decode_scene_light(data, str(path)), declared)
    picture = read(data, max_pixels=max_pixels, name=str(path))
    if declared == "auto":
        return FilmFrame(picture)
    if declared == "srgb":
        return FilmFrame(replace(picture, profile=None))
    peak = np.float32(picture.bit_depth.peak)
    light = SceneLight(picture.rgb.astype(np.float32) / peak, PRIMARIES_BY_INPUT_COLOUR[declared])
    alpha = None if picture.alpha is None else picture.alpha.astype(np.float32) / peak
    return FilmFrame(_picture_of_light(light, alpha), light)


def _convert_exr(decoded: DecodedLight, declared: InputColour) -> FilmFrame:
    colours = np.nan_to_num(decoded.colours, nan=0.0, posinf=0.0, neginf=0.0)
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    primaries = PRIMARIES_BY_INPUT_COLOUR[declared] if declared in ("acescg", "aces") else decoded.primaries
    if declared == "srgb":
        colours, primaries = decode_srgb(colours.astype(np.float32)), BT709
    light = SceneLight(np.ascontiguousarray(colours, np.float32), primaries, decoded.is_half)
    return FilmFrame(
        _picture_of_light(light, decoded.alpha), light, _read_timecode(decoded.header), _read_rate(decoded.header)
    )


def _picture_of_light(light: SceneLight, alpha: Floats | None) -> Picture:
    """16 bits in sRGB's tone curve, clipped at white."""
    peak = np.float32(65535)
    rgb = np.rint(encode_srgb(light.rgb) * peak).astype(np.uint16)
    opacity = None if alpha is None else np.rint(alpha * peak).astype(np.uint16)
    return Picture(rgb, opacity, build_linear_profile(light.primaries))


def _read_timecode(header: Mapping[str, Any]) -> str | None:
    code = header.get("timeCode")
    if code is None:
        return None
    parts = [code.hours, code.minutes, code.seconds, code.frame]
    return ":".join(f"{int(part):02}" for part in parts)


def _read_rate(header: Mapping[str, Any]) -> Fraction | None:
    value = header.get("framesPerSecond")
    if value is None:
        return None
    try:
        rate = Fraction(str(value))
    except (ValueError, TypeError, ZeroDivisionError):
        return None
    return rate if rate > 0 else None
