"""The result of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import DTypeLike, NDArray

from mattebox.anonymisation.regions import DetectedObject
from mattebox.core.pillow_conversion import PilImage
from mattebox.pipeline.scene import AppliedScene
from mattebox.recipe.recipe import Recipe
from mattebox.types import Box, ImageShape, ImageSize, Layer, Matte, Picture, Pixels


@dataclass(frozen=True)
class Result:
    """What a recipe gave.

    Attributes
    ----------
    picture : Picture
        The result.
    matte : Matte or None
        The alpha matte of the cut, at the photograph's (upscaled) size; None when nothing was cut.
    model, device : str or None
        The network that cut, and where it ran; None when none was asked.
    seconds : dict of str to float
        Duration of each stage.
    layers : tuple of Layer
        What it was composed of, from the bottom; empty when nothing was composed.
    objects : tuple of DetectedObject
        The faces and plates that were found to be hidden; empty where none was looked for.
    effective_stages : tuple of str
        The stages that changed pixels: "anonymise", "heal", "restore", "cut", "upscale", "faces", "develop", "compose",
        "label".
    photograph_bounds : tuple of float, or None
        Where the photograph lies on a composed picture: left, top, width and height in shares of it; None where it was
        rotated, or nothing was composed.
    scene : AppliedScene or None
        What the photograph shows, and what that set; None where it was not asked for.
    scene_recipe : Recipe or None
        The recipe that ran, where a scene was asked for.
    """

    picture: Picture
    matte: Matte | None = None
    model: str | None = None
    device: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    objects: tuple[DetectedObject, ...] = ()
    effective_stages: tuple[str, ...] = ()
    photograph_bounds: tuple[float, float, float, float] | None = None
    scene: AppliedScene | None = None
    scene_recipe: Recipe | None = None

    @property
    def shape(self) -> ImageShape:
        """(height, width) of the picture in pixels, as in NumPy."""
        return self.picture.shape

    @property
    def size(self) -> ImageSize:
        """(width, height) of the picture in pixels, as in Pillow."""
        return self.picture.size

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user."""
        return self.picture.notes

    @property
    def confidence(self) -> float | None:
        """Expected intersection over union of the matte, 0 to 1; None when nothing was cut."""
        return None if self.matte is None else self.matte.confidence

    @property
    def found(self) -> bool | None:
        """Whether it is clear that there is a subject; None when nothing was cut."""
        return None if self.matte is None else self.matte.found

    @property
    def box(self) -> Box | None:
        """Left, top, right, bottom of the subject in pixels of the matte; None when nothing was cut."""
        return None if self.matte is None else self.matte.box

    def __repr__(self) -> str:
        """Picture, matte and notes, without the pixels."""
        notes = f", notes {list(self.notes)}" if self.notes else ""
        return f"{type(self).__name__}({self.picture!r}, {self.matte!r}{notes})"

    def to_array(self) -> Pixels:
        """A new (H, W, 3) array, or (H, W, 4) with straight alpha."""
        return self.picture.to_array()

    def to_pil(self) -> PilImage:
        """A Pillow image, RGB or RGBA; 16 bits become 8."""
        return self.picture.to_pil()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """NumPy's protocol: the picture's RGB or RGBA array."""
        return self.picture.__array__(dtype, copy)

    def _repr_png_(self) -> bytes:
        """Jupyter's protocol: a notebook shows the picture."""
        return self.picture._repr_png_()


def add_scene(result: Result, recipe: Recipe, scene: AppliedScene) -> Result:
    """The result with its scene and the recipe that this made, and a note on it before its picture's others."""
    picture = replace(result.picture, notes=(scene.describe(), *result.picture.notes))
    return replace(result, picture=picture, scene=scene, scene_recipe=recipe)
