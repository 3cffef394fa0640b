"""`depth`: how near each point of a photograph is."""

from __future__ import annotations

import os

from mattebox.api.parameters import NameOrPath, PictureSource
from mattebox.api.sources import load_photograph, load_picture
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.models.matte_session import Session
from mattebox.pipeline.lens import estimate_depth
from mattebox.pipeline.stereo import depth_from_stereo, measured_depth
from mattebox.types import DepthMap


def depth(
    source: PictureSource,
    *,
    right: PictureSource | None = None,
    model: NameOrPath = "balanced",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> DepthMap:
    """Tell the depth of a photograph.

    The parameters are as for `cut`; the network is asked only where the file holds no depth. `model` may also name a
    depth network, such as "depth-anything-v2-small" or "midas-small", once it is pulled.

    Parameters
    ----------
    right
        The same scene from a step to the right, where the photograph is the left one of a stereo pair.

    Returns
    -------
    DepthMap
        Its `inverse_depth` (h x w float32, larger is nearer) comes from the file (`source` is "file"), or from both
        views of a stereo pair, such as an MPO file holds ("stereo"), or from a depth network ("network"); else it is an
        assumption ("layers"): the subject in one plane, before a floor that recedes. `nearness()` is it from 0 to 1.

    Examples
    --------
        depth = mb.depth("portrait.jpg")
        print(depth.source, depth.nearness().mean())
        depth = mb.depth("left.jpg", right="right.jpg")
    """
    picture, content = load_photograph(source, max_pixels)
    if right is not None:
        return depth_from_stereo(picture, load_picture(right, max_pixels))
    measured = measured_depth(picture, content, "the photograph")
    return measured or estimate_depth(picture, os.fspath(model), device, threads, session)
