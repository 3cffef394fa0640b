"""What lies behind the subject of a clip: all that stills have, rendered once where it does not change, or a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import PurePath

import numpy as np

from mattebox.composition import alpha_compositing, backdrop, background_spec
from mattebox.composition.background_blur import blur_background
from mattebox.composition.background_spec import BackgroundBlur, BackgroundImage, FlatColour
from mattebox.composition.frame_spec import parse_position
from mattebox.composition.placement import Placement
from mattebox.io.media_type import VIDEO_SUFFIXES
from mattebox.recipe.steps import Background
from mattebox.types import OpenImage, Picture, Pixels
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.reader import VideoReader

CLIP_SUFFIXES = VIDEO_SUFFIXES | {".gif"}


def is_opaque(step: Background | None) -> bool:
    """Whether a background leaves nothing transparent."""
    spec = None if step is None else background_spec.parse_background(step.paint)
    return spec is not None and not (isinstance(spec, FlatColour) and spec.alpha < 255)


def is_background_clip(step: Background) -> bool:
    """Whether a background is a clip, by its suffix."""
    spec = background_spec.parse_background(step.paint)
    return isinstance(spec, BackgroundImage) and PurePath(spec.path).suffix.lower() in CLIP_SUFFIXES


class BackgroundRenderer:
    """Puts cutouts before a background.

    Parameters
    ----------
    step : Background or None
        What the user asked for; None is transparent.
    open_image : callable
        Opens the picture that the step names.
    """

    def __init__(self, step: Background | None, open_image: OpenImage) -> None:
        self._step = step or Background()
        self._spec = background_spec.parse_background(self._step.paint)
        self.open_image = open_image
        self._rendered: tuple[object, Pixels] | None = None
        self._clip: LoopingClip | None = None
        if isinstance(self._spec, BackgroundImage) and is_background_clip(self._step):
            self._clip = LoopingClip(self._spec.path)

    def render(self, photograph: Picture, cutout: Picture, time: Fraction) -> Picture:
        """The cutout before its background; transparent where there is none.

        Parameters
        ----------
        photograph, cutout : Picture
            The frame, and its subject with straight alpha.
        time : Fraction
            Seconds since the clip's first frame, which a background clip follows.
        """
        if self._spec is None:
            return cutout
        pixels = self._pixels(photograph, cutout, time)
        if isinstance(self._spec, FlatColour) and self._spec.alpha < 255:
            peak = cutout.bit_depth.peak
            alpha = np.full(cutout.shape, self._spec.alpha * (peak // 255), cutout.bit_depth.dtype)
            back = cutout.with_pixels(np.ascontiguousarray(pixels), alpha)
            return alpha_compositing.composite_over(cutout, back, self._step.blend)
        return alpha_compositing.flatten(cutout, pixels, self._step.blend)

    @property
    def is_sequential(self) -> bool:
        """Whether frames must be rendered one after the other."""
        return self._clip is not None

    def close(self) -> None:
        """Close the background clip, if there is one."""
        if self._clip is not None:
            self._clip.close()

    def _pixels(self, photograph: Picture, cutout: Picture, time: Fraction) -> Pixels:
        spec = self._spec
        if isinstance(spec, BackgroundBlur):
            assert cutout.alpha is not None
            return blur_background(photograph, cutout.alpha, Placement(cutout.shape, 1.0, 0.0, 0.0), spec.radius)
        if self._clip is not None:
            return self._fit(self._clip.picture_at(time), cutout)
        return self._keep((cutout.shape, cutout.bit_depth, cutout.profile), lambda: self._render_still(cutout))

    def _render_still(self, canvas: Picture) -> Pixels:
        spec = self._spec
        assert spec is not None
        assert not isinstance(spec, BackgroundBlur)
        if isinstance(spec, BackgroundImage):
            return self._fit(self.open_image(spec.path), canvas)
        return backdrop.render_backdrop(spec, canvas)

    def _fit(self, picture: Picture, canvas: Picture) -> Pixels:
        return backdrop.fit_image(picture, canvas, self._step.fit, parse_position(self._step.align))

    def _keep(self, key: object, render: Callable[[], Pixels]) -> Pixels:
        if self._rendered is None or self._rendered[0] != key:
            self._rendered = key, render()
        return self._rendered[1]


class LoopingClip:
    """A clip that starts again at its end. Times must not fall."""

    def __init__(self, path: str) -> None:
        self._reader = VideoReader(path)
        self._offset = Fraction(0)
        self._frames = self._reader.frames()
        self._current = next(self._frames)
        self._start = self._current.time
        self._following = next(self._frames, None)

    def picture_at(self, time: Fraction) -> Picture:
        """The frame that is shown at a time in seconds."""
        while self._following is None or self._following.time - self._start + self._offset <= time:
            if self._following is not None:
                self._current, self._following = self._following, next(self._frames, None)
                continue
            end = self._current.time - self._start + 1 / self._reader.info.rate + self._offset
            if time < end:
                break
            self._restart(end)
        return self._current.picture

    def close(self) -> None:
        """Close the file."""
        self._reader.__exit__(None, None, None)

    def _restart(self, offset: Fraction) -> None:
        self._offset, self._frames = offset, self._reader.frames()
        self._current = _first(self._frames)
        self._following = next(self._frames, None)


def _first(frames: Iterator[ClipFrame]) -> ClipFrame:
    return next(frames)
