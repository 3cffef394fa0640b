"""Enhancement of a clip's frames: restoration, size, white balance, light, colour, style, sharpness and a label."""

from __future__ import annotations

from collections.abc import Mapping

from mattebox.composition.label import add_label
from mattebox.core.interface import name_parameter
from mattebox.enhancement import blind_restoration, tone_adjustment, white_balance
from mattebox.errors import UsageError
from mattebox.models.cards.registry import restorer_name
from mattebox.models.image_to_image import ImageToImageNetwork, open_image_to_image_network
from mattebox.pipeline import develop, restoration
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import (
    Anonymise,
    Balance,
    Colour,
    Distance,
    Faces,
    Label,
    Light,
    Restore,
    Scene,
    Sharpen,
    Style,
    Upscale,
)
from mattebox.types import OpenImage, Picture
from mattebox.video.steady_measurement import FramePlan

AREA_STEPS = (Balance, Light, Colour, Style, Sharpen)


def check_clip_recipe(recipe: Recipe) -> None:
    """UsageError for a recipe that clips cannot have."""
    for step in recipe.steps:
        if isinstance(step, AREA_STEPS) and step.only != "all":
            raise UsageError("clips are enhanced as a whole", f"leave out {name_parameter('only', step.only)}")
        if isinstance(step, Distance) and (step.haze or step.light):
            parameter = name_parameter("dehaze" if step.haze else "far_light")
            raise UsageError("the depth of clips is not known", f"leave out {parameter}")
        if isinstance(step, Anonymise) and step.hide != "none":
            raise UsageError("faces in clips are hidden by `mattebox anonymise`", f"leave out {name_parameter('hide')}")
        if isinstance(step, Scene) and step.kind != "none":
            raise UsageError("the scene of a clip is not recognised", f"leave out {name_parameter('scene')}")
        if isinstance(step, Faces) and step.strength:
            raise UsageError(
                "faces are not restored in clips, frame by frame they would flicker",
                f"leave out {name_parameter('faces')}",
            )


class FrameEnhancer:
    """Applies the steps of a recipe to frames; threads may share it.

    Parameters
    ----------
    recipe : Recipe
        Checked by `check_clip_recipe` and `pipeline.recipe_check.check_recipe`.
    device, threads
        Where networks run.
    open_image : callable
        Opens the picture of a style, or a logo.
    """

    def __init__(self, recipe: Recipe, device: str, threads: int | None, open_image: OpenImage) -> None:
        self._recipe, self._device, self._threads, self._open_image = recipe, device, threads, open_image
        self._networks: dict[tuple[str, float], ImageToImageNetwork] = {}
        self._balance, self._light = recipe.find_step(Balance), recipe.find_step(Light)

    def open_networks(self) -> Mapping[tuple[str, float], ImageToImageNetwork]:
        """Open the restoring network before the first frame needs it. ModelError, DeviceError."""
        step = self._recipe.find_step(Restore)
        if step is not None and step.amount != "none":
            self._open_network(restorer_name(step.model))
        return self._networks

    def enhance(self, picture: Picture, plan: FramePlan) -> Picture:
        """The enhanced frame."""
        step = self._recipe.find_step(Restore)
        if step is not None and plan.restoration > 0:
            network = self._open_network(restorer_name(step.model))
            picture = blind_restoration.restore_picture(picture, network, plan.restoration)
        if self._recipe.find_step(Upscale) is not None:
            picture = restoration.upscale_picture(picture, self._recipe, self._open_network)
        for develop_step in self._recipe.steps:
            if isinstance(develop_step, AREA_STEPS):
                picture = self._develop(develop_step, picture, plan)
        label = self._recipe.find_step(Label)
        return picture if label is None else add_label(picture, (), label, self._open_image)[0]

    def _develop(self, step: Balance | Light | Colour | Style | Sharpen, picture: Picture, plan: FramePlan) -> Picture:
        if isinstance(step, Balance) and plan.balance is not None:
            return white_balance.correct_white_balance(
                picture, plan.balance.light, step.strength / 100, None, plan.balance.haze
            )
        if isinstance(step, Light) and plan.tone is not None:
            return tone_adjustment.apply_tone(picture, plan.tone, step.strength / 100)
        return develop.prepare_step(step, picture, picture, None, self._open_image)(picture, None)

    def _open_network(self, model: str, denoise: float = 1) -> ImageToImageNetwork:
        key = model, denoise
        if key not in self._networks:
            self._networks[key] = open_image_to_image_network(model, self._device, self._threads, denoise)
        return self._networks[key]
