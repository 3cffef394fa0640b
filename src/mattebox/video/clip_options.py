"""How a clip is cut: the steps that stills have, the format, the part of the clip, and how mattes hold together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Background, Cut, Label, Scene, Shadow
from mattebox.video.backgrounds import is_background_clip, is_opaque
from mattebox.video.coherence import CoherenceName
from mattebox.video.cutter import DEFAULT_COHERENCE
from mattebox.video.formats import FORMATS, ClipFormat, find_format, format_of_path
from mattebox.video.matte_names import is_matte_sequence, matte_paths
from mattebox.video.output_options import OutputOptions

DEFAULT_FORMAT = FORMATS["webm"]  # of what is transparent
DEFAULT_OPAQUE_FORMAT = FORMATS["mp4"]


@dataclass(frozen=True, kw_only=True)
class ClipOptions(OutputOptions):
    """How a clip is cut; see `OutputOptions` too.

    Attributes
    ----------
    cut, shadow, background, label : Cut, and Shadow, Background and Label or None
        The steps, as for stills.
    coherence : {"auto", "keys", "motion", "frame", "recurrent"}
    is_signed : bool
        Whether the result is signed (Content Credentials).
    cryptomatte : bool
        Whether OpenEXR pictures get a Cryptomatte of the subjects.
    """

    cut: Cut = field(default_factory=Cut)
    shadow: Shadow | None = None
    background: Background | None = None
    label: Label | None = None
    coherence: CoherenceName = DEFAULT_COHERENCE
    is_signed: bool = False
    cryptomatte: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.is_signed and self.format.is_sequence:
            raise UsageError("numbered pictures are not signed as a clip", "choose webm, prores or mp4, or sign stills")
        if self.cryptomatte and self.format.suffix != ".exr":
            raise UsageError(f"{self.format.name} cannot hold Cryptomatte", f"choose {name_parameter('format', 'exr')}")
        if self.label is not None and (self.format.suffix == ".exr" or self.cut.output == "matte"):
            what = "a matte" if self.cut.output == "matte" else "OpenEXR, which is composited further,"
            raise UsageError(f"{what} takes no label", f"leave out {name_parameter('label')}")
        self.format.choose_encoding(transparent=self.is_transparent, depth=8)

    @classmethod
    def from_recipe(cls, recipe: Recipe, target: Path | None, *, format: str | None = None, **options: Any) -> Self:
        """The options that a recipe for stills and the parameters of a clip describe.

        Parameters
        ----------
        recipe : Recipe
            With a step that cuts.
        target : Path or None
            Its suffix says the format; without one it is WebM, or MP4 for what is opaque.
        format : str, optional
            In place of what the suffix says.
        **options
            The other fields; None is their default.

        Raises
        ------
        UsageError, OutputError
        """
        cut, background = recipe.cut_step, recipe.find_step(Background)
        if cut is None:
            raise UsageError("the recipe does not cut", "add the step cut")
        hiding = recipe.find_step(Anonymise)
        if hiding is not None and hiding.hide != "none":
            raise UsageError("faces in clips are hidden by `mattebox anonymise`", f"leave out {name_parameter('hide')}")
        scene = recipe.find_step(Scene)
        if scene is not None and scene.kind != "none":
            raise UsageError("the scene of a clip is not recognised", f"leave out {name_parameter('scene')}")
        shadow, label = recipe.find_step(Shadow), recipe.find_step(Label)
        return cls(
            format=_choose_format(cut, background, target, format), cut=cut, background=background,
            shadow=None if shadow is None or shadow.kind == "none" else shadow,
            label=label if label is not None and label.is_drawn else None,
            is_signed=recipe.save_step.sign == "yes",
            **{name: value for name, value in options.items() if value is not None},
        )  # fmt: skip

    @property
    def is_transparent(self) -> bool:
        """Whether the result has alpha."""
        return self.cut.output != "matte" and not is_opaque(self.background)

    @property
    def keeps_shadow_apart(self) -> bool:
        """Whether the shadow is a layer of its own, which the cutout does not show."""
        return self.format.suffix == ".exr" and self.is_transparent

    @property
    def whole_recipe(self) -> Recipe:
        """All steps that each frame goes through."""
        steps = (self.cut, self.shadow, self.background, self.label)
        return Recipe(tuple(step for step in steps if step is not None))

    @property
    def still_recipe(self) -> Recipe:
        """The steps that a still would have, to be checked; clips and sequences that they name are left out."""
        drawn = {role: "none" for role, path in matte_paths(self.cut).items() if is_matte_sequence(path)}
        cut = msgspec.structs.replace(self.cut, **drawn)
        has_picture = self.background is not None and not is_background_clip(self.background)
        background = self.background if has_picture else None
        return Recipe(tuple(step for step in (cut, self.shadow, background, self.label) if step is not None))


def _choose_format(cut: Cut, background: Background | None, target: Path | None, format: str | None) -> ClipFormat:
    if format is not None:
        return find_format(format)
    if target is not None:
        return format_of_path(target)
    is_plain = cut.output == "matte" or is_opaque(background)
    return DEFAULT_OPAQUE_FORMAT if is_plain else DEFAULT_FORMAT
