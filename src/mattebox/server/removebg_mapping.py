"""remove.bg's API, so that what speaks it needs only another host name: its fields as our recipe, its errors.

Written from the public description of version 1.0. Fields without a meaning here (type_level, semitransparency) are
accepted and change nothing. Knows nothing of how a recipe is carried out.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from mattebox.errors import MatteboxError, UsageError
from mattebox.io import colour, header_check
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import AnyStep, Background, Cut, Frame, Save, Shadow
from mattebox.server.http.requests import RequestData, decode_base64

SIZE_MEGAPIXELS = {  # megapixels of the result at most
    "preview": 0.25, "small": 0.25, "regular": 0.25, "medium": 1.5, "hd": 4, "full": 25, "4k": 25,
    "50mp": 50, "auto": 50,
}  # fmt: skip
MAX_PNG_MEGAPIXELS = 10  # megapixels
OUTPUT_FORMATS = {"auto": "auto", "png": "png", "jpg": "jpg", "jpeg": "jpg", "zip": "zip", "webp": "webp"}
SHADOW_KINDS = {"none": "none", "auto": "contact", "car": "contact", "3d": "contact", "drop": "drop"}
SUBJECT_TYPES = ("person", "product", "car", "animal", "graphic", "transportation", "other")
MAX_UPLOAD_BYTES, MAX_PIXELS = 22_000_000, 50_000_000
MAX_MARGIN_PIXELS = 500  # pixels a side

URL_FIELDS = {  # field that holds an address -> the fields it excludes, first the one it stands for
    "image_url": ("image_file", "image", "image_file_b64"),
    "bg_image_url": ("bg_image_file", "bg_color"),
}

STATUS_BY_CODE = {
    "auth_failed": 403,
    "insufficient_credits": 402,
    "rate_limit_exceeded": 429,
    "internal": 500,
    "busy": 503,
}


class RemovebgError(Exception):
    """An answer in remove.bg's form: `{"errors": [{"title", "code", "detail"}]}`."""

    def __init__(self, code: str, title: str, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(title)
        self.code, self.title, self.detail, self.headers = code, title, detail, headers or {}

    @property
    def status(self) -> int:
        return STATUS_BY_CODE.get(self.code, 400)

    def body(self) -> dict[str, Any]:
        error = {"title": self.title, "code": self.code} | ({"detail": self.detail} if self.detail else {})
        return {"errors": [error]}


@dataclass(frozen=True)
class RecipeRequest:
    """What is to be done: a recipe to `source`, shrunk to `max_working_pixels` first; `images` that the recipe names."""

    recipe: Recipe
    source: bytes
    images: dict[str, bytes]
    max_working_pixels: int


def convert_request(request_data: RequestData, model: str) -> RecipeRequest:
    """A request as an order. Refused with remove.bg's own codes."""
    text = {k: str(v).strip() for k, v in request_data.fields.items() if v not in (None, "")}
    source = _source_image(request_data, text)
    most = _parse_size(text)
    found = _sniff_header(source)
    scale = min(1.0, math.sqrt(most / (found.width * found.height)))
    steps: list[AnyStep] = [_cut_step(text, found, model)]
    steps += _frame_steps(text)
    steps += _shadow_steps(text)
    background, images, opaque = _background_steps(request_data, text)
    kind = _parse_format(text)
    if kind == "auto":
        kind = "jpg" if opaque else "png"
    steps += background or ([Background(paint="white")] if kind == "jpg" else [])
    steps.append(Save(format=kind))
    if kind == "png":
        scale = min(scale, math.sqrt(MAX_PNG_MEGAPIXELS * 1e6 / (found.width * found.height)))
    pixels = round(found.width * found.height * scale * scale)
    if isinstance(steps[0], Cut) and steps[0].output == "matte":
        steps = [steps[0], steps[-1]]
    return RecipeRequest(Recipe(tuple(steps)), source, images, pixels)


def convert_error(error: MatteboxError, code: str = "failed_to_read_image") -> RemovebgError:
    """One of our errors in remove.bg's words."""
    codes = {"NoSubject": "unknown_foreground", "InputTooLarge": "resolution_too_high", "ServerBusy": "busy",
             "TaskTimeout": "internal", "WorkerLost": "internal"}  # fmt: skip
    wait = getattr(error, "retry_after", None)
    return RemovebgError(
        codes.get(type(error).__name__, code), error.problem, error.remedy, {"Retry-After": str(wait)} if wait else None
    )


def _source_image(request_data: RequestData, fields: dict[str, str]) -> bytes:
    given = [n for n in ("image_file", "image") if request_data.images.get(n)] + [
        n for n in ("image_file_b64", "image_url") if n in fields
    ]
    if not given:
        raise RemovebgError("missing_source", "No image given", "Send one of image_file, image_file_b64 or image_url.")
    if len(given) > 1:
        raise RemovebgError("multiple_sources", "Multiple image sources given", "Send exactly one image.")
    if given[0] == "image_url":
        _check_url(fields["image_url"], "invalid_image_url")
        raise RemovebgError("failed_image_download", "Image URLs are off on this server", "Send the image itself.")
    data = (
        request_data.images[given[0]]
        if given[0] in request_data.images
        else _decode_image_field(fields["image_file_b64"])
    )
    if len(data) > MAX_UPLOAD_BYTES:
        raise RemovebgError("file_too_large", "File too large", f"At most {MAX_UPLOAD_BYTES // 1_000_000} MB.")
    return data


def _check_url(url: str, code: str) -> None:
    if not re.match(r"https?://[^/\s]+", url, re.IGNORECASE):
        raise RemovebgError(code, f"Invalid address {url[:40]!r}", "Give one that starts with http:// or https://.")


def _decode_image_field(value: str) -> bytes:
    from mattebox.server.http.problems import Problem

    try:
        return decode_base64(value, "image_file_b64")
    except Problem as error:
        raise RemovebgError("failed_to_read_image", "image_file_b64 is not base64", error.remedy) from None


def _sniff_header(source: bytes) -> header_check.ImageHeader:
    try:
        found = header_check.read_header(source, "the image")
    except MatteboxError as error:
        kind = header_check.identify_format(source)
        code = "invalid_file_type" if kind is None else "failed_to_read_image"
        if kind is not None and header_check.is_zero_sized(source, kind):
            code = "invalid_dimensions"
        raise RemovebgError(code, error.problem, error.remedy) from None
    if found.width * found.height > MAX_PIXELS:
        raise RemovebgError("resolution_too_high", "Image too large", f"At most {MAX_PIXELS // 1_000_000} megapixels.")
    return found


def _parse_size(fields: dict[str, str]) -> float:
    size = fields.get("size", "preview").lower()
    if size not in SIZE_MEGAPIXELS:
        raise RemovebgError("invalid_size", f"Invalid size {size[:40]!r}", f"One of {', '.join(SIZE_MEGAPIXELS)}.")
    return SIZE_MEGAPIXELS[size] * 1e6


def _parse_format(fields: dict[str, str]) -> str:
    kind = fields.get("format", "auto").lower()
    if kind not in OUTPUT_FORMATS:
        raise RemovebgError("invalid_format", f"Invalid format {kind[:40]!r}", f"One of {', '.join(OUTPUT_FORMATS)}.")
    return OUTPUT_FORMATS[kind]


def _cut_step(fields: dict[str, str], image_header: header_check.ImageHeader, model: str) -> Cut:
    channels = fields.get("channels", "rgba").lower()
    if channels not in ("rgba", "alpha"):
        raise RemovebgError("invalid_channels", f"Invalid channels {channels[:40]!r}", "rgba or alpha.")
    if fields.get("semitransparency", "true").lower() not in ("true", "false", "1", "0"):
        raise RemovebgError("invalid_semitransparency", "Invalid semitransparency", "true or false.")
    return Cut(
        model=model, region=_parse_region(fields, image_header), output="matte" if channels == "alpha" else "cutout"
    )


def _parse_region(fields: dict[str, str], image_header: header_check.ImageHeader) -> str:
    """The roi in percent, so that it holds for the shrunk picture too."""
    if "roi" not in fields:
        return "all"
    lengths = [re.fullmatch(r"(-?\d+(?:\.\d+)?)(px|%)?", w) for w in fields["roi"].replace(",", " ").split()]
    if len(lengths) != 4 or None in lengths:
        raise RemovebgError("invalid_roi", "Invalid roi", "Four lengths in px or %: x1 y1 x2 y2.")
    sides = (image_header.width, image_header.height, image_header.width, image_header.height)
    x1, y1, x2, y2 = (
        float(m[1]) if m[2] == "%" else 100 * float(m[1]) / side for m, side in zip(lengths, sides, strict=True) if m
    )
    if min(x1, y1) < 0 or max(x2, y2) > 100.001:
        raise RemovebgError("roi_exceeds_bounds", "The roi exceeds the image", "Stay inside the image.")
    if x2 <= x1 or y2 <= y1:
        raise RemovebgError(
            "roi_region_empty", "The roi is empty", "x1 y1 is the upper left corner, x2 y2 the lower right."
        )
    return " ".join(f"{min(v, 100.0):.4f}%" for v in (x1, y1, x2, y2))


def _frame_steps(fields: dict[str, str]) -> list[AnyStep]:
    crop = _parse_flag(fields, "crop", "invalid_crop_margin")
    margin = _parse_margin(fields.get("crop_margin", "0")) if crop else "0"
    scale, position = fields.get("scale", "original").lower(), fields.get("position", "").lower()
    fill = "any"
    if scale != "original":
        share = re.fullmatch(r"(\d+(?:\.\d+)?)%?", scale)
        if not share or not 10 <= float(share[1]) <= 100:
            raise RemovebgError("invalid_scale", f"Invalid scale {scale[:40]!r}", "10% to 100%, or original.")
        fill = f"{share[1]}%"
    if not position:
        position = "original" if fill == "any" else "center"
    percent = r"\d+(?:\.\d+)?%"
    if position not in ("original", "center") and not re.fullmatch(rf"{percent}(\s+{percent})?", position):
        raise RemovebgError(
            "invalid_position", f"Invalid position {position[:40]!r}", "original, center, or one or two of 0% to 100%."
        )
    if any(float(v) > 100 for v in re.findall(r"(\d+(?:\.\d+)?)%", position)):
        raise RemovebgError("invalid_position", "The position is outside the image", "0% to 100%.")
    if fill == "any" and position != "original" and not crop:
        fill = "original"
    if not crop and fill == "any":
        return []
    return [Frame(crop="subject" if crop else "nothing", margin=margin, fill=fill, position=position)]


def _parse_margin(text: str) -> str:
    """Margins of the subject as margins of the result: a share m of the subject is m / (1 + all) of the whole."""
    words = text.replace(",", " ").split()
    found = [re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", w) for w in words]
    if len(words) not in (1, 2, 4) or None in found:
        raise RemovebgError(
            "invalid_crop_margin", f"Invalid crop_margin {text[:40]!r}", "One, two or four lengths in px or %."
        )
    values = [(float(m[1]), m[2] == "%") for m in found if m]
    top, right, bottom, left = values * (4 // len(values))
    if any(v > (50 if share else MAX_MARGIN_PIXELS) for v, share in values):
        raise RemovebgError(
            "invalid_crop_margin", "crop_margin is too large", f"At most 50% or {MAX_MARGIN_PIXELS}px a side."
        )

    def of_whole(value: tuple[float, bool], other: tuple[float, bool]) -> str:
        if not value[1]:
            return f"{value[0]:g}px"
        return f"{100 * value[0] / (100 + value[0] + (other[0] if other[1] else 0)):.4f}%"

    return " ".join((of_whole(top, bottom), of_whole(right, left), of_whole(bottom, top), of_whole(left, right)))


def _shadow_steps(fields: dict[str, str]) -> list[AnyStep]:
    kind = fields.get(
        "shadow_type", "auto" if _parse_flag(fields, "add_shadow", "invalid_shadow_type") else "none"
    ).lower()
    if kind not in SHADOW_KINDS:
        raise RemovebgError(
            "invalid_shadow_type", f"Invalid shadow_type {kind[:40]!r}", f"One of {', '.join(SHADOW_KINDS)}."
        )
    strength = fields.get("shadow_opacity", "45")
    if not re.fullmatch(r"\d{1,3}", strength) or int(strength) > 100:
        raise RemovebgError("invalid_shadow_opacity", "Invalid shadow_opacity", "0 to 100.")
    return [] if kind == "none" else [Shadow(kind=SHADOW_KINDS[kind], opacity=int(strength))]  # type: ignore[arg-type]


def _background_steps(
    request_data: RequestData, fields: dict[str, str]
) -> tuple[list[AnyStep], dict[str, bytes], bool]:
    """The step that lays something behind, the image it needs, and whether nothing shines through it."""
    given = [n for n in ("bg_color", "bg_image_url") if n in fields] + (
        ["bg_image_file"] if request_data.images.get("bg_image_file") else []
    )
    if len(given) > 1:
        raise RemovebgError("multiple_bg_sources", "Multiple background sources given", "Send at most one.")
    if given == ["bg_image_url"]:
        _check_url(fields["bg_image_url"], "invalid_bg_image_url")
        raise RemovebgError("failed_bg_download", "Image URLs are off on this server", "Send bg_image_file.")
    if given == ["bg_image_file"]:
        return [Background(paint="background.file")], {"background.file": request_data.images["bg_image_file"]}, True
    if not given:
        return [], {}, False
    paint = fields["bg_color"]
    if re.fullmatch(r"[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}", paint):
        paint = f"#{paint}"
    if not re.fullmatch(r"#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", paint):
        try:
            colour.parse_colour(paint)
        except UsageError as error:
            raise RemovebgError("invalid_bg_color", f"Invalid bg_color {paint[:40]!r}", error.remedy) from None
    opacity = paint[-(len(paint) // 4) :].lower() if len(paint) in (5, 9) and paint[0] == "#" else "f"
    if set(opacity) == {"0"}:
        return [], {}, False
    return [Background(paint=paint)], {}, set(opacity) == {"f"}


def _parse_flag(fields: dict[str, str], name: str, code: str) -> bool:
    value = fields.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise RemovebgError(code, f"{name} is neither true nor false", "true or false.")
    return value in ("true", "1")


def removebg_headers(metadata: dict[str, Any], subject_type: str, is_charged: bool) -> dict[str, str]:
    """X-Width and the like from what a worker told; `subject_type` is what the caller says it is, for nothing here looks."""
    left, top, right, bottom = metadata.get("box", (0, 0, metadata["width"], metadata["height"]))
    return {
        "X-Type": subject_type if subject_type in SUBJECT_TYPES else "other",
        "X-Width": str(metadata["width"]),
        "X-Height": str(metadata["height"]),
        "X-Max-Width": str(metadata["stored_width"]),
        "X-Max-Height": str(metadata["stored_height"]),
        "X-Credits-Charged": str(int(is_charged)),
        "X-Foreground-Top": str(top),
        "X-Foreground-Left": str(left),
        "X-Foreground-Width": str(right - left),
        "X-Foreground-Height": str(bottom - top),
    }
