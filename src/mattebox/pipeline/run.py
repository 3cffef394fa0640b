"""Runs a recipe on a picture, in this order: anonymise, heal, restore, cut, upscale, faces, develop, lens blur,
compose, label, convert for output."""

from __future__ import annotations

from collections.abc import Callable

from mattebox.core.timing import StageTimer
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.io.reader import read_cached
from mattebox.models.matte_session import Session
from mattebox.pipeline import restoration, scene
from mattebox.pipeline.kept_cutouts import KeptCutouts
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.recipe_run import RecipeRun
from mattebox.pipeline.result import Result, add_scene
from mattebox.pipeline.run_networks import RunNetworks
from mattebox.recipe.recipe import Recipe
from mattebox.types import OpenImage, Picture


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
    is_checked: bool = False,
    kept_cutouts: KeptCutouts | None = None,
) -> Result:
    """Run a recipe's steps on a picture.

    Parameters
    ----------
    picture : Picture
        The photograph.
    recipe : Recipe
        The steps.
    session : Session, optional
        An open network to use in place of the one that the recipe names.
    device : str
        Where networks run: "auto", "cpu", "cuda", ...
    threads : int, optional
        CPU threads; by default as many as this thread may use.
    name : str
        The photograph's, for error messages.
    open_image : callable
        Opens the pictures that the recipe names, such as a background.
    on_progress : callable, optional
        Called with the name of a long stage and the share of it that is done.
    open_tile_sink : callable
        Makes the arrays that large results are written to, tile by tile.
    is_checked : bool
        Whether `check_recipe` has passed the recipe, so that it need not be checked again.
    kept_cutouts : KeptCutouts, optional
        Where the cutout is taken from, if it was made before, and kept.

    Raises
    ------
    NoSubject
        When there is nothing to cut out.
    InputError, ModelError, DeviceError, UsageError
        As `check_recipe` and the stages raise them.
    """
    if not is_checked:
        check_recipe(recipe, open_image, session)
    recipe, applied_scene = scene.apply_scene(recipe, picture, device, threads)
    restoration.require_models(recipe)
    restoration.target_shape(picture.shape, recipe)
    networks = RunNetworks(session, device, threads, StageTimer())
    run = RecipeRun(
        recipe, networks, name, open_image, on_progress, open_tile_sink, picture, Result(picture), picture, kept_cutouts
    )
    result = run.run_stages()
    return add_scene(result, recipe, applied_scene) if applied_scene else result
