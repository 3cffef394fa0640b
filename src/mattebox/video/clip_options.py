"""How a clip is cut: the steps that stills have, the format, the part of the clip, and how mattes hold together."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Self

import msgspec

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.io.scene_light import InputColour, check_input_colour
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut
from mattebox.video.backgrounds import is_background_clip, is_opaque
from mattebox.video.coherence import CoherenceName
from mattebox.video.cutter import DEFAULT_COHERENCE
from mattebox.video.formats import FORMATS, ClipFormat, find_format, format_of_path
from mattebox.video.matte_names import is_matte_sequence, matte_paths
from mattebox.video.time_text import parse_rate, parse_time

MAX_RATE = 1000
DEFAULT_FORMAT = FORMATS["webm"]  # of what is transparent
DEFAULT_OPAQUE_FORMAT = FORMATS["mp4"]


@dataclass(frozen=True)
class ClipOptions:
    """How a clip is cut.

    Attributes
    ----------
    format : ClipFormat
    cut, background : Cut, Background or None
        The steps, as for stills.
    coherence : {"motion", "keys", "frame"}
    start, end : Fraction or None
        Seconds of the clip that are cut; the result begins at 0.
    every : int
        Of so many frames the first is kept.
    overwrite : bool
        Whether existing files may be replaced.
    device, threads
        Where the network runs.
    is_signed : bool
        Whether the result is signed (Content Credentials).
    rate : Fraction or None
        Frames per second of a sequence of pictures; None for what they state, else 24.
    input_colour : {"auto", "linear", "srgb", "acescg", "aces"}
        What the values of a sequence of pictures are; auto goes by the files.
    cryptomatte : bool
        Whether OpenEXR pictures get a Cryptomatte of the subjects.
    """

    format: ClipFormat
    cut: Cut = field(default_factory=Cut)
    background: Background | None = None
    coherence: CoherenceName = DEFAULT_COHERENCE
    start: Fraction | None = None
    end: Fraction | None = None
    every: int = 1
    overwrite: bool = True
    device: str = "auto"
    threads: int | None = None
    is_signed: bool = False
    rate: Fraction | None = None
    input_colour: InputColour = "auto"
    cryptomatte: bool = False

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"every: {self.every} is not positive", "give 1 for all frames, 2 for every other, ...")
        if self.end is not None and self.end <= (self.start or 0):
            raise UsageError("the end does not lie behind the start", f"give a later {name_parameter('until')}")
        if self.is_signed and self.format.is_sequence:
            raise UsageError("numbered pictures are not signed as a clip", "choose webm, prores or mp4, or sign stills")
        if self.cryptomatte and self.format.suffix != ".exr":
            raise UsageError(f"{self.format.name} cannot hold Cryptomatte", f"choose {name_parameter('format', 'exr')}")
        if self.rate is not None and not 0 < self.rate <= MAX_RATE:
            raise UsageError(f"{float(self.rate):g} is no rate of frames", "give one such as 24 or 24000/1001")
        self.format.choose_encoding(transparent=self.is_transparent, depth=8)

    @classmethod
    def from_recipe(
        cls,
        recipe: Recipe,
        target: Path | None,
        *,
        format: str | None = None,
        start: str | float | None = None,
        end: str | float | None = None,
        every: int = 1,
        coherence: CoherenceName = DEFAULT_COHERENCE,
        overwrite: bool = True,
        device: str = "auto",
        threads: int | None = None,
        rate: str | float | None = None,
        input_colour: str = "auto",
        cryptomatte: bool = False,
    ) -> Self:
        """The options that a recipe for stills and the parameters of a clip describe. UsageError, OutputError.

        Without a format, the target's suffix says it; without a target, it is WebM, or MP4 for what is opaque.
        """
        cut, background = recipe.cut_step, recipe.find_step(Background)
        if cut is None:
            raise UsageError("the recipe does not cut", "add the step cut")
        is_plain = cut.output == "matte" or is_opaque(background)
        chosen = find_format(format) if format else DEFAULT_OPAQUE_FORMAT if is_plain else DEFAULT_FORMAT
        if format is None and target is not None:
            chosen = format_of_path(target)
        return cls(
            chosen,
            cut,
            background,
            coherence,
            None if start is None else parse_time(start),
            None if end is None else parse_time(end),
            every,
            overwrite,
            device,
            threads,
            recipe.save_step.sign == "yes",
            None if rate is None else parse_rate(rate),
            check_input_colour(input_colour),
            cryptomatte,
        )

    @property
    def is_transparent(self) -> bool:
        """Whether the result has alpha."""
        return self.cut.output != "matte" and not is_opaque(self.background)

    @property
    def whole_recipe(self) -> Recipe:
        """All steps that each frame goes through."""
        return Recipe((self.cut, self.background) if self.background is not None else (self.cut,))

    @property
    def still_recipe(self) -> Recipe:
        """The steps that a still would have, to be checked; clips and sequences that they name are left out."""
        drawn = {role: "none" for role, path in matte_paths(self.cut).items() if is_matte_sequence(path)}
        cut = msgspec.structs.replace(self.cut, **drawn)
        has_picture = self.background is not None and not is_background_clip(self.background)
        return Recipe((cut, self.background) if has_picture and self.background is not None else (cut,))
