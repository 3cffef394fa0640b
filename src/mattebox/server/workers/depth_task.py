"""The depth of a picture as a worker's task."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mattebox.server.workers.protocol import DEPTH_KEY, HASHES_KEY

if TYPE_CHECKING:
    from mattebox.types import DepthMap

RIGHT_VIEW = "right_image"  # the name of the picture that is the right one of a stereo pair


def run_depth_task(
    task: dict[str, Any], content: bytes, images: Mapping[str, bytes], threads: int, device: str
) -> tuple[dict[str, Any], bytes]:
    """Tell the depth of a picture.

    Parameters
    ----------
    task
        The frame's header: under DEPTH_KEY the model that finds the subject, and whether the map is drawn in
        colours; a preview has fewer pixels.
    content
        The encoded picture.
    images
        Encoded pictures that were sent with it; RIGHT_VIEW makes it the left one of a stereo pair.
    threads
        Of the network.
    device
        Where it runs.

    Returns
    -------
    metadata, body
        The map as a PNG: grey with 16 bits, or in colours.
    """
    from mattebox.io.depth_file import colour_depth, encode_depth
    from mattebox.io.png_encoder import encode_png
    from mattebox.io.reader import read
    from mattebox.pipeline.lens import estimate_depth
    from mattebox.pipeline.stereo import depth_from_stereo, measured_depth

    start, options = time.monotonic(), task[DEPTH_KEY]
    source = read(content, max_pixels=task["max_pixels"], name="the picture")
    if RIGHT_VIEW in images:
        depth = depth_from_stereo(source, read(images[RIGHT_VIEW], max_pixels=task["max_pixels"], name=RIGHT_VIEW))
    else:
        measured = measured_depth(source, content, "the picture")
        depth = measured or estimate_depth(source, options["model"], device, threads)
    depth = _shrink_depth(depth, options["preview_pixels"])
    body = encode_png(colour_depth(depth).rgb) if options["colour"] else encode_depth(depth, "png")
    far, near = depth.limits()
    (height, width), (stored_height, stored_width) = depth.inverse_depth.shape, source.shape
    limits = {"inverse_depth_far": far, "inverse_depth_near": near}
    metadata = {
        "mime": "image/png", "format": "png", "width": width, "height": height, "notes": list(source.notes),
        "stored_width": stored_width, "stored_height": stored_height,
        "depth": {"source": depth.source, "unit": depth.unit} | limits,
        "seconds": {"depth": round(time.monotonic() - start, 4)},
        HASHES_KEY: [hashlib.sha256(part).hexdigest() for part in (content, body)],
    }  # fmt: skip
    return metadata, body


def _shrink_depth(depth: DepthMap, max_pixels: int | None) -> DepthMap:
    from mattebox.io.resampling import enlarge

    height, width = depth.inverse_depth.shape
    if max_pixels is None or height * width <= max_pixels:
        return depth
    scale = (max_pixels / (height * width)) ** 0.5
    shape = max(1, int(height * scale)), max(1, int(width * scale))
    return replace(depth, inverse_depth=enlarge(depth.inverse_depth, shape, "bilinear"))
