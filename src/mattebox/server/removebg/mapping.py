"""Mapping of a remove.bg request to a recipe.

Fields without a counterpart here (type_level, semitransparency) are checked and have no effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mattebox.errors import MatteboxError
from mattebox.io import header_check
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import AnyStep, Background, Cut, Frame, Save, Shadow
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.requests import RequestData
from mattebox.server.removebg import fields as parsing
from mattebox.server.removebg.errors import RemovebgError
from mattebox.server.removebg.fields import Fields

MAX_UPLOAD_BYTES, MAX_PIXELS = 22_000_000, 50_000_000
MAX_PNG_PIXELS = 10_000_000
BACKGROUND_IMAGE = "background.file"

ALTERNATIVES_BY_URL_FIELD = {  # other fields for the same image; the first one holds the file
    "image_url": ("image_file", "image", "image_file_b64"),
    "bg_image_url": ("bg_image_file", "bg_color"),
}


@dataclass(frozen=True)
class RecipeRequest:
    """A recipe to run on `source`, after shrinking it to `max_working_pixels`; `images` are those the recipe names.

    `subject_type` is what the client says it is.
    """

    recipe: Recipe
    source: EncodedPicture
    images: dict[str, EncodedPicture]
    max_working_pixels: int
    subject_type: str


@dataclass(frozen=True)
class _BackgroundChoice:
    """The requested background: its steps, the images they name, and whether it is opaque."""

    steps: tuple[AnyStep, ...] = ()
    images: dict[str, EncodedPicture] | None = None
    is_opaque: bool = False


def convert_request(request_data: RequestData, model: str, max_bytes: int = MAX_UPLOAD_BYTES) -> RecipeRequest:
    """Convert a request to a recipe.

    Parameters
    ----------
    request_data
        Fields and images of the request.
    model
        The model that cuts out.
    max_bytes
        Of the picture at most.

    Raises
    ------
    RemovebgError
        With remove.bg's code for the invalid field or image.
    """
    fields = {name: str(v).strip() for name, v in request_data.fields.items() if v not in (None, "")}
    source = _source_image(request_data, fields, max_bytes)
    max_pixels, subject_type = parsing.parse_size(fields), parsing.parse_subject_type(fields)
    header = _read_header(source)
    cut = _cut_step(fields, header, model)
    frame_steps, shadow_steps = _frame_steps(fields), _shadow_steps(fields)
    background = _choose_background(request_data, fields)
    file_format = parsing.parse_format(fields)
    if file_format == "auto":
        file_format = "jpg" if background.is_opaque else "png"
    background_steps = background.steps or ((Background(paint="white"),) if file_format == "jpg" else ())
    if file_format == "png":
        max_pixels = min(max_pixels, MAX_PNG_PIXELS)
    save = Save(format=file_format)
    # A matte is returned as it is.
    steps = (cut, save) if cut.output == "matte" else (cut, *frame_steps, *shadow_steps, *background_steps, save)
    working_pixels = _working_pixels(header, max_pixels)
    return RecipeRequest(Recipe(steps), source, background.images or {}, working_pixels, subject_type)


def _working_pixels(header: header_check.ImageHeader, max_pixels: float) -> int:
    pixels = header.width * header.height
    scale = min(1.0, math.sqrt(max_pixels / pixels))
    return round(pixels * scale * scale)


def _source_image(request_data: RequestData, fields: Fields, max_bytes: int) -> EncodedPicture:
    sources = [name for name in ("image_file", "image", "image_file_b64") if request_data.images.get(name)]
    sources += ["image_url"] if "image_url" in fields else []
    if not sources:
        raise RemovebgError("missing_source", "No image given", "Send one of image_file, image_file_b64 or image_url.")
    if len(sources) > 1:
        raise RemovebgError("multiple_sources", "Multiple image sources given", "Send exactly one image.")
    if sources[0] == "image_url":
        parsing.check_url(fields["image_url"], "invalid_image_url")
        raise RemovebgError("failed_image_download", "Image URLs are off on this server", "Send the image itself.")
    picture = request_data.images[sources[0]]
    if len(picture) > max_bytes:
        raise RemovebgError("file_too_large", "File too large", f"At most {max_bytes / 1e6:g} MB.")
    return picture


def _read_header(source: EncodedPicture) -> header_check.ImageHeader:
    try:
        header = source.header
    except header_check.UnknownFormat as error:
        raise RemovebgError("invalid_file_type", error.problem, error.remedy) from None
    except header_check.ImplausibleSize as error:
        raise RemovebgError("invalid_dimensions", error.problem, error.remedy) from None
    except MatteboxError as error:
        raise RemovebgError("failed_to_read_image", error.problem, error.remedy) from None
    if header.width * header.height > MAX_PIXELS:
        raise RemovebgError("resolution_too_high", "Image too large", f"At most {MAX_PIXELS // 1_000_000} megapixels.")
    return header


def _cut_step(fields: Fields, header: header_check.ImageHeader, model: str) -> Cut:
    output = parsing.parse_channels(fields)
    parsing.check_semitransparency(fields)
    region = parsing.parse_region(fields, header.width, header.height)
    return Cut(model=model, region=region, output=output)  # type: ignore[arg-type]


def _frame_steps(fields: Fields) -> tuple[AnyStep, ...]:
    crops = parsing.parse_flag(fields, "crop", "invalid_crop_margin")
    margin = parsing.parse_margin(fields) if crops else "0"
    fill = parsing.parse_fill(fields)
    position = parsing.parse_position(fields, default="original" if fill == "any" else "center")
    if fill == "any" and position != "original" and not crops:
        fill = "original"
    if not crops and fill == "any":
        return ()
    return (Frame(crop="subject" if crops else "nothing", margin=margin, fill=fill, position=position),)


def _shadow_steps(fields: Fields) -> tuple[AnyStep, ...]:
    kind, opacity = parsing.parse_shadow(fields)
    return () if kind == "none" else (Shadow(kind=kind, opacity=opacity),)  # type: ignore[arg-type]


def _choose_background(request_data: RequestData, fields: Fields) -> _BackgroundChoice:
    image = request_data.images.get("bg_image_file")
    sources = [name for name in ("bg_color", "bg_image_url") if name in fields] + (["bg_image_file"] if image else [])
    if len(sources) > 1:
        raise RemovebgError("multiple_bg_sources", "Multiple background sources given", "Send at most one.")
    if "bg_image_url" in fields:
        parsing.check_url(fields["bg_image_url"], "invalid_bg_image_url")
        raise RemovebgError("failed_bg_download", "Image URLs are off on this server", "Send bg_image_file.")
    if image:
        return _BackgroundChoice((Background(paint=BACKGROUND_IMAGE),), {BACKGROUND_IMAGE: image}, is_opaque=True)
    if "bg_color" not in fields:
        return _BackgroundChoice()
    paint = parsing.parse_background_colour(fields["bg_color"])
    if paint is None:
        return _BackgroundChoice()
    opacity_digits = paint[-(len(paint) // 4) :].lower() if len(paint) in (5, 9) and paint[0] == "#" else "f"
    return _BackgroundChoice((Background(paint=paint),), is_opaque=set(opacity_digits) == {"f"})
