"""The corridor: recipe in, picture in, picture out. The only place where rooms meet.

Knows the order of the rooms and nothing of their methods; opens no files but those a recipe names, through `album`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from mattebox.composition import placement, scene
from mattebox.composition.marketplace.rules import find_rules
from mattebox.composition.scene import Album
from mattebox.core import cpu_threads
from mattebox.core.connected_components import subject_box
from mattebox.core.timing import Stages
from mattebox.enhancement.tile_sink import Canvas, Canvases
from mattebox.io.output_profile import deliver
from mattebox.io.reader import read_once
from mattebox.models.image_to_image import Imager, open_imager
from mattebox.models.matte_session import Session, open_session
from mattebox.pipeline import cutout, develop, marketplace_check, restoration
from mattebox.recipe.recipe import Cut, Faces, Frame, Recipe, Restore, Save, Upscale
from mattebox.types import Box, Layer, Matte, Picture, Pixels, Size


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
    def size(self) -> Size:
        return self.picture.size

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
    album: Album = read_once,
    tell: Callable[[str, float], None] | None = None,
    canvas: Canvases = Canvas,
) -> Result:
    """Do the recipe's steps to a picture. `session` stands in for the recipe's model; `name` is for error messages;
    `album` opens the pictures that a recipe names, such as a background; `tell` is told the name of a stage that takes
    its time, and what share of it is done; `canvas` gives what large results grow on.

    Raises NoSubject when there is nothing to cut out, InputError, ModelError, DeviceError, UsageError.
    """
    stages = Stages()
    scene.check(recipe, album)
    develop.check(recipe, album)
    restoration.check(recipe)
    restoration.wanted_size(picture.size, recipe)

    def opened(model: str = Cut().model) -> Session:
        return session or stages.run("open", lambda: open_session(model, device, threads))

    def imager(model: str, denoise: float = 1) -> Imager:
        return stages.run("open", lambda: open_imager(model, device, threads or cpu_threads.usable(), denoise))

    def told(stage: str) -> Callable[[float], None] | None:
        return None if tell is None else partial(tell, stage)

    if recipe.find(Restore) is not None:
        picture = stages.run("restore", lambda: restoration.restored(picture, recipe, imager, told("restore")))
    result = Result(picture)
    if recipe.cut is not None:
        step = recipe.cut
        cut_picture, matte, by = cutout.cut_out(picture, step, stages, name, album, lambda: opened(step.model))
        result = Result(cut_picture, matte) if by is None else Result(cut_picture, matte, by.card.name, by.device)
    if recipe.find(Upscale) is not None:
        picture, result = stages.run(
            "upscale", lambda: _upscaled(picture, result, recipe, imager, told("upscale"), canvas)
        )
    drawn = partial(restoration.faced, result.picture, recipe, device, threads or cpu_threads.usable(), told("faces"))
    picture, result = _shown(picture, result, stages.run("faces", drawn) if recipe.find(Faces) else result.picture)
    if develop.develops(recipe):
        subject = partial(_subject, picture, result, opened)
        work = partial(develop.developed, picture, result.picture, recipe, subject, album)
        picture, shown = stages.run("develop", work)
        result = replace(result, picture=shown)
    if recipe.composes:
        made = stages.run("compose", lambda: scene.arrange(picture, result.picture, _box(result), recipe, album))
        result = replace(result, picture=stages.run("flatten", made.flat), layers=made.layers())
    if (saving := recipe.find(Save)) is not None:
        result = stages.run("deliver", lambda: _delivered(result, saving))
    return replace(result, seconds=stages.seconds)


def check_recipe(recipe: Recipe, album: Album = read_once) -> None:
    """Find out before any picture is read what no picture could mend. UsageError, InputError, ModelError."""
    scene.check(recipe, album)
    develop.check(recipe, album)
    restoration.check(recipe)
    if recipe.saving.check_for != marketplace_check.NONE:
        find_rules(recipe.saving.check_for)
    if recipe.cut is not None:
        cutout.check(recipe.cut, album)


def expected_size(size: Size, recipe: Recipe) -> Size:
    """What a picture of this (height, width) becomes, at most. UsageError when that is too much, or makes no sense."""
    height, width = restoration.wanted_size(size, recipe)
    step = recipe.find(Frame)
    return (height, width) if step is None else placement.place((height, width), (0, 0, width, height), step).canvas


def _upscaled(
    picture: Picture,
    result: Result,
    recipe: Recipe,
    opened: restoration.Opened,
    tell: Callable[[float], None] | None,
    canvas: Canvases,
) -> tuple[Picture, Result]:
    """The photograph and what was made of it, upscaled."""
    made = restoration.upscaled(result.picture, recipe, opened, tell, canvas)
    if made is result.picture:
        return picture, result
    behind = made if picture is result.picture else restoration.along(picture, made.size)
    matte = None if result.matte is None else restoration.matte_of(result.matte, made)
    return behind, replace(result, picture=made, matte=matte)


def _shown(picture: Picture, result: Result, made: Picture) -> tuple[Picture, Result]:
    """The photograph and its result once `made` is what is shown; they are one where nothing was cut."""
    return made if picture is result.picture else picture, replace(result, picture=made)


def _delivered(result: Result, saving: Save) -> Result:
    """The result as its file is to carry it."""

    def made(picture: Picture) -> Picture:
        return deliver(picture, srgb=saving.profile == "srgb", eight=saving.depth == "8")

    layers = tuple(Layer(name, made(picture)) for name, picture in result.layers)
    return replace(result, picture=made(result.picture), layers=layers)


def _subject(picture: Picture, result: Result, opened: Callable[[], Session]) -> Pixels:
    """The subject's alpha, for steps that work on a part: as it was cut, as the file has it, or found now."""
    if result.matte is not None:
        return result.matte.alpha
    if picture.alpha is not None:
        return picture.alpha
    return cutout.subject(picture, opened())


def _box(result: Result) -> Box:
    """The subject's box: the matte's, that of what is opaque at all, or the whole picture."""
    if result.matte is not None:
        return result.matte.box
    alpha = result.picture.alpha
    if alpha is not None and alpha.any():
        return subject_box(alpha)
    return 0, 0, result.picture.size[1], result.picture.size[0]
