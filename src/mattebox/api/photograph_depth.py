"""`depth`: how near each point of a photograph is."""

from __future__ import annotations

import os

from mattebox.api.parameters import NameOrPath, PictureSource
from mattebox.api.sources import load_picture
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.models.matte_session import Session, open_session
from mattebox.pipeline.lens import estimate_depth
from mattebox.types import DepthMap


def depth(
    source: PictureSource,
    *,
    model: NameOrPath = "balanced",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> DepthMap:
    """Tell the depth of a photograph.

    The parameters are as for `cut`; the network is asked only where the file holds no depth.

    Returns
    -------
    DepthMap
        Its `inverse_depth` (h x w float32, larger is nearer) comes from the file (`source` is "file"), else it is an
        assumption ("layers"): the subject in one plane, before a floor that recedes. `nearness()` is it from 0 to 1.

    Examples
    --------
        depth = mb.depth("portrait.jpg")
        print(depth.source, depth.nearness().mean())
    """
    picture = load_picture(source, max_pixels)
    return estimate_depth(picture, lambda: session or open_session(os.fspath(model), device, threads))
