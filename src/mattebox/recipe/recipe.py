"""The steps and their parameters, declared once. CLI flags, schemas and recipe files derive from these classes.

A recipe is an ordered list of typed, frozen steps; a field's description is the help text everywhere. This file
knows nothing of how a step is done: that is the pipeline's and the rooms' business.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from mattebox.errors import UsageError
from mattebox.recipe.deprecated_names import current_word, replace_deprecated_steps

S = TypeVar("S")

EditArea = Literal["all", "subject", "background"]
Effort = Literal["quick", "best"]


class Restore(Struct, frozen=True, tag="restore", tag_field="step", forbid_unknown_fields=True):
    """Take out noise, a little blur and the blocks of JPEG, before anything else is done."""

    amount: Annotated[
        str, Meta(description="none, auto (as much as the photograph needs), or a number from 0 to 1")
    ] = "none"
    model: Annotated[str, Meta(description="the network for it: standard, or a card's name or path")] = "standard"
    effort: Annotated[
        Effort, Meta(description="best asks the network eight times, turned and mirrored, and takes the mean: slower")
    ] = "quick"


class Cut(Struct, frozen=True, tag="cut", tag_field="step", forbid_unknown_fields=True):
    """Cut the subject out of its background."""

    model: Annotated[str, Meta(description="fast, balanced, best, a card's name, or the path of a card")] = "balanced"
    votes: Annotated[
        int,
        Meta(
            ge=0,
            le=8,
            description="times the network looks, mirrored and at other sizes; 0 is as many as its card says",
        ),
    ] = 0
    edges: Annotated[
        Literal["colour", "network", "auto", "none"],
        Meta(
            description="how the matte gets the photograph's edges at full size: colour by local colour models; "
            "network by a network, slower, and better for strands, soft edges and where the matte is wrong; auto by "
            "the network for hair, fur and doubt, by colour in two passes for crisp edges; none only enlarges the matte"
        ),
    ] = "colour"
    colours: Annotated[
        Literal["clean", "source"],
        Meta(description="clean estimates the subject's own colours along soft edges; source keeps the photograph's"),
    ] = "clean"
    empty: Annotated[
        Literal["refuse", "keep"],
        Meta(description="when no subject is found: refuse is an error, keep takes what little there is"),
    ] = "refuse"
    region: Annotated[
        str, Meta(description='only what lies in this part can be subject: "X1 Y1 X2 Y2" in px or %, or all')
    ] = "all"
    keep: Annotated[
        str,
        Meta(description='what is subject: points "X,Y ...", strokes "X,Y/X,Y", boxes "X,Y:X,Y" in px or %, or none'),
    ] = "none"
    drop: Annotated[str, Meta(description="what is not: points, strokes or boxes, as for keep")] = "none"
    pick: Annotated[
        str,
        Meta(
            description='which of several subjects: all, largest, 2 (by size), the one at "X,Y", or of what class, '
            "such as person or person+dog, where the model tells classes"
        ),
    ] = "all"
    trimap: Annotated[
        str, Meta(description="path of a grey picture: 0 is background, 255 subject, 128 to be found out; or none")
    ] = "none"
    garbage: Annotated[
        str, Meta(description="path of a grey picture (garbage matte): where it is white is no subject; or none")
    ] = "none"
    holdout: Annotated[
        str,
        Meta(
            description="path of a grey picture (holdout matte): what it shows white stands before the subject; or none"
        ),
    ] = "none"
    core: Annotated[
        str, Meta(description="path of a grey picture (core matte): where it is white is subject; or none")
    ] = "none"
    by: Annotated[
        str, Meta(description="network, screen or screen(#00b140), luma, or plate(PATH), a picture of the empty scene")
    ] = "network"
    tolerance: Annotated[
        Literal["tight", "normal", "loose"],
        Meta(description="of a screen, luma or plate: tight takes only what is surely background, loose also the rest"),
    ] = "normal"
    output: Annotated[Literal["cutout", "matte"], Meta(description="the cutout, or its matte as a grey picture")] = (
        "cutout"
    )

    def __post_init__(self) -> None:
        if (edges := current_word("cut", "edges", self.edges)) != self.edges:
            msgspec.structs.force_setattr(self, "edges", edges)

    @property
    def required_model(self) -> str | None:
        """The model it needs, if it needs one."""
        return self.model if self.by.strip() == "network" else None


class Upscale(Struct, frozen=True, tag="upscale", tag_field="step", forbid_unknown_fields=True):
    """Enlarge it with detail, and its transparency with it."""

    to: Annotated[str, Meta(description="none, how many times (2x, 1.5x), or the longer side (4000px)")] = "none"
    model: Annotated[
        str,
        Meta(
            description="the networks for it: faithful for clean photographs, real for blurred, noisy or compressed "
            "ones, or a card's name or path"
        ),
    ] = "faithful"
    detail: Annotated[
        int, Meta(description="how much of the network's detail, in percent; 0 is plain Lanczos", ge=0, le=100)
    ] = 100
    denoise: Annotated[
        int,
        Meta(
            description="how much of the noise goes, in percent, for networks with a twin that keeps it: "
            "realesr-general",
            ge=0,
            le=100,
        ),
    ] = 100
    effort: Annotated[
        Effort, Meta(description="best asks the networks eight times, turned and mirrored, and takes the mean: slower")
    ] = "quick"


class Faces(Struct, frozen=True, tag="faces", tag_field="step", forbid_unknown_fields=True):
    """Draw blurred faces anew, after a published network."""

    strength: Annotated[
        int, Meta(description="how far, in percent; 50 keeps the likeness, 100 is all the network's", ge=0, le=100)
    ] = 0
    model: Annotated[
        str, Meta(description="the network for it: gfpgan, codeformer, codeformer@faithful, or a card's path")
    ] = "gfpgan"
    finder: Annotated[str, Meta(description="the network that finds faces: yunet, or a card's path")] = "yunet"


class Balance(Struct, frozen=True, tag="balance", tag_field="step", forbid_unknown_fields=True):
    """Take the colour of the light off the photograph."""

    white: Annotated[
        str,
        Meta(
            description="none, auto, grey (its mean is grey), a light such as 3200K, or the place of something grey, "
            '"X,Y" in px or %'
        ),
    ] = "none"
    strength: Annotated[int, Meta(description="how much of it, in percent", ge=0, le=100)] = 100
    only: Annotated[EditArea, Meta(description="where: all, subject or background")] = "all"


class Light(Struct, frozen=True, tag="light", tag_field="step", forbid_unknown_fields=True):
    """Make it brighter or darker, flatter or deeper."""

    light: Annotated[
        Literal["none", "auto"], Meta(description="auto corrects exposure and contrast as far as the photograph needs")
    ] = "none"
    exposure: Annotated[float, Meta(description="stops brighter, or darker below 0", ge=-5, le=5)] = 0.0
    contrast: Annotated[int, Meta(description="in percent; below 0 is flatter", ge=-100, le=100)] = 0
    highlights: Annotated[int, Meta(description="in percent; below 0 darkens what is bright", ge=-100, le=100)] = 0
    shadows: Annotated[int, Meta(description="in percent; above 0 brightens what is dark", ge=-100, le=100)] = 0
    clarity: Annotated[int, Meta(description="local contrast, in percent; below 0 is softer", ge=-100, le=100)] = 0
    strength: Annotated[int, Meta(description="how much of it all, in percent", ge=0, le=100)] = 100
    only: Annotated[EditArea, Meta(description="where: all, subject or background")] = "all"

    def __post_init__(self) -> None:
        _require_finite("exposure", self.exposure)


class Colour(Struct, frozen=True, tag="colour", tag_field="step", forbid_unknown_fields=True):
    """Make colours stronger or weaker."""

    saturation: Annotated[int, Meta(description="in percent; -100 is grey", ge=-100, le=100)] = 0
    vibrance: Annotated[
        int, Meta(description="the same, but less of what is colourful already, or skin", ge=-100, le=100)
    ] = 0
    only: Annotated[EditArea, Meta(description="where: all, subject or background")] = "all"


class Style(Struct, frozen=True, tag="style", tag_field="step", forbid_unknown_fields=True):
    """Paint it in a style, or take on the colours of another picture."""

    picture: Annotated[
        str,
        Meta(
            description="watercolour, mosaic, glass, points or swirl; or the path of the picture whose colours or "
            "manner it takes on; or none"
        ),
    ] = "none"
    method: Annotated[
        Literal["monge", "reinhard", "adain"],
        Meta(
            description="of a picture: monge turns colours as a whole, reinhard moves each by itself, adain paints in "
            "its manner (a model to pull)"
        ),
    ] = "monge"
    strength: Annotated[int, Meta(description="how far, in percent", ge=0, le=100)] = 60
    only: Annotated[EditArea, Meta(description="where: all, subject or background")] = "all"


class Sharpen(Struct, frozen=True, tag="sharpen", tag_field="step", forbid_unknown_fields=True):
    """Sharpen without halos."""

    amount: Annotated[int, Meta(description="how much, in percent; 80 is a good start", ge=0, le=300)] = 0
    radius: Annotated[float, Meta(description="of what is sharpened, in pixels", ge=0.3, le=20)] = 1.0
    threshold: Annotated[
        int, Meta(description="what differs less than this many times the noise is left alone", ge=0, le=10)
    ] = 2
    halo: Annotated[
        int, Meta(description="how far past its surroundings an edge may go, in percent of full light", ge=0, le=20)
    ] = 2
    only: Annotated[EditArea, Meta(description="where: all, subject or background")] = "all"

    def __post_init__(self) -> None:
        _require_finite("sharpen radius", self.radius)


class Frame(Struct, frozen=True, tag="frame", tag_field="step", forbid_unknown_fields=True):
    """Crop, canvas, size and position. Nothing is ever stretched."""

    rotate: Annotated[
        str, Meta(description="degrees clockwise, or upright: a leaning product is set straight by its outline")
    ] = "0"
    crop: Annotated[
        Literal["nothing", "subject"], Meta(description="subject crops to the subject's box, then adds the margin")
    ] = "nothing"
    around: Annotated[
        Literal["subject", "head"],
        Meta(
            description="head crops to a person's head and shoulders, fill being the head's share of the height; "
            "where no head is found, to the subject"
        ),
    ] = "subject"
    margin: Annotated[
        str, Meta(description="room around, of the result: 5%, 20px, or two or four values as in CSS (top right ...)")
    ] = "0"
    size: Annotated[str, Meta(description="WIDTHxHEIGHT, or the longer side in pixels")] = "original"
    aspect: Annotated[str, Meta(description="WIDTH:HEIGHT of the canvas, such as 1:1; the canvas grows to it")] = (
        "original"
    )
    fill: Annotated[
        str, Meta(description="how much of the canvas the subject fills, such as 85%; original: at its own scale; any")
    ] = "any"
    position: Annotated[
        str, Meta(description='center, top, bottom, left, right, original, or "X% Y%" of the free room')
    ] = "center"
    rest: Annotated[
        Literal["keep", "clear"],
        Meta(description="clear makes transparent whatever faint remains lie outside the subject's box"),
    ] = "keep"


class Outline(Struct, frozen=True, tag="outline", tag_field="step", forbid_unknown_fields=True):
    """A sticker's edge around the subject."""

    width: Annotated[str, Meta(description="how wide: 2% of the longer side, or 12px; 0 for none")] = "0"
    colour: Annotated[str, Meta(description="its colour")] = "white"


class Shadow(Struct, frozen=True, tag="shadow", tag_field="step", forbid_unknown_fields=True):
    """A shadow of the subject, or its reflection, as a layer of its own."""

    kind: Annotated[
        Literal["none", "contact", "drop", "cast", "reflection"],
        Meta(description="contact lies where the subject stands, drop behind it, cast along the ground"),
    ] = "none"
    opacity: Annotated[int, Meta(description="how dark, in percent", ge=0, le=100)] = 45
    softness: Annotated[int, Meta(description="how soft, in percent of the subject's height", ge=0, le=50)] = 4
    angle: Annotated[int, Meta(description="where it falls, in degrees: 0 right, 90 down", ge=-360, le=360)] = 45
    length: Annotated[
        int, Meta(description="how far, in percent of the subject's height; 0 is what suits the kind", ge=0, le=200)
    ] = 0
    colour: Annotated[str, Meta(description="its colour")] = "black"


class Background(Struct, frozen=True, tag="background", tag_field="step", forbid_unknown_fields=True):
    """Put something behind the subject."""

    paint: Annotated[
        str,
        Meta(
            description="transparent, a CSS colour, linear-gradient(ANGLEdeg, COLOUR, ...), "
            "radial-gradient(COLOUR, ...), blur or blur(SHARE%) of the photograph's own background, studio or "
            "studio(COLOUR, horizon 66%, light 50%, contrast 50%), or a picture's path"
        ),
    ] = "transparent"
    fit: Annotated[
        Literal["cover", "contain", "tile"], Meta(description="how a picture fills the canvas; it is never stretched")
    ] = "cover"
    align: Annotated[
        str, Meta(description='which part of a picture is seen: center, top, bottom, left, right, or "X% Y%"')
    ] = "center"
    blend: Annotated[
        Literal["encoded", "linear"],
        Meta(description="encoded blends as viewers show a transparent file, linear as a camera would have seen it"),
    ] = "encoded"
    harmonise: Annotated[
        int,
        Meta(description="how far the subject takes on the light of a picture behind it, in percent", ge=0, le=100),
    ] = 0


class Save(Struct, frozen=True, tag="save", tag_field="step", forbid_unknown_fields=True):
    """How the file is written."""

    format: Annotated[
        str,
        Meta(
            description="png, jpg, webp, avif, tiff, bmp, psd, exr or exr-straight (layers), zip (colour and alpha); "
            "auto goes by the suffix, else PNG"
        ),
    ] = "auto"
    quality: Annotated[
        int,
        Meta(
            description="1 to 100 for JPEG, AVIF and WebP, where 100 is lossless; 0 is the format's own", ge=0, le=100
        ),
    ] = 0
    file_limit: Annotated[
        str, Meta(description="the largest file, such as 5MB or 200kB; quality is lowered until it fits")
    ] = "none"
    profile: Annotated[
        Literal["keep", "srgb"], Meta(description="keep the photograph's colour profile, or convert to sRGB")
    ] = "keep"
    bit_depth: Annotated[
        Literal["keep", "8"], Meta(description="keep 16 bits where the photograph has them, or 8 for all")
    ] = "keep"
    check_for: Annotated[
        str, Meta(description="the marketplace whose rules the written file is held against, such as amazon, or none")
    ] = "none"

    @property
    def max_bytes(self) -> int | None:
        """The limit in bytes. UsageError when it is none."""
        if self.file_limit == "none":
            return None
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kM]?)B", self.file_limit)
        if not found or not float(found[1]):
            raise UsageError(f"{self.file_limit!r} is not the size of a file", "give 5MB, 200kB, or none")
        return int(float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]])


PhotoStep = Restore | Cut | Upscale | Faces | Balance | Light | Colour | Style | Sharpen  # make the picture
CompositionStep = Frame | Outline | Shadow | Background  # put it on a canvas
Step = PhotoStep | CompositionStep | Save
STEP_ORDER: tuple[type[Step], ...] = get_args(Step)


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to a photograph, in order. `title` says in a few words what for."""

    steps: tuple[Step, ...]
    title: str = ""

    def __post_init__(self) -> None:
        kinds = [type(s) for s in self.steps]
        if not kinds:
            raise UsageError("the recipe has no steps", "add at least one, such as cut")
        if len(set(kinds)) < len(kinds):
            raise UsageError("the recipe has the same step twice", "merge the two")
        for before, after in pairwise(kinds):
            if STEP_ORDER.index(after) < STEP_ORDER.index(before):
                raise UsageError(
                    f"{_step_name(before)} comes before {_step_name(after)}", f"put {_step_name(after)} first"
                )
        if self.cut_step and self.cut_step.output == "matte" and self.has_composition:
            composing = next(k for k in kinds if issubclass(k, get_args(CompositionStep)))
            raise UsageError(f"a matte has no {_step_name(composing)}", 'leave it out or ask for output = "cutout"')

    @property
    def cut_step(self) -> Cut | None:
        return self.find_step(Cut)

    @property
    def has_composition(self) -> bool:
        """Whether anything is done to the picture after the cut."""
        return any(isinstance(s, CompositionStep) for s in self.steps)

    @property
    def save_step(self) -> Save:
        """How the file is written."""
        return self.find_step(Save) or Save()

    def find_step(self, step_type: type[S]) -> S | None:
        """The step of that kind, if the recipe has it."""
        return next((s for s in self.steps if isinstance(s, step_type)), None)

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self))

    def to_toml(self) -> str:
        """As a recipe file: each step with what differs from its defaults."""
        lines = [f"title = {json.dumps(self.title, ensure_ascii=False)}"] if self.title else []
        for step in self.steps:
            lines += ["", "[[steps]]", f'step = "{_step_name(type(step))}"']
            own = {f.name: getattr(step, f.name) for f in msgspec.structs.fields(step)}
            plain = type(step)()
            lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in own.items() if v != getattr(plain, k)]
        return "\n".join(lines).lstrip("\n") + "\n"


def _require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise UsageError(f"{name} is {value}", "give a number")


def _step_name(step: type[Step]) -> str:
    return step.__name__.lower()


def load_recipe(path: str | Path) -> Recipe:
    """Read a recipe from a TOML or JSON file. UsageError when it is missing, malformed or has unknown steps."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise UsageError(f"{path}: a recipe is a .toml or .json file", "rename it or convert it")
    try:
        content = path.read_bytes()
        return parse_recipe(msgspec.toml.decode(content) if suffix == ".toml" else msgspec.json.decode(content))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path of the recipe") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {error}", _spelling_hint(str(error))) from error


def parse_recipe(data: Any) -> Recipe:
    """The recipe that decoded TOML or JSON describes. msgspec.ValidationError, UsageError."""
    return msgspec.convert(replace_deprecated_steps(data), Recipe)


def recipe_json_schema() -> bytes:
    """The JSON Schema of recipes, from the classes above."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Recipe)))


def _spelling_hint(message: str) -> str:
    """What was meant, when a step or one of its fields is misspelt."""
    found = re.search(r"unknown field `(\w+)`|Invalid value '(\w+)'", message)
    known = {f.name for step in STEP_ORDER for f in msgspec.structs.fields(step)} | {
        _step_name(step) for step in STEP_ORDER
    }
    near = difflib.get_close_matches(found[1] or found[2], known, 1) if found else []
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}`mattebox recipes --schema` prints the steps and their fields"
