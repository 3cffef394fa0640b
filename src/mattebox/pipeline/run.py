"""The corridor: recipe in, picture in, picture out. The only place where rooms meet.

Knows the order of the rooms and nothing of their methods; opens no files but those a recipe names, through `album`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from mattebox.composition import placement, scene
from mattebox.composition.marketplace.rules import find_rules
from mattebox.core import cpu_threads
from mattebox.core.connected_components import subject_box
from mattebox.core.timing import StageTimer
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.io.output_profile import convert_for_output
from mattebox.io.reader import read_cached
from mattebox.models.image_to_image import ImageToImageNetwork, open_image_to_image_network
from mattebox.models.matte_session import Session, open_session
from mattebox.pipeline import cutout, develop, marketplace_check, restoration
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Faces, Frame, Restore, Save, Upscale
from mattebox.types import Box, ImageShape, Layer, Matte, OpenImage, Picture, Pixels


@dataclass(frozen=True)
class Result:
    """What came out: `picture`, the `matte` it was cut with (if any), the model's name and device, the seconds each
    stage took, and the `layers` it was composed of (if it was composed)."""

    picture: Picture
    matte: Matte | None = None
    model: str | None = None
    device: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()

    @property
    def shape(self) -> ImageShape:
        return self.picture.shape

    @property
    def notes(self) -> tuple[str, ...]:
        return self.picture.notes


def run_recipe(
    picture: Picture,
    recipe: Recipe,
    *,
    session: Session | None = None,
    device: str = "auto",
    threads: int | None = None,
    name: str = "the photograph",
    open_image: OpenImage = read_cached,
    on_progress: Callable[[str, float], None] | None = None,
    open_tile_sink: OpenTileSink = TileSink,
) -> Result:
    """Do the recipe's steps to a picture. `session` stands in for the recipe's model; `name` is for error messages;
    `open_image` opens the pictures that a recipe names, such as a background; `on_progress` is told the name of a stage that takes
    its time, and what share of it is done; `open_tile_sink` gives what large results grow on.

    Raises NoSubject when there is nothing to cut out, InputError, ModelError, DeviceError, UsageError.
    """
    stages = StageTimer()
    scene.check_composition(recipe, open_image)
    develop.check_develop_steps(recipe, open_image)
    restoration.check_restoration_steps(recipe)
    restoration.target_size(picture.shape, recipe)

    def opened(model: str = Cut().model) -> Session:
        return session or stages.run("open", lambda: open_session(model, device, threads))

    def imager(model: str, denoise: float = 1) -> ImageToImageNetwork:
        return stages.run(
            "open",
            lambda: open_image_to_image_network(model, device, threads or cpu_threads.thread_cpu_count(), denoise),
        )

    def told(stage: str) -> Callable[[float], None] | None:
        return None if on_progress is None else partial(on_progress, stage)

    if recipe.find_step(Restore) is not None:
        picture = stages.run(
            "restore", lambda: restoration.restore_photograph(picture, recipe, imager, told("restore"))
        )
    result = Result(picture)
    if recipe.cut_step is not None:
        step = recipe.cut_step
        cut_picture, matte, by = cutout.cut_out(picture, step, stages, name, open_image, lambda: opened(step.model))
        result = Result(cut_picture, matte) if by is None else Result(cut_picture, matte, by.card.name, by.device)
    if recipe.find_step(Upscale) is not None:
        picture, result = stages.run(
            "upscale", lambda: _apply_upscale(picture, result, recipe, imager, told("upscale"), open_tile_sink)
        )
    drawn = partial(
        restoration.restore_faces,
        result.picture,
        recipe,
        device,
        threads or cpu_threads.thread_cpu_count(),
        told("faces"),
    )
    picture, result = _replace_picture(
        picture, result, stages.run("faces", drawn) if recipe.find_step(Faces) else result.picture
    )
    if develop.has_develop_steps(recipe):
        subject = partial(_subject_alpha, picture, result, opened)
        work = partial(develop.apply_develop_steps, picture, result.picture, recipe, subject, open_image)
        picture, shown = stages.run("develop", work)
        result = replace(result, picture=shown)
    if recipe.has_composition:
        made = stages.run(
            "compose", lambda: scene.compose_layers(picture, result.picture, _subject_box(result), recipe, open_image)
        )
        result = replace(result, picture=stages.run("flatten", made.flatten), layers=made.layers())
    if (saving := recipe.find_step(Save)) is not None:
        result = stages.run("deliver", lambda: _apply_output_profile(result, saving))
    return replace(result, seconds=stages.seconds)


def check_recipe(recipe: Recipe, open_image: OpenImage = read_cached) -> None:
    """Find out before any picture is read what no picture could mend. UsageError, InputError, ModelError."""
    scene.check_composition(recipe, open_image)
    develop.check_develop_steps(recipe, open_image)
    restoration.check_restoration_steps(recipe)
    if recipe.save_step.check_for != marketplace_check.NO_MARKETPLACE:
        find_rules(recipe.save_step.check_for)
    if recipe.cut_step is not None:
        cutout.check_cut(recipe.cut_step, open_image)


def max_output_size(size: ImageShape, recipe: Recipe) -> ImageShape:
    """What a picture of this (height, width) becomes, at most. UsageError when that is too much, or makes no sense."""
    height, width = restoration.target_size(size, recipe)
    step = recipe.find_step(Frame)
    return (
        (height, width)
        if step is None
        else placement.compute_placement((height, width), (0, 0, width, height), step).canvas_size
    )


def _apply_upscale(
    picture: Picture,
    result: Result,
    recipe: Recipe,
    open_network: restoration.OpenNetwork,
    on_progress: Callable[[float], None] | None,
    open_tile_sink: OpenTileSink,
) -> tuple[Picture, Result]:
    """The photograph and what was made of it, upscaled."""
    made = restoration.upscale_picture(result.picture, recipe, open_network, on_progress, open_tile_sink)
    if made is result.picture:
        return picture, result
    behind = made if picture is result.picture else restoration.resize_photograph(picture, made.shape)
    matte = None if result.matte is None else restoration.matte_from_cutout(result.matte, made)
    return behind, replace(result, picture=made, matte=matte)


def _replace_picture(picture: Picture, result: Result, new_picture: Picture) -> tuple[Picture, Result]:
    """The photograph and its result once `new_picture` is what is shown; they are one where nothing was cut."""
    return new_picture if picture is result.picture else picture, replace(result, picture=new_picture)


def _apply_output_profile(result: Result, save_step: Save) -> Result:
    """The result as its file is to carry it."""

    def made(picture: Picture) -> Picture:
        return convert_for_output(picture, srgb=save_step.profile == "srgb", eight_bit=save_step.bit_depth == "8")

    layers = tuple(Layer(name, made(picture)) for name, picture in result.layers)
    return replace(result, picture=made(result.picture), layers=layers)


def _subject_alpha(picture: Picture, result: Result, get_session: Callable[[], Session]) -> Pixels:
    """The subject's alpha, for steps that work on a part: as it was cut, as the file has it, or found now."""
    if result.matte is not None:
        return result.matte.alpha
    if picture.alpha is not None:
        return picture.alpha
    return cutout.subject_alpha(picture, get_session())


def _subject_box(result: Result) -> Box:
    """The subject's box: the matte's, that of what is opaque at all, or the whole picture."""
    if result.matte is not None:
        return result.matte.box
    alpha = result.picture.alpha
    if alpha is not None and alpha.any():
        return subject_box(alpha)
    return 0, 0, result.picture.shape[1], result.picture.shape[0]
