"""`EnhancementJob`: one clip to enhance: where it comes from and goes to, the steps, and who is told how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mattebox.core.limits import MAX_INPUT_PIXELS, MAX_OUTPUT_PIXELS
from mattebox.errors import UsageError
from mattebox.io.reader import read_cached
from mattebox.pipeline.restoration import target_shape
from mattebox.recipe.recipe import Recipe
from mattebox.types import ImageSize, OpenImage
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_result import ClipProgress
from mattebox.video.output_options import OutputOptions


@dataclass(frozen=True, kw_only=True)
class EnhancementOptions(OutputOptions):
    """How a clip is enhanced; see `OutputOptions` too.

    Attributes
    ----------
    recipe : Recipe
        The steps, as for stills; nothing is cut.
    """

    recipe: Recipe

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format.suffix == ".exr":
            raise UsageError("clips are not enhanced to OpenEXR: lights above white would be lost", "choose png")


@dataclass(frozen=True)
class EnhancementJob:
    """A clip to enhance.

    Attributes
    ----------
    source, target : Path
        The clip, and the result: a file, or for a sequence a folder or pattern.
    options : EnhancementOptions
    open_image : callable
        Opens the picture of a style.
    content : bytes, optional
        The clip's bytes, which `source` then only names.
    sink : binary file, optional
        Takes the result in place of `target`.
    max_frame_pixels, max_result_pixels : int
        Limits of a frame's size, and of the size to which it is enlarged.
    on_progress : callable, optional
        Called after each frame, or each segment, that was written.
    """

    source: Path
    target: Path
    options: EnhancementOptions
    open_image: OpenImage = read_cached
    content: bytes | None = None
    sink: BinaryIO | None = None
    max_frame_pixels: int = MAX_INPUT_PIXELS
    max_result_pixels: int = MAX_OUTPUT_PIXELS
    on_progress: Callable[[ClipProgress], None] | None = None

    def check_size(self, size: ImageSize) -> None:
        """UsageError where the result of frames of this size has too many pixels."""
        height, width = target_shape((size[1], size[0]), self.options.recipe)
        if width * height > self.max_result_pixels:
            raise UsageError(
                f"the result would have {width} x {height} pixels", f"ask for {self.max_result_pixels} or fewer"
            )

    def tell_progress(self, reader: FrameSource, frames: int, seconds: float, rate: float) -> None:
        """Tell whoever wants to know that so many frames are done, up to a time in the clip."""
        if self.on_progress is not None:
            self.on_progress(ClipProgress(frames, seconds, self.options.part_seconds(reader.info.duration), rate))
