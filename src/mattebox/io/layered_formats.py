"""Layered files for other programs: Photoshop documents, OpenEXR, and ZIP archives of colour and alpha.

PSD (psd-tools) keeps 8 or 16 bits, the profile and straight alpha, with one layer each. OpenEXR (the Academy's own
package) holds half floats in linear light of BT.709's primaries (its default), by the picture's profile; in high
dynamic range, 1.0 is diffuse white. It is premultiplied as its readers expect unless straight alpha is requested, with
one part each.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import hdr_transfer, icc_builder
from mattebox.core.interface import install_extra
from mattebox.core.srgb import decode_srgb
from mattebox.errors import OutputError
from mattebox.io import colour, icc_matrix_shaper
from mattebox.io.resampling import to_eight_bit
from mattebox.types import Layer, Picture

EXR_ALPHA_ATTRIBUTE = "mattebox/alpha"  # of the header: "straight" or "premultiplied"
ICC_RESOURCE = 1039  # of Adobe's Photoshop File Formats Specification


def encode_psd(layers: Sequence[Layer]) -> bytes:
    """Encode a Photoshop document, the last layer on top. Raises OutputError when psd-tools is not installed."""
    api = _import_optional("psd_tools", "PSD")
    first = layers[0].picture
    height, width = first.shape
    document = api.PSDImage.new("RGB", (width, height), depth=int(first.bit_depth))
    for name, picture in layers:
        document.create_pixel_layer_from_array(_rgba_array(picture), name=name)
    if first.profile:
        resources = import_module("psd_tools.psd.image_resources")
        document.image_resources[ICC_RESOURCE] = resources.ImageResource(key=ICC_RESOURCE, data=first.profile)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def encode_exr(layers: Sequence[Layer], straight_alpha: bool = False) -> bytes:
    """Encode an OpenEXR file with one part per layer. Raises OutputError when OpenEXR is not installed."""
    api = _import_optional("OpenEXR", "EXR")
    statement = "straight" if straight_alpha else "premultiplied"
    header = {"compression": api.ZIP_COMPRESSION, "type": api.scanlineimage, EXR_ALPHA_ATTRIBUTE: statement}
    parts = [api.Part(dict(header), {"RGBA": _linear_rgba(p, straight_alpha)}, name) for name, p in layers]
    with tempfile.TemporaryDirectory() as folder:  # the package only writes to paths
        path = Path(folder) / "layers.exr"
        api.File(parts).write(str(path))
        return path.read_bytes()


def zip_colour_and_alpha(colour_jpg: bytes, alpha_png: bytes, **extra_files: bytes) -> bytes:
    """Pack color.jpg and alpha.png (the names that remove.bg uses) and further files into an uncompressed ZIP."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {"color.jpg": colour_jpg, "alpha.png": alpha_png, **extra_files}.items():
            archive.writestr(
                zipfile.ZipInfo(name), content
            )  # dated 1980, so that the same picture gives the same bytes
    return file.getvalue()


def _rgba_array(picture: Picture) -> NDArray[Any]:
    alpha = (
        picture.alpha
        if picture.alpha is not None
        else np.full(picture.shape, picture.bit_depth.peak, picture.rgb.dtype)
    )
    return np.dstack([picture.rgb, alpha])


def _linear_rgba(picture: Picture, straight_alpha: bool) -> NDArray[np.float16]:
    values = _rgba_array(picture).astype(np.float32) / np.float32(picture.bit_depth.peak)
    light, alpha = linear_light(values[..., :3], picture), values[..., 3:]
    return np.concatenate([light if straight_alpha else light * alpha, alpha], 2).astype(np.float16)


def linear_light(
    encoded: NDArray[np.float32], picture: Picture, primaries: icc_builder.Primaries = icc_builder.BT709
) -> NDArray[np.float32]:
    """Linear light of some primaries, not clipped to their gamut, of colours from 0 to 1 in a picture's profile."""
    if colour.is_srgb(picture.profile) and primaries == icc_builder.BT709:
        return decode_srgb(encoded)
    light, to_xyz = _decode_light(encoded, picture)
    matrix = np.linalg.inv(icc_builder.rgb_to_xyz_d50(primaries)) @ to_xyz
    return np.asarray(light @ matrix.T, np.float32)


def _decode_light(encoded: NDArray[np.float32], picture: Picture) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Linear light of the profile's own primaries, and the matrix that takes it to XYZ under D50."""
    srgb_to_xyz = icc_builder.rgb_to_xyz_d50(icc_builder.BT709)
    if colour.is_srgb(picture.profile):
        return decode_srgb(encoded), srgb_to_xyz
    if (signal := hdr_transfer.hdr_signal(picture.profile)) is not None:
        light = hdr_transfer.decode_signal(encoded.astype(np.float64), signal.transfer)
        return light, icc_builder.rgb_to_xyz_d50(hdr_transfer.PRIMARIES_BY_CODE[signal.primaries])
    if (shaper := icc_matrix_shaper.read_matrix_shaper(picture.profile)) is not None:
        steps = np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
        curves = shaper.tone_curves
        return np.stack([np.interp(encoded[..., c], steps, curves[c]) for c in range(3)], -1), shaper.matrix
    srgb = colour.to_srgb(to_eight_bit(picture.rgb), picture.profile)
    return decode_srgb(srgb.astype(np.float32) / np.float32(255)), srgb_to_xyz


def _import_optional(module: str, format: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise OutputError(f"{format} files need an extra package", install_extra("layers")) from error
