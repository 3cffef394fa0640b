"""Preprocessing: a picture -> a network's input tensor, as the card's `Input` describes it (decision 001)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.io import colour, resampling
from mattebox.io.resampling import BlockMeans
from mattebox.models.cards.tensor_spec import Input
from mattebox.types import ImageShape, LetterboxGeometry, Picture

MAX_SIDE_FACTOR = 4  # a side of the input is at most this many times `side`


def input_geometry(spec: Input, shape: ImageShape) -> LetterboxGeometry:
    """Compute the place of a picture in the network's input.

    Parameters
    ----------
    spec : Input
        The card's description of the input.
    shape : (int, int)
        Height and width of the picture.
    """
    if spec.fit == "squash":
        exact = spec.height or spec.side, spec.width or spec.side
        return LetterboxGeometry(shape, exact, exact)
    if spec.fit in ("pad", "within"):
        return _padded_geometry(spec, shape)
    if spec.fit == "short":
        multiples = [s * spec.side // (min(shape) * spec.multiple) for s in shape]
    else:
        scale = spec.side / (shape[0] * shape[1]) ** 0.5
        multiples = [round(s * scale / spec.multiple) for s in shape]
    max_multiples = MAX_SIDE_FACTOR * spec.side // spec.multiple
    height, width = (spec.multiple * min(max(1, m), max_multiples) for m in multiples)
    return LetterboxGeometry(shape, (height, width), (height, width))


def unpadded_grid_shape(geometry: LetterboxGeometry, grid_shape: tuple[int, ...]) -> ImageShape:
    """Rows and columns, of a grid over the full input, that cover the picture and not its padding."""
    height, width = (
        max(1, round(g * c / i))
        for g, c, i in zip(grid_shape, geometry.content_shape, geometry.input_shape, strict=True)
    )
    return height, width


def reduce_for_views(spec: Input, picture: Picture) -> BlockMeans | None:
    """Reduce a picture once, for all its test-time augmentation views; None where the card needs every pixel."""
    if spec.resize != "quick":
        return None
    return resampling.average_blocks_towards(picture.rgb, input_geometry(spec, picture.shape).content_shape)


def prepare_input(
    spec: Input, picture: Picture, reduced_picture: BlockMeans | None = None
) -> tuple[NDArray[np.float32], LetterboxGeometry]:
    """Convert a picture to a network's input.

    Parameters
    ----------
    spec : Input
        The card's description of the input.
    picture : Picture
        Of any size, bit depth and profile.
    reduced_picture : BlockMeans, optional
        The picture's `reduce_for_views`, where it is already there.

    Returns
    -------
    float32 array
        sRGB, resized, padded and normalised, in the card's layout.
    LetterboxGeometry
        Place of the picture in it.
    """
    geometry = input_geometry(spec, picture.shape)
    reduced_picture = reduced_picture or reduce_for_views(spec, picture)
    if reduced_picture:
        resized = resampling.finish_shrink(reduced_picture, geometry.content_shape)
    else:
        resized = resampling.resize_lanczos(picture.rgb, geometry.content_shape)
    x = colour.to_srgb(resized, picture.profile).astype(np.float32)
    if spec.range != "bytes":
        x /= np.float32(255 if spec.range == "depth" else max(float(x.max()), 1.0))
    x = x[..., ::-1] if spec.order == "bgr" else x
    x -= np.asarray(spec.mean, np.float32)
    x /= np.asarray(spec.std, np.float32)
    padding = [(0, i - c) for i, c in zip(geometry.input_shape, geometry.content_shape, strict=True)]
    padded = np.pad(x, [*padding, (0, 0)])
    if spec.layout != "hwc":
        padded = padded.transpose(2, 0, 1)
    return np.ascontiguousarray(padded[None] if spec.layout == "nchw" else padded), geometry


def _padded_geometry(spec: Input, shape: ImageShape) -> LetterboxGeometry:
    """The picture in its own aspect ratio, with black padding below and to the right of it."""
    if spec.fit == "pad":
        scale = spec.side / max(shape)
    else:
        limits = (spec.height or np.inf, spec.width or np.inf)
        scale = min(spec.side / min(shape), *(limit / s for limit, s in zip(limits, shape, strict=True)))
    content = max(1, int(shape[0] * scale + 0.5)), max(1, int(shape[1] * scale + 0.5))
    if spec.fit == "pad":
        return LetterboxGeometry(shape, (spec.side, spec.side), content)
    height, width = (-(-side // spec.multiple) * spec.multiple for side in content)
    return LetterboxGeometry(shape, (height, width), content)
