"""The key of a clip: its screen, plate or range of brightness is found once, and held over the clip.

Frames in which the subject covers the border show no screen by themselves, and one found anew would change with what
passes the border.
"""

from __future__ import annotations

import contextlib
from itertools import islice

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.matting.keying import ResolvedKey, resolve_key
from mattebox.matting.keying_method import KeyingMethod, parse_keying_method
from mattebox.recipe.steps import Cut
from mattebox.types import OpenImage
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_options import ClipOptions

MAX_SEARCHED_FRAMES = 120  # until one shows the screen: clips fade in


def clip_keying_method(step: Cut) -> KeyingMethod | None:
    """How a clip is keyed; None where a network or trimaps decide. UsageError for what is for stills only."""
    method = parse_keying_method(step.by)
    if step.trimap != "none":
        if method is not None and method.kind != "auto":
            raise UsageError(f"trimaps and --by {step.by} each decide the matte", "leave out one of the two")
        return None
    if method is not None and method.kind == "artwork":
        raise UsageError(
            "clips are not cut as flat artwork", f"give its colour: {name_parameter('by', 'screen(#00b140)')}"
        )
    return None if method is None or method.kind == "auto" else method


def needs_network(step: Cut) -> bool:
    """Whether a network decides the mattes."""
    return step.trimap == "none" and clip_keying_method(step) is None


def find_clip_key(frames: FrameSource, options: ClipOptions, open_image: OpenImage) -> ResolvedKey | None:
    """Find the key in the first frame of what is cut that shows it; None where a clip is not keyed.

    Raises
    ------
    UsageError, InputError
        No frame shows a screen or contrast, or the plate cannot be used.
    """
    method = clip_keying_method(options.cut)
    if method is None:
        return None
    first_error: UsageError | None = None
    with contextlib.closing(frames.frames(options.start, options.end, options.every)) as pictures:  # type: ignore[type-var]
        for frame in islice(pictures, MAX_SEARCHED_FRAMES):
            try:
                return resolve_key(frame.picture, method, open_image)
            except UsageError as error:
                first_error = first_error or error
    if first_error is None:
        return None
    problem = first_error.problem.replace("the photograph", "the clip's frames")
    raise UsageError(f"{frames.path}: {problem}", first_error.remedy)
