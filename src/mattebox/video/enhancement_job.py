"""`EnhancementJob`: one clip to enhance: where it comes from and goes to, the steps, and who is told how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.io.reader import read_cached
from mattebox.recipe.recipe import Recipe
from mattebox.types import OpenImage
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
    on_progress : callable, optional
        Called after each frame that was written.
    """

    source: Path
    target: Path
    options: EnhancementOptions
    open_image: OpenImage = read_cached
    on_progress: Callable[[ClipProgress], None] | None = None
