"""Depth in OpenEXR: the channel Z, which is distance, as renderers and compositing programs have it.

What this program writes says in an attribute whether Z is in metres. Depth whose unit is not known is written as
inverse depth, in the channel Y; its scale has no meaning.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.interface import install_extra
from mattebox.errors import OutputError
from mattebox.types import DepthMap, Floats

UNIT_ATTRIBUTE = "mattebox/depth"
METRES, INVERSE = "metres", "inverse"
MIN_INVERSE_DEPTH = 1e-6  # of a distance that is written; what is farther is infinitely far


def read_exr_depth(channels: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> DepthMap | None:
    """The depth of a part's channels; None where it has none. What has no distance is infinitely far."""
    unit = header.get(UNIT_ATTRIBUTE)
    if unit == INVERSE and "Y" in channels:
        return DepthMap(np.nan_to_num(channels["Y"].astype(np.float32)), "file")
    if "Z" not in channels:
        return None
    distance = channels["Z"].astype(np.float32)
    has_distance = np.isfinite(distance) & (distance > 0)
    inverse: Floats = np.where(has_distance, 1 / np.where(has_distance, distance, 1), 0).astype(np.float32)
    return DepthMap(inverse, "file", "1/m" if unit == METRES else "relative")


def encode_exr_depth(depth: DepthMap) -> bytes:
    """Encode a depth map: distance in metres as Z where that is known, else inverse depth as Y. OutputError."""
    try:
        api = import_module("OpenEXR")
    except ImportError as error:
        raise OutputError("OpenEXR files need an extra package", install_extra("layers")) from error
    is_metric = depth.unit == "1/m"
    header = {
        "compression": api.ZIP_COMPRESSION,
        "type": api.scanlineimage,
        UNIT_ATTRIBUTE: METRES if is_metric else INVERSE,
    }
    distance = np.float32(1) / np.maximum(depth.inverse_depth, np.float32(MIN_INVERSE_DEPTH))
    values = np.ascontiguousarray(distance if is_metric else depth.inverse_depth)
    with tempfile.TemporaryDirectory() as folder:  # the package writes to paths only
        path = Path(folder) / "depth.exr"
        api.File(header, {"Z" if is_metric else "Y": values}).write(str(path))
        return path.read_bytes()
