"""A clip of a photograph that is seen from a camera on a small round way, by the photograph's depth."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from mattebox.io.atomic_write import make_folder, replacement_file
from mattebox.lens.parallax import ParallaxScene, render_view
from mattebox.types import Picture
from mattebox.video.clip_info import ClipInfo
from mattebox.video.formats import format_of_path
from mattebox.video.writer import VideoWriter

HEIGHT_SHARE = 0.3  # of the way's height, of its width


def write_parallax_clip(
    scene: ParallaxScene,
    path: Path,
    *,
    seconds: float,
    rate: Fraction,
    amount: float,
    overwrite: bool = False,
    on_frame: Callable[[int, int], None] | None = None,
) -> int:
    """Write the clip, which ends where it begins.

    Parameters
    ----------
    scene : ParallaxScene
    path : Path
        Its suffix says the format.
    seconds, rate
        Length, and frames per second.
    amount : float
        How far the nearest and the farthest point move against each other, to either side, of the width.
    overwrite : bool
    on_frame : callable, optional
        Called with the number of frames that are done, and of all.

    Returns
    -------
    int
        Frames written.

    Raises
    ------
    OutputError
        The file exists, cannot be written, or has a format that holds no clip.
    """
    height, width = scene.nearness.shape
    count, reach = max(2, round(seconds * rate)), amount * width
    info = ClipInfo((width, height), time_base=1 / rate, rate=rate, duration=count / rate)
    clip_format = format_of_path(path)
    make_folder(path.parent)
    with (
        replacement_file(path, overwrite=overwrite) as place,
        VideoWriter(place, clip_format, info, transparent=False, name=path) as writer,
    ):
        for index in range(count):
            angle = 2 * math.pi * index / count
            step = reach * math.sin(angle), HEIGHT_SHARE * reach * math.cos(angle)
            writer.write(Picture(render_view(scene, step, margin=reach)), index)
            if on_frame is not None:
                on_frame(index + 1, count)
    return count
