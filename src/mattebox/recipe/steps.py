"""The steps of recipes and their parameters: flags, form fields and the JSON schema derive from them.

A step is a frozen struct with a default for every field; a field's description is its help text everywhere.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, StructMeta
from msgspec.structs import force_setattr

from mattebox.errors import UsageError
from mattebox.recipe.deprecated_names import current_field, current_words
from mattebox.recipe.field_types import Area, CssColour, Effort, Percent, SignedPercent, flat, switch


class StepMeta(StructMeta):
    """Type of the steps, which accepts the old names of fields where a step is made."""

    def __call__(self, *args: Any, **fields: Any) -> Any:
        return super().__call__(*args, **{current_field(self.__name__.lower(), f): v for f, v in fields.items()})


class Step(Struct, frozen=True, tag=str.lower, tag_field="step", forbid_unknown_fields=True, metaclass=StepMeta):
    """Base of all steps."""

    def __post_init__(self) -> None:
        for field, word in current_words(self.tag(), {f: getattr(self, f) for f in self.__struct_fields__}).items():
            force_setattr(self, field, word)

    @classmethod
    def tag(cls) -> str:
        """The step's name in recipes."""
        return cls.__name__.lower()


class Restore(Step, frozen=True):
    """Remove noise, slight blur and JPEG artefacts, before all other steps."""

    amount: Annotated[
        str,
        Meta(description="none, auto (as much as the photograph needs), or a number from 0 to 1"),
        flat("restore"),
    ] = "none"
    model: Annotated[
        str, Meta(description="the network for it: standard, or a card's name or path"), flat("restore_model")
    ] = "standard"
    effort: Annotated[
        Effort,
        Meta(description="best averages eight rotated and mirrored passes: slower"),
        flat("restore_effort"),
    ] = "quick"


class Cut(Step, frozen=True):
    """Cut the subject out of its background."""

    model: Annotated[str, Meta(description="fast, balanced, best, a card's name, or the path of a card")] = "balanced"
    votes: Annotated[
        int,
        Meta(
            ge=0,
            le=8,
            description="views that the network averages, mirrored and at other sizes; 0 is the model's own number",
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
        Literal["warn", "keep", "refuse"],
        Meta(
            description="when it is not clear what the subject is: warn keeps the cutout and adds a note, and is an "
            "error only where nothing stands out; keep adds no note; refuse is an error"
        ),
    ] = "warn"
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
            "such as person or person+dog, where the model knows classes"
        ),
    ] = "all"
    trimap: Annotated[
        str,
        Meta(
            description="path of a grey picture: 0 is background, 255 subject, 128 unknown, which is worked out at the "
            "photograph's own size without a network; or none"
        ),
    ] = "none"
    garbage: Annotated[
        str, Meta(description="path of a grey picture (garbage matte): what is white is not subject; or none")
    ] = "none"
    holdout: Annotated[
        str,
        Meta(description="path of a grey picture (holdout matte): what is white lies in front of the subject; or none"),
    ] = "none"
    core: Annotated[str, Meta(description="path of a grey picture (core matte): what is white is subject; or none")] = (
        "none"
    )
    by: Annotated[
        str,
        Meta(
            description="auto, network, artwork (logos, drawings, sprites and screenshots on one exact colour, which "
            "auto recognises), screen or screen(#00b140), luma, or plate(PATH), a picture of the empty scene"
        ),
    ] = "auto"
    holes: Annotated[
        Literal["keep", "open", "auto"],
        Meta(
            description="background seen through the subject that the matte has filled, such as the gap between arm "
            "and body or a letter's counter: keep it so, open what is likely, or (auto) only what is certain"
        ),
    ] = "auto"
    tolerance: Annotated[
        Literal["tight", "normal", "loose"],
        Meta(description="of a screen, luma or plate: tight removes only certain background, loose removes more"),
    ] = "normal"
    output: Annotated[
        Literal["cutout", "matte"],
        Meta(description="the cutout, or its matte as a grey picture"),
        switch("matte_only", "matte", "write the matte as a grey picture instead of the cutout"),
    ] = "cutout"

    @property
    def required_model(self) -> str | None:
        """The model it needs, if it needs one."""
        return self.model if self.by.strip() in ("auto", "network") and self.trimap == "none" else None


class Upscale(Step, frozen=True):
    """Upscale with added detail; transparency is upscaled too."""

    to: Annotated[
        str, Meta(description="none, how many times (2x, 1.5x), or the longer side (4000px)"), flat("upscale")
    ] = "none"
    model: Annotated[
        str,
        Meta(
            description="the networks for it: faithful for clean photographs, real for blurred, noisy or compressed "
            "ones, or a card's name or path"
        ),
        flat("upscale_model"),
    ] = "faithful"
    detail: Annotated[
        Percent,
        Meta(description="how much of the network's detail, in percent; 0 is plain Lanczos"),
        flat("upscale_detail"),
    ] = 100
    denoise: Annotated[
        Percent,
        Meta(
            description="how much of the noise goes, in percent, for networks with a twin that keeps it: "
            "realesr-general"
        ),
        flat("upscale_denoise"),
    ] = 100
    effort: Annotated[
        Effort,
        Meta(description="best averages eight rotated and mirrored passes: slower"),
        flat("upscale_effort"),
    ] = "quick"


class Faces(Step, frozen=True):
    """Restore blurred faces with a published network."""

    strength: Annotated[
        Percent,
        Meta(description="strength in percent: 50 keeps the likeness, 100 uses only the network's face"),
        flat("faces"),
    ] = 0
    model: Annotated[
        str,
        Meta(description="the network for it: gfpgan, codeformer, codeformer@faithful, or a card's path"),
        flat("faces_model"),
    ] = "gfpgan"
    finder: Annotated[
        str, Meta(description="the network that finds faces: yunet, or a card's path"), flat("faces_finder")
    ] = "yunet"


class Balance(Step, frozen=True):
    """Correct the white balance."""

    white: Annotated[
        str,
        Meta(
            description="none, auto, grey (its mean is grey), a light such as 3200K, or the place of something grey, "
            '"X,Y" in px or %'
        ),
        flat("balance"),
    ] = "none"
    strength: Annotated[Percent, Meta(description="how much of it, in percent"), flat("balance_strength")] = 100
    only: Annotated[Area, flat("balance_only")] = "all"


class Light(Step, frozen=True):
    """Adjust exposure and contrast."""

    light: Annotated[
        Literal["none", "auto"], Meta(description="auto corrects exposure and contrast as far as the photograph needs")
    ] = "none"
    exposure: Annotated[float, Meta(description="stops brighter, or darker below 0", ge=-5, le=5)] = 0.0
    contrast: Annotated[SignedPercent, Meta(description="in percent; below 0 is flatter")] = 0
    highlights: Annotated[SignedPercent, Meta(description="in percent; below 0 darkens what is bright")] = 0
    shadows: Annotated[SignedPercent, Meta(description="in percent; above 0 brightens what is dark")] = 0
    clarity: Annotated[SignedPercent, Meta(description="local contrast, in percent; below 0 is softer")] = 0
    strength: Annotated[Percent, Meta(description="how much of it all, in percent"), flat("light_strength")] = 100
    only: Annotated[Area, flat("light_only")] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_finite("exposure", self.exposure)


class Colour(Step, frozen=True):
    """Adjust the strength of colours."""

    saturation: Annotated[SignedPercent, Meta(description="in percent; -100 is grey")] = 0
    vibrance: Annotated[SignedPercent, Meta(description="the same, but less of what is colourful already, or skin")] = 0
    only: Annotated[Area, flat("colour_only")] = "all"


class Style(Step, frozen=True):
    """Apply an artistic style, or the colours of another picture."""

    picture: Annotated[
        str,
        Meta(
            description="watercolour, mosaic, glass, points or swirl; or the path of the picture whose colours or "
            "style to apply; or none"
        ),
        flat("style"),
    ] = "none"
    method: Annotated[
        Literal["monge", "reinhard", "adain"],
        Meta(
            description="of a picture: monge turns colours as a whole, reinhard moves each by itself, adain paints in "
            "its style (needs the model adain)"
        ),
        flat("style_method"),
    ] = "monge"
    strength: Annotated[Percent, Meta(description="how far, in percent"), flat("style_strength")] = 60
    only: Annotated[Area, flat("style_only")] = "all"


class Sharpen(Step, frozen=True):
    """Sharpen without halos."""

    amount: Annotated[
        int, Meta(description="how much, in percent; 80 is a good start", ge=0, le=300), flat("sharpen")
    ] = 0
    radius: Annotated[
        float, Meta(description="of what is sharpened, in pixels", ge=0.3, le=20), flat("sharpen_radius")
    ] = 1.0
    threshold: Annotated[
        int,
        Meta(description="what differs less than this many times the noise is left alone", ge=0, le=10),
        flat("sharpen_threshold"),
    ] = 2
    halo: Annotated[
        int,
        Meta(description="how far past its surroundings an edge may go, in percent of full light", ge=0, le=20),
        flat("sharpen_halo"),
    ] = 2
    only: Annotated[Area, flat("sharpen_only")] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_finite("sharpen radius", self.radius)


class Frame(Step, frozen=True):
    """Crop, canvas, size and position. Nothing is ever stretched."""

    rotate: Annotated[
        str, Meta(description="degrees clockwise, or upright: a leaning product is set straight by its outline")
    ] = "0"
    crop: Annotated[
        Literal["nothing", "subject"],
        Meta(description="subject crops to the subject's box, then adds the margin"),
        switch("crop", "subject", "crop to the subject's box, then add the margin"),
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
        Meta(description="clear makes faint remains outside the subject's box transparent"),
    ] = "keep"


class Outline(Step, frozen=True):
    """A sticker's edge around the subject."""

    width: Annotated[str, Meta(description="how wide: 2% of the longer side, or 12px; 0 for none"), flat("outline")] = (
        "0"
    )
    colour: Annotated[CssColour, flat("outline_colour")] = "white"


class Shadow(Step, frozen=True):
    """A shadow of the subject, or its reflection, as a layer of its own."""

    kind: Annotated[
        Literal["none", "contact", "drop", "cast", "reflection"],
        Meta(description="contact lies where the subject stands, drop behind it, cast along the ground"),
        flat("shadow"),
    ] = "none"
    opacity: Annotated[Percent, Meta(description="how dark, in percent"), flat("shadow_opacity")] = 45
    softness: Annotated[
        int, Meta(description="how soft, in percent of the subject's height", ge=0, le=50), flat("shadow_softness")
    ] = 4
    angle: Annotated[
        int, Meta(description="where it falls, in degrees: 0 right, 90 down", ge=-360, le=360), flat("shadow_angle")
    ] = 45
    length: Annotated[
        int,
        Meta(description="how far, in percent of the subject's height; 0 is what suits the kind", ge=0, le=200),
        flat("shadow_length"),
    ] = 0
    colour: Annotated[CssColour, flat("shadow_colour")] = "black"


class Background(Step, frozen=True):
    """Set the background."""

    paint: Annotated[
        str,
        Meta(
            description="transparent, a CSS colour, linear-gradient(ANGLEdeg, COLOUR, ...), "
            "radial-gradient(COLOUR, ...), blur or blur(SHARE%) of the photograph's own background, studio or "
            "studio(COLOUR, horizon 66%, light 50%, contrast 50%), or a picture's path"
        ),
        flat("background"),
    ] = "transparent"
    fit: Annotated[
        Literal["cover", "contain", "tile"],
        Meta(description="how a picture fills the canvas; it is never stretched"),
        flat("background_fit"),
    ] = "cover"
    align: Annotated[
        str,
        Meta(description='which part of a picture is seen: center, top, bottom, left, right, or "X% Y%"'),
        flat("background_align"),
    ] = "center"
    blend: Annotated[
        Literal["encoded", "linear"],
        Meta(description="encoded blends as viewers show a transparent file, linear as a camera would have seen it"),
    ] = "encoded"
    harmonise: Annotated[
        Percent, Meta(description="how far the subject takes on the light of a picture behind it, in percent")
    ] = 0


class Save(Step, frozen=True):
    """How the file is written."""

    format: Annotated[
        str,
        Meta(
            description="png, jpg, webp, avif, tiff, bmp, psd, exr or exr-straight (layers), zip (colour and alpha); "
            "auto goes by the suffix, else PNG"
        ),
    ] = "auto"
    quality: Annotated[
        Percent,
        Meta(description="1 to 100 for JPEG, AVIF and WebP, where 100 is lossless; 0 is the format's own"),
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
        """The file limit in bytes, or None for none. UsageError when it is not a size."""
        if self.file_limit == "none":
            return None
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kM]?)B", self.file_limit)
        if not match or not float(match[1]):
            raise UsageError(f"{self.file_limit!r} is not the size of a file", "give 5MB, 200kB, or none")
        return int(float(match[1]) * {"": 1, "k": 1e3, "M": 1e6}[match[2]])


PhotoStep = Restore | Cut | Upscale | Faces | Balance | Light | Colour | Style | Sharpen  # change the picture itself
CompositionStep = Frame | Outline | Shadow | Background  # put it on a canvas
AnyStep = PhotoStep | CompositionStep | Save
STEP_ORDER: tuple[type[Step], ...] = get_args(AnyStep)


def _require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise UsageError(f"{name} is {value}", "give a number")
