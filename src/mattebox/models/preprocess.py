"""A picture -> a network's input, as its card's `Input` says: size, padding, sRGB, values, order of channels and axes.

Pure: knows nothing of networks, files or what comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.io import colour, resampling
from mattebox.io.resampling import BlockMeans
from mattebox.models.cards.tensor_spec import Input
from mattebox.types import ImageShape, LetterboxGeometry, Picture


def input_geometry(spec: Input, size: ImageShape) -> LetterboxGeometry:
    """Where a picture of this size lies in the network's input."""
    if spec.fit == "squash":
        exact = spec.height or spec.side, spec.width or spec.side
        return LetterboxGeometry(size, exact, exact)
    if spec.fit in ("pad", "within"):
        return _padded_geometry(spec, size)
    if spec.fit == "short":
        steps = [s * spec.side // (min(size) * spec.multiple) for s in size]
    else:
        scale = spec.side / (size[0] * size[1]) ** 0.5
        steps = [round(s * scale / spec.multiple) for s in size]
    most = 4 * spec.side // spec.multiple
    height, width = (spec.multiple * min(max(1, step), most) for step in steps)
    return LetterboxGeometry(size, (height, width), (height, width))


def reduce_for_views(spec: Input, picture: Picture) -> BlockMeans | None:
    """What several looks at one picture can all be prepared from; None where the card wants every pixel filtered."""
    return (
        resampling.average_blocks_towards(picture.rgb, input_geometry(spec, picture.shape).content_shape)
        if spec.resize == "quick"
        else None
    )


def prepare_input(
    spec: Input, picture: Picture, reduced_picture: BlockMeans | None = None
) -> tuple[NDArray[np.float32], LetterboxGeometry]:
    """A picture of any size, depth and profile -> float32 in the card's layout, and its Geometry; from what was
    `reduced` `reduced_picture`, where there is that."""
    place = input_geometry(spec, picture.shape)
    reduced_picture = reduced_picture or reduce_for_views(spec, picture)
    small = (
        resampling.finish_shrink(reduced_picture, place.content_shape)
        if reduced_picture
        else resampling.resize_lanczos(picture.rgb, place.content_shape)
    )
    x = colour.to_srgb(small, picture.profile).astype(np.float32)
    if spec.range != "bytes":
        x /= np.float32(255 if spec.range == "depth" else max(float(x.max()), 1.0))
    x = x[..., ::-1] if spec.order == "bgr" else x
    x -= np.asarray(spec.mean, np.float32)
    x /= np.asarray(spec.std, np.float32)
    padding = [(0, whole - part) for whole, part in zip(place.input_shape, place.content_shape, strict=True)]
    padded = np.pad(x, [*padding, (0, 0)])
    if spec.layout != "hwc":
        padded = padded.transpose(2, 0, 1)
    return np.ascontiguousarray(padded[None] if spec.layout == "nchw" else padded), place


def _padded_geometry(spec: Input, size: ImageShape) -> LetterboxGeometry:
    """The picture scaled as a whole, and black below and to the right of it."""
    if spec.fit == "pad":
        scale = spec.side / max(size)
    else:
        most = (spec.height or np.inf, spec.width or np.inf)
        scale = min(spec.side / min(size), *(m / s for m, s in zip(most, size, strict=True)))
    inner = max(1, int(size[0] * scale + 0.5)), max(1, int(size[1] * scale + 0.5))
    if spec.fit == "pad":
        return LetterboxGeometry(size, (spec.side, spec.side), inner)
    height, width = (-(-side // spec.multiple) * spec.multiple for side in inner)
    return LetterboxGeometry(size, (height, width), inner)
