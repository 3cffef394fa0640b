"""The three-line Python API: a photograph's path in, a cutout out. Reads, runs the pipeline, and can save.

import mattebox as mb
mb.cut("photo.jpg").save("cut.png")
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, TypedDict, Unpack

from mattebox.composition.marketplace.verdict import Verdict
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.matting import subject_list
from mattebox.models.instance_masks import Part
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check
from mattebox.pipeline.run import Result, run_recipe
from mattebox.recipe.flat_parameters import build_recipe, written
from mattebox.recipe.presets import enhancing, find_preset, of_kind
from mattebox.recipe.recipe import Recipe, Save
from mattebox.types import Picture

Source = str | os.PathLike[str] | bytes | BinaryIO | Picture
Named = str | os.PathLike[str]  # a word, or the path of a file


@dataclass(frozen=True)
class Made(Result):
    """A result that remembers where it came from, so that saving never overwrites the photograph, and how its recipe
    wants it saved."""

    source: Path | None = None
    saving: Save = field(default_factory=Save)

    def save(
        self,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = True,
        hidden: Literal["zero", "keep"] = "zero",
    ) -> Verdict | None:
        """Write the picture, whole or not at all; the format is the suffix's unless given. OutputError.

        Of a listing that becomes a file (`check_for`, as in a marketplace's preset), the verdict on that file.
        """
        options = save_options(self.saving)
        options["format"], options["quality"] = format or options["format"], quality or options["quality"]
        inputs = () if self.source is None else (self.source,)
        write(self.picture, target, overwrite=overwrite, inputs=inputs, hidden=hidden, layers=self.layers, **options)
        market = self.saving.check_for
        if market == marketplace_check.NONE or not isinstance(target, str | os.PathLike) or os.fspath(target) == "-":
            return None
        return marketplace_check.held(Path(target).read_bytes(), market, os.fspath(target))


class SaveOptions(TypedDict):
    """What `write` makes of the step Save."""

    format: str | None
    quality: int | None
    most_bytes: int | None


def save_options(saving: Save) -> SaveOptions:
    """UsageError when the limit makes no sense."""
    return SaveOptions(
        format=None if saving.format == "auto" else saving.format,
        quality=saving.quality or None,
        most_bytes=saving.most_bytes,
    )


class Enhancing(TypedDict, total=False):
    """What `enhance` takes beside the photograph: its steps' fields (see `mattebox enhance --help`)."""

    restore: str | float
    restore_model: Named
    restore_effort: Literal["quick", "best"]
    upscale: str
    upscale_model: Named
    upscale_detail: int
    upscale_denoise: int
    upscale_effort: Literal["quick", "best"]
    faces: int
    faces_model: Named
    faces_finder: Named
    balance: str
    balance_strength: int
    balance_only: Literal["all", "subject", "background"]
    light: Literal["none", "auto"]
    exposure: float
    contrast: int
    highlights: int
    shadows: int
    clarity: int
    light_strength: int
    light_only: Literal["all", "subject", "background"]
    saturation: int
    vibrance: int
    colour_only: Literal["all", "subject", "background"]
    style: Named
    style_method: Literal["monge", "reinhard", "adain"]
    style_strength: int
    style_only: Literal["all", "subject", "background"]
    sharpen: int
    sharpen_radius: float
    sharpen_threshold: int
    sharpen_halo: int
    sharpen_only: Literal["all", "subject", "background"]
    format: str
    quality: int
    file_limit: str
    profile: Literal["keep", "srgb"]
    depth: Literal["keep", "8"]
    check_for: str


class Parameters(Enhancing, total=False):
    """What `cut` takes beside the photograph: those of `enhance`, and these (see `mattebox cut --help`)."""

    model: Named
    votes: int
    edges: Literal["refined", "fine", "auto", "plain"]
    colours: Literal["clean", "source"]
    empty: Literal["refuse", "keep"]
    region: str
    keep: str
    drop: str
    pick: str | int
    trimap: Named
    garbage: Named
    holdout: Named
    core: Named
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
    background: Named
    background_fit: Literal["cover", "contain", "tile"]
    background_align: str
    blend: Literal["encoded", "linear"]
    harmonise: int


def cut(
    source: Source,
    *,
    preset: str | None = None,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = 100_000_000,
    **parameters: Unpack[Parameters],
) -> Made:
    """Cut the subject out of a photograph, and compose it if asked.

        mb.cut("mug.jpg", crop=True, size="1600x1600", fill="85%", background="white", shadow="contact")
        mb.cut("mug.jpg", preset="amazon").save("mug-amazon.jpg")

    `source` is a path, bytes, a binary file object or a Picture. The parameters are those of the recipe's steps, under
    the names of the command line's flags; they change the `preset` if one is named. Raises InputError, NoSubject,
    ModelError, DeviceError, UsageError; all are MatteboxError.
    """
    recipe = build_recipe(written(parameters), of_kind(find_preset(preset), cuts=True) if preset else None)
    return _made(source, recipe, device, threads, session, max_pixels)


def enhance(
    source: Source,
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = 100_000_000,
    **parameters: Unpack[Enhancing],
) -> Made:
    """Make a photograph better: noise, light, colours, sharpness, size. Nothing is cut.

        mb.enhance("photo.jpg").save("better.jpg")
        mb.enhance("photo.jpg", light="auto", sharpen=80)

    Without parameters it does what the preset `enhance` does: what the photograph needs and no more. All else is as for
    `cut`.
    """
    return _made(source, build_recipe(written(parameters), enhancing(parameters)), device, threads, None, max_pixels)


def upscale(
    source: Source,
    to: str = "2x",
    *,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = 100_000_000,
    **parameters: Unpack[Enhancing],
) -> Made:
    """Enlarge a photograph, and its transparency, with detail: `to` is 2x, 1.5x, or the longer side such as 4000px.

        mb.upscale("photo.jpg", "4x").save("large.png")

    All else is as for `enhance`.
    """
    recipe = build_recipe({**parameters, "upscale": to}, Recipe((Save(),)))
    return _made(source, recipe, device, threads, None, max_pixels)


def find(
    source: Source,
    *,
    model: Named = "balanced",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = 100_000_000,
) -> list[Part]:
    """The subjects of a photograph, largest first, numbered from 1 as `cut` picks them.

        for subject in mb.find("group.jpg"):
            print(subject.box, subject.share, subject.score)
        mb.cut("group.jpg", pick=2)

    Each has its box (left, top, right, bottom in pixels), its share of the picture's area, a score of 0..1, its coarse
    alpha (h x w, 0..1), and its class in `label` where the model knows classes. Raises InputError, ModelError,
    DeviceError, UsageError.
    """
    picture = source if isinstance(source, Picture) else read(source, max_pixels=max_pixels)
    return subject_list.find(picture, session or Session.open(os.fspath(model), device, threads)).parts


def _made(
    source: Source, recipe: Recipe, device: str, threads: int | None, session: Session | None, max_pixels: int
) -> Made:
    """The recipe done to a photograph from anywhere."""
    picture = source if isinstance(source, Picture) else read(source, max_pixels=max_pixels)
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    result = run_recipe(
        picture, recipe, session=session, device=device, threads=threads, name=str(path or "the photograph")
    )
    return Made(**vars(result), source=path, saving=recipe.saving)
