"""`cut`, `enhance` and `upscale`: a photograph is read, and a recipe run on it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from mattebox.api.documentation import document_parameters
from mattebox.api.parameters import CutParameters, EnhanceParameters, PictureSource
from mattebox.api.result import CutoutResult
from mattebox.api.sources import ImageArguments, load_photograph
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io.reader import read_cached
from mattebox.models.matte_session import Session
from mattebox.pipeline.output_provenance import Origin
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.stereo import add_measured_depth
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.presets import enhance_base_recipe, find_preset_or_file, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save
from mattebox.types import OpenImage

Preset = str | os.PathLike[str] | Recipe


class Operation:
    """A recipe with the pictures that it names, to be run on photographs; `open_image` opens those that are files."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        base: Recipe | None,
        *,
        device: str = "auto",
        threads: int | None = None,
        max_pixels: int = MAX_INPUT_PIXELS,
        open_image: OpenImage = read_cached,
    ) -> None:
        self._images = ImageArguments(parameters, max_pixels, open_image)
        self.recipe = build_recipe(stringify_values(self._images.texts), base)
        self._device, self._threads, self._max_pixels = device, threads, max_pixels

    def run(self, source: PictureSource, session: Session | None = None) -> CutoutResult:
        """Read a photograph and run the recipe on it; `session` stands in for the recipe's model."""
        picture, content = load_photograph(source, self._max_pixels)
        path = Path(source) if isinstance(source, str | os.PathLike) else None
        picture = add_measured_depth(picture, content, self.recipe, str(path or "the photograph"))
        result = run_recipe(
            picture,
            self.recipe,
            session=session,
            device=self._device,
            threads=self._threads,
            name=str(path or "the photograph"),
            open_image=self._images.open,
        )
        origin = Origin("photograph" if path is None or str(path) == "-" else path.name, picture.size, content)
        return CutoutResult(**vars(result), source=path, recipe=self.recipe, origin=origin)


@document_parameters(CutParameters)
def cut(
    source: PictureSource,
    *,
    preset: Preset | None = None,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[CutParameters],
) -> CutoutResult:
    """Cut the subject out of a photograph, and compose it with a background, shadow or frame on request.

    Parameters
    ----------
    source : path, bytes, binary file object, Picture, PIL.Image.Image or NumPy array
        The photograph. Arrays are H x W or H x W x 1, 3 or 4, of uint8, uint16, bool or floating point from 0 to 1, in
        RGB order; Pillow images of any mode are taken with their orientation and ICC profile.
    preset : str, path or Recipe, optional
        A recipe to start from: a built-in one such as "amazon", a recipe file, or a Recipe. The other parameters
        change it.
    device : {"auto", "cpu", "cuda", ...}
        Where networks run.
    threads : int, optional
        CPU threads; by default as many as this process may use.
    session : Session, optional
        An open model to use in place of the one that `model` names.
    max_pixels : int
        Larger files are refused before they are decoded.
    {parameters}

    Positions are in pixels, or shares from 0 to 1; lengths below 1 are shares, too.

    Returns
    -------
    CutoutResult

    Raises
    ------
    InputError, NoSubject, ModelError, DeviceError, UsageError
        All of them are MatteboxError, and also a built-in kind: FileNotFoundError for a missing photograph, OSError
        and ValueError for one that cannot be read, ValueError for a wrong parameter, LookupError where there is no
        subject or model.

    Examples
    --------
        mb.cut("mug.jpg", crop=True, size=(1600, 1600), fill=.85, background=(255, 255, 255), shadow="contact")
        mb.cut("mug.jpg", preset="amazon").save("mug-amazon.jpg")
        mb.cut("mug.jpg", keep=[(420, 310)], background=PIL.Image.open("beach.jpg"))
        rgba = np.asarray(mb.cut(PIL.Image.open("mug.jpg")))
    """
    base = cut_base_recipe(preset)
    return Operation(parameters, base, device=device, threads=threads, max_pixels=max_pixels).run(source, session)


def cut_base_recipe(preset: Preset | None) -> Recipe | None:
    """The recipe that a preset names; None without one. UsageError when it does not cut."""
    if preset is None:
        return None
    return require_kind(preset if isinstance(preset, Recipe) else find_preset_or_file(preset), must_cut=True)


@document_parameters(EnhanceParameters)
def enhance(
    source: PictureSource,
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Enhance a photograph: noise, light, colours, sharpness and size. Nothing is cut out.

    Without parameters the preset `enhance` is used, which does what the photograph needs and no more.

    Parameters
    ----------
    source, device, threads, max_pixels
        As for `cut`.
    {parameters}

    Returns
    -------
    CutoutResult

    Examples
    --------
        mb.enhance("photo.jpg").save("better.jpg")
        mb.enhance("photo.jpg", light="auto", sharpen=80)
    """
    base = enhance_base_recipe(parameters)
    return Operation(parameters, base, device=device, threads=threads, max_pixels=max_pixels).run(source)


@document_parameters(EnhanceParameters, left_out=("upscale",))
def upscale(
    source: PictureSource,
    to: str | float = 2,
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Enlarge a photograph, and its transparency, by a super-resolution network.

    Parameters
    ----------
    to : float or str
        How many times, up to 16: 2, 1.5 or "2x". Or the longer side in pixels: 4000 or "4000px".
    source, device, threads, max_pixels
        As for `cut`.
    {parameters}

    Returns
    -------
    CutoutResult

    Examples
    --------
        mb.upscale("photo.jpg", 4).save("large.png")
    """
    values = {**parameters, "upscale": to}
    base = Recipe((Save(),))
    return Operation(values, base, device=device, threads=threads, max_pixels=max_pixels).run(source)
