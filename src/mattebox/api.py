"""The three-line Python API: a photograph's path in, a cutout out. Reads, runs the pipeline, and can save.

import mattebox as mb
mb.cut("photo.jpg").save("cut.png")
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, TypedDict, Unpack

from mattebox.composition.marketplace.verdict import ComplianceReport
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.matting import subject_list
from mattebox.models.instance_masks import Instance
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check
from mattebox.pipeline.run import Result, run_recipe
from mattebox.recipe.field_types import Area, Effort
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.presets import enhance_base_recipe, find_preset, require_kind
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save
from mattebox.types import Picture

PictureSource = str | os.PathLike[str] | bytes | BinaryIO | Picture
NameOrPath = str | os.PathLike[str]  # a word, or the path of a file


@dataclass(frozen=True)
class CutoutResult(Result):
    """A result that remembers where it came from, so that saving never overwrites the photograph, and how its recipe
    wants it saved."""

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
        """Write the picture, whole or not at all; the format is the suffix's unless given. OutputError.

        Of a listing that becomes a file (`check_for`, as in a marketplace's preset), the verdict on that file.
        """
        options = save_options(self.save_step)
        options["format"], options["quality"] = format or options["format"], quality or options["quality"]
        inputs = () if self.source is None else (self.source,)
        write(self.picture, target, overwrite=overwrite, inputs=inputs, hidden=hidden, layers=self.layers, **options)
        market = self.save_step.check_for
        if (
            market == marketplace_check.NO_MARKETPLACE
            or not isinstance(target, str | os.PathLike)
            or os.fspath(target) == "-"
        ):
            return None
        return marketplace_check.check_listing(Path(target).read_bytes(), market, os.fspath(target))


class SaveOptions(TypedDict):
    """What `write` makes of the step Save."""

    format: str | None
    quality: int | None
    max_bytes: int | None


def save_options(save_step: Save) -> SaveOptions:
    """UsageError when the limit makes no sense."""
    return SaveOptions(
        format=None if save_step.format == "auto" else save_step.format,
        quality=save_step.quality or None,
        max_bytes=save_step.max_bytes,
    )


class EnhanceParameters(TypedDict, total=False):
    """What `enhance` takes beside the photograph: its steps' fields (see `mattebox enhance --help`)."""

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
    """What `cut` takes beside the photograph: those of `enhance`, and these (see `mattebox cut --help`)."""

    model: NameOrPath
    votes: int
    edges: Literal["colour", "network", "auto", "none"]
    colours: Literal["clean", "source"]
    empty: Literal["refuse", "keep"]
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
    max_pixels: int = 100_000_000,
    **parameters: Unpack[CutParameters],
) -> CutoutResult:
    """Cut the subject out of a photograph, and compose it if asked.

        mb.cut("mug.jpg", crop=True, size="1600x1600", fill="85%", background="white", shadow="contact")
        mb.cut("mug.jpg", preset="amazon").save("mug-amazon.jpg")

    `source` is a path, bytes, a binary file object or a Picture. The parameters are those of the recipe's steps, under
    the names of the command line's flags; they change the `preset` if one is named. Raises InputError, NoSubject,
    ModelError, DeviceError, UsageError; all are MatteboxError.
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
    max_pixels: int = 100_000_000,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Make a photograph better: noise, light, colours, sharpness, size. Nothing is cut.

        mb.enhance("photo.jpg").save("better.jpg")
        mb.enhance("photo.jpg", light="auto", sharpen=80)

    Without parameters it does what the preset `enhance` does: what the photograph needs and no more. All else is as for
    `cut`.
    """
    return _run_recipe(
        source,
        build_recipe(stringify_values(parameters), enhance_base_recipe(parameters)),
        device,
        threads,
        None,
        max_pixels,
    )


def upscale(
    source: PictureSource,
    to: str = "2x",
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = 100_000_000,
    **parameters: Unpack[EnhanceParameters],
) -> CutoutResult:
    """Enlarge a photograph, and its transparency, with detail: `to` is 2x, 1.5x, or the longer side such as 4000px.

        mb.upscale("photo.jpg", "4x").save("large.png")

    All else is as for `enhance`.
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
    max_pixels: int = 100_000_000,
) -> list[Instance]:
    """The subjects of a photograph, largest first, numbered from 1 as `cut` picks them.

        for subject in mb.find("group.jpg"):
            print(subject.box, subject.share, subject.score)
        mb.cut("group.jpg", pick=2)

    Each has its box (left, top, right, bottom in pixels), its share of the picture's area, a score of 0..1, its coarse
    alpha (h x w, 0..1), and its class in `label` where the model knows classes. Raises InputError, ModelError,
    DeviceError, UsageError.
    """
    picture = source if isinstance(source, Picture) else read(source, max_pixels=max_pixels)
    return subject_list.list_subjects(picture, session or Session.open(os.fspath(model), device, threads)).instances


def _run_recipe(
    source: PictureSource, recipe: Recipe, device: str, threads: int | None, session: Session | None, max_pixels: int
) -> CutoutResult:
    """The recipe done to a photograph from anywhere."""
    picture = source if isinstance(source, Picture) else read(source, max_pixels=max_pixels)
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    result = run_recipe(
        picture, recipe, session=session, device=device, threads=threads, name=str(path or "the photograph")
    )
    return CutoutResult(**vars(result), source=path, save_step=recipe.save_step)
