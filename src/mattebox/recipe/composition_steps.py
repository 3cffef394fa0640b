"""The steps that put the cutout on a canvas: frame, outline, shadow and background."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.recipe.field_types import CssColour, Percent, flat, switch
from mattebox.recipe.step import Step


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
    crop_to: Annotated[
        str,
        Meta(description='only this part of the photograph: all, or "X1% Y1% X2% Y2%", its corners in percent'),
    ] = "all"
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
