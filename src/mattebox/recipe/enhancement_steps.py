"""The steps that enhance the photograph: noise, size, faces, light, colours, style and sharpness."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.recipe.field_types import Area, Effort, Percent, SignedPercent, flat
from mattebox.recipe.step import Step, require_finite


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
        str,
        Meta(description="the network that finds faces: detect-1, yunet, centerface, or a card's path"),
        flat("faces_finder"),
    ] = "detect-1"


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
        require_finite("exposure", self.exposure)


class Colour(Step, frozen=True):
    """Adjust the strength and the warmth of colours."""

    saturation: Annotated[SignedPercent, Meta(description="in percent; -100 is grey")] = 0
    vibrance: Annotated[SignedPercent, Meta(description="the same, but less of what is colourful already, or skin")] = 0
    warmth: Annotated[SignedPercent, Meta(description="in percent; above 0 is warmer, below 0 cooler")] = 0
    only: Annotated[Area, flat("colour_only")] = "all"


class Style(Step, frozen=True):
    """Apply an artistic style, or the colours of another picture."""

    picture: Annotated[
        str,
        Meta(
            description="watercolour, glass or swirl; or the path of the picture whose colours or style to apply; or "
            "none"
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
        require_finite("sharpen radius", self.radius)
