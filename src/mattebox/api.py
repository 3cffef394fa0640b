"""The Python API: `cut`, `enhance`, `upscale` and `find`. Reads a photograph, runs the pipeline, and saves results.

import mattebox as mb
mb.cut("photo.jpg").save("cut.png")
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.marketplace.compliance import ComplianceReport
from mattebox.core.array_conversion import array_remedy, type_name
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.pillow_conversion import PilImage, is_pil_image
from mattebox.errors import UsageError
from mattebox.io import header_check
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.matting import subject_list
from mattebox.models.instance_masks import Instance
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.save_options import save_options
from mattebox.recipe.field_types import Area, Effort
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.presets import enhance_base_recipe, find_preset, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save
from mattebox.types import Picture

PictureSource: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Picture | NDArray[Any] | PilImage"
)
NameOrPath = str | os.PathLike[str]  # a name, or the path of a file


@dataclass(frozen=True)
class CutoutResult(Result):
    """What `cut`, `enhance` and `upscale` return. `numpy.asarray(result)` gives RGB or RGBA, and a notebook shows it.

    Attributes
    ----------
    picture : Picture
        The result, with alpha where it is transparent.
    matte : Matte or None
        The alpha matte of the cut, at the photograph's (upscaled) size; None when nothing was cut.
    confidence : float or None
        Expected intersection over union of the matte, 0 to 1; None when nothing was cut.
    found : bool or None
        Whether it is clear that there is a subject; where it is False, `notes` says so. None when nothing was cut.
    box : (left, top, right, bottom) or None
        Bounding box of the subject in pixels of the matte; None when nothing was cut.
    size, shape : (width, height), (height, width)
        Of the picture, in pixels.
    notes : tuple of str
        Remarks for the user.
    model, device : str or None
        The network that cut, and where it ran.
    seconds : dict of str to float
        Duration of each stage.
    layers : tuple of Layer
        Background, shadow and subject of a composition, from the bottom; empty without one.
    source : Path or None
        The photograph's file, which `save` never overwrites.
    save_step : Save
        The recipe's settings for saving.
    """

    source: Path | None = None
    save_step: Save = field(default_factory=Save)

    def save(
        self,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = True,
        hidden: Literal["zero", "keep"] = "zero",
    ) -> ComplianceReport | None:
        """Write the picture to a file, completely or not at all.

        Parameters
        ----------
        target : path or binary file object
            "-" is standard output.
        format : str, optional
            Such as "png"; by default the recipe's, or what the path's suffix says.
        quality : int, optional
            1 to 100; by default the recipe's, or the format's.
        overwrite : bool
            Whether an existing file may be replaced. The photograph itself never is.
        hidden : {"zero", "keep"}
            Colours of pixels that are fully transparent: cleared or kept.

        Returns
        -------
        ComplianceReport or None
            The check of the written file against the marketplace of the recipe (`check_for`, as in a marketplace's
            preset), if it names one and `target` is a path.

        Raises
        ------
        OutputError
            When it cannot be written, or the format cannot hold it.
        """
        options = save_options(self.save_step)
        options["format"], options["quality"] = format or options["format"], quality or options["quality"]
        inputs = () if self.source is None else (self.source,)
        write(self.picture, target, overwrite=overwrite, inputs=inputs, hidden=hidden, layers=self.layers, **options)
        marketplace = self.save_step.check_for
        if marketplace == marketplace_check.NO_MARKETPLACE or not isinstance(target, str | os.PathLike):
            return None
        path = Path(target)
        return None if str(path) == "-" else marketplace_check.check_listing(path.read_bytes(), marketplace, str(path))


class EnhanceParameters(TypedDict, total=False):
    """Parameters of `enhance`: the fields of its steps (see `mattebox enhance --help`)."""

    restore: str | float
    restore_model: NameOrPath
    restore_effort: Effort
    upscale: str
    upscale_model: NameOrPath
    upscale_detail: int
    upscale_denoise: int
    upscale_effort: Effort
    faces: int
    faces_model: NameOrPath
    faces_finder: NameOrPath
    balance: str
    balance_strength: int
    balance_only: Area
    light: Literal["none", "auto"]
    exposure: float
    contrast: int
    highlights: int
    shadows: int
    clarity: int
    light_strength: int
    light_only: Area
    saturation: int
    vibrance: int
    colour_only: Area
    style: NameOrPath
    style_method: Literal["monge", "reinhard", "adain"]
    style_strength: int
    style_only: Area
    sharpen: int
    sharpen_radius: float
    sharpen_threshold: int
    sharpen_halo: int
    sharpen_only: Area
    format: str
    quality: int
    file_limit: str
    profile: Literal["keep", "srgb"]
    bit_depth: Literal["keep", "8"]
    check_for: str


class CutParameters(EnhanceParameters, total=False):
    """Parameters of `cut`: those of `enhance`, and these (see `mattebox cut --help`)."""

    model: NameOrPath
    votes: int
    edges: Literal["colour", "network", "auto", "none"]
    colours: Literal["clean", "source"]
    empty: Literal["warn", "keep", "refuse"]
    region: str
    keep: str
    drop: str
    pick: str | int
    trimap: NameOrPath
    garbage: NameOrPath
    holdout: NameOrPath
    core: NameOrPath
    by: str
    tolerance: Literal["tight", "normal", "loose"]
    matte_only: bool
    rotate: str | float
    crop: bool
    around: Literal["subject", "head"]
    margin: str
    size: str | int
    aspect: str
    fill: str
    position: str
    rest: Literal["keep", "clear"]
    outline: str
    outline_colour: str
    shadow: Literal["none", "contact", "drop", "cast", "reflection"]
    shadow_opacity: int
    shadow_softness: int
    shadow_angle: int
    shadow_length: int
    shadow_colour: str
    background: NameOrPath
    background_fit: Literal["cover", "contain", "tile"]
    background_align: str
    blend: Literal["encoded", "linear"]
    harmonise: int


def cut(
    source: PictureSource,
    *,
    preset: str | None = None,
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
    preset : str, optional
        Name or path of a recipe to start from, such as "amazon"; `parameters` change it.
    device : {"auto", "cpu", "cuda", ...}
        Where networks run.
    threads : int, optional
        CPU threads; by default as many as this process may use.
    session : Session, optional
        An open model to use in place of the one that `model` names.
    max_pixels : int
        Larger files are refused before they are decoded.
    **parameters
        Fields of the recipe's steps, under the names of the command line's flags (see `mattebox cut --help`).

    Returns
    -------
    CutoutResult

    Raises
    ------
    InputError, NoSubject, ModelError, DeviceError, UsageError
        All of them are MatteboxError.

    Examples
    --------
        mb.cut("mug.jpg", crop=True, size="1600x1600", fill="85%", background="white", shadow="contact")
        mb.cut("mug.jpg", preset="amazon").save("mug-amazon.jpg")
        rgba = np.asarray(mb.cut(PIL.Image.open("mug.jpg")))
    """
    recipe = build_recipe(
        stringify_values(parameters), require_kind(find_preset(preset), must_cut=True) if preset else None
    )
    return _run_recipe(source, recipe, device, threads, session, max_pixels)


def enhance(
    source: PictureSource,
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Enhance a photograph: noise, light, colours, sharpness and size. Nothing is cut out.

    Without `parameters` the preset `enhance` is used, which does what the photograph needs and no more. Everything
    else is as for `cut`.

    Examples
    --------
        mb.enhance("photo.jpg").save("better.jpg")
        mb.enhance("photo.jpg", light="auto", sharpen=80)
    """
    recipe = build_recipe(stringify_values(parameters), enhance_base_recipe(parameters))
    return _run_recipe(source, recipe, device, threads, None, max_pixels)


def upscale(
    source: PictureSource,
    to: str = "2x",
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Enlarge a photograph, and its transparency, by a super-resolution network.

    `to` is a factor such as "2x" or "1.5x", or the longer side such as "4000px". Everything else is as for `enhance`.

    Examples
    --------
        mb.upscale("photo.jpg", "4x").save("large.png")
    """
    recipe = build_recipe({**parameters, "upscale": to}, Recipe((Save(),)))
    return _run_recipe(source, recipe, device, threads, None, max_pixels)


def find(
    source: PictureSource,
    *,
    model: NameOrPath = "balanced",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> list[Instance]:
    """List the subjects of a photograph, largest first, numbered from 1 as `cut(pick=...)` numbers them.

    The parameters are as for `cut`.

    Returns
    -------
    list of Instance
        Each with its `box` (left, top, right, bottom in pixels), `area_share` (of the picture), `score` (0 to 1),
        `alpha` (h x w float32, 0 to 1, coarse) and `label` (its class, where the model has classes).

    Examples
    --------
        for subject in mb.find("group.jpg"):
            print(subject.box, subject.area_share, subject.score)
        mb.cut("group.jpg", pick=2)
    """
    picture = _load_picture(source, max_pixels)
    return subject_list.list_subjects(picture, session or Session.open(os.fspath(model), device, threads)).instances


def _run_recipe(
    source: PictureSource, recipe: Recipe, device: str, threads: int | None, session: Session | None, max_pixels: int
) -> CutoutResult:
    picture = _load_picture(source, max_pixels)
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    result = run_recipe(
        picture, recipe, session=session, device=device, threads=threads, name=str(path or "the photograph")
    )
    return CutoutResult(**vars(result), source=path, save_step=recipe.save_step)


def _load_picture(source: Any, max_pixels: int) -> Picture:
    """The photograph from whatever holds it. InputError; UsageError for what holds none."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return Picture.from_array(source)
    if is_pil_image(source):
        header = header_check.ImageHeader("pillow", *source.size)
        header_check.check_pixel_limit(header, max_pixels, "the photograph")  # opened images are not decoded yet
        return Picture.from_pil(source)
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(source, "read"):
        return read(source, max_pixels=max_pixels)
    remedy = "give a path, bytes, a binary file object, a Picture, a PIL.Image or a NumPy array"
    if isinstance(source, Result):
        remedy = "give its `.picture`"
    elif hasattr(source, "__array__") or hasattr(source, "__dlpack__"):
        remedy = array_remedy(source)
    raise UsageError(f"a photograph cannot be read from {type_name(source)}", remedy)
