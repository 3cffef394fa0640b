"""Parameters of `cut` and `enhance` and their types, and whatever else the functions take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, TypedDict

from numpy.typing import NDArray

from mattebox.recipe.field_types import Area, Effort
from mattebox.recipe.scene_step import SceneName
from mattebox.types import DepthMap, Picture

if TYPE_CHECKING:
    from mattebox.core.pillow_conversion import PilImage
else:
    PilImage = Any  # annotations can be evaluated without Pillow

Image: TypeAlias = Picture | NDArray[Any] | PilImage
"""A picture in memory: a Picture, a NumPy array (see `Picture.from_array`), or a Pillow image."""

PictureSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image
"""A path, the bytes of a file, a binary file object, or a picture in memory."""

NameOrPath: TypeAlias = str | os.PathLike[str]
"""A name, or the path of a file."""

Colour: TypeAlias = tuple[int, int, int] | tuple[int, int, int, int]
"""(red, green, blue) or (red, green, blue, alpha), each from 0 to 255."""

LabelPosition: TypeAlias = Literal[
    "bottom-right", "bottom-left", "bottom", "top-right", "top-left", "top", "left", "right", "centre"
]
"""Where a label stands."""

Marks: TypeAlias = Sequence[Any]
"""A point (x, y), a box (left, top, right, bottom), or a list of points, boxes and strokes (lists of points).

In pixels, or as shares from 0 to 1."""


class EnhanceParameters(TypedDict, total=False):
    """Parameters of `enhance`: the fields of its steps."""

    scene: SceneName
    scene_keep: str
    hide: Literal["none", "all", "faces", "plates"]
    hide_method: Literal["fill", "mosaic", "blur"]
    hide_shape: Literal["ellipse", "box"]
    hide_except: str | int | Sequence[int]
    hide_require: bool
    hide_growth: int
    hide_sensitivity: int
    hide_detector: NameOrPath
    heal: NameOrPath | Image
    restore: str | float
    restore_model: NameOrPath
    restore_effort: Effort
    upscale: str | float
    upscale_model: NameOrPath
    upscale_detail: int
    upscale_denoise: int
    upscale_effort: Effort
    faces: int
    faces_model: NameOrPath
    faces_finder: NameOrPath
    dehaze: int
    far_light: float
    distance_depth: NameOrPath | Image | DepthMap
    balance: str | float | tuple[float, float]
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
    warmth: int
    colour_only: Area
    style: NameOrPath | Image
    style_method: Literal["monge", "reinhard", "adain"]
    style_strength: int
    style_only: Area
    sharpen: int
    sharpen_radius: float
    sharpen_threshold: int
    sharpen_halo: int
    sharpen_only: Area
    bokeh: str | float
    bokeh_focus: str | tuple[float, float]
    bokeh_aperture: Literal["disc", "5", "6", "7", "8", "9", "anamorphic", "cats-eye", "swirl"]
    bokeh_depth: NameOrPath | Image | DepthMap
    bokeh_highlights: int
    bokeh_grain: int
    label: str
    label_logo: NameOrPath | Image
    label_position: LabelPosition
    label_size: float
    label_opacity: int
    label_colour: str | Colour
    format: str
    quality: int
    file_limit: str | int
    profile: Literal["keep", "srgb"]
    bit_depth: Literal["keep", "8"]
    check_for: str
    sign: bool
    mark_source: bool
    watermark: str


class HidingParameters(TypedDict, total=False):
    """How `anonymise` and `anonymise_video` hide things."""

    hide_method: Literal["fill", "mosaic", "blur"]
    hide_shape: Literal["ellipse", "box"]
    hide_require: bool
    hide_growth: int
    hide_sensitivity: int
    hide_detector: NameOrPath


class AnonymiseVideoParameters(HidingParameters, total=False):
    """Parameters of `anonymise_video`, besides what is hidden."""

    label: str
    label_position: LabelPosition
    label_size: float
    label_opacity: int
    label_colour: str | Colour
    sign: bool


class AnonymiseParameters(HidingParameters, total=False):
    """Parameters of `anonymise`, besides what is hidden: how, and how the file is written."""

    hide_except: str | int | Sequence[int]
    format: str
    quality: int
    file_limit: str | int
    profile: Literal["keep", "srgb"]
    bit_depth: Literal["keep", "8"]
    check_for: str
    sign: bool
    mark_source: bool
    watermark: str


class RotoscopeParameters(TypedDict, total=False):
    """Parameters of `rotoscope_video`: those of `cut` that it has."""

    model: NameOrPath
    edges: Literal["colour", "network", "auto", "none"]
    colours: Literal["clean", "source"]
    matte_only: bool
    background: NameOrPath | Colour | Image
    background_fit: Literal["cover", "contain", "tile"]
    background_align: str | tuple[float, float]
    blend: Literal["encoded", "linear"]
    shadow: Literal["none", "contact", "drop", "cast", "reflection"]
    shadow_opacity: int
    shadow_softness: int
    shadow_angle: int
    shadow_length: int
    shadow_colour: str | Colour
    label: str
    label_logo: NameOrPath | Image
    label_position: LabelPosition
    label_size: float
    label_opacity: int
    label_colour: str | Colour


class VideoParameters(RotoscopeParameters, total=False):
    """Parameters of `cut_video`: those of `rotoscope_video`, and these of `cut`."""

    votes: int
    by: str
    tolerance: Literal["tight", "normal", "loose"]
    trimap: NameOrPath | Image
    garbage: NameOrPath | Image
    holdout: NameOrPath | Image
    core: NameOrPath | Image


class EnhanceVideoParameters(TypedDict, total=False):
    """Parameters of `enhance_video`: those of `enhance` that clips have."""

    restore: str | float
    restore_model: NameOrPath
    upscale: str | float
    upscale_model: NameOrPath
    upscale_detail: int
    balance: str | float | tuple[float, float]
    balance_strength: int
    light: Literal["none", "auto"]
    exposure: float
    contrast: int
    highlights: int
    shadows: int
    clarity: int
    light_strength: int
    saturation: int
    vibrance: int
    warmth: int
    style: NameOrPath | Image
    style_method: Literal["monge", "reinhard", "adain"]
    style_strength: int
    sharpen: int
    sharpen_radius: float
    sharpen_threshold: int
    sharpen_halo: int
    label: str
    label_position: LabelPosition
    label_size: float
    label_opacity: int
    label_colour: str | Colour


class CutParameters(EnhanceParameters, total=False):
    """Parameters of `cut`: those of `enhance`, and these."""

    model: NameOrPath
    votes: int
    edges: Literal["colour", "network", "auto", "none"]
    edge_shift: float
    feather: float
    colours: Literal["clean", "source"]
    empty: Literal["warn", "keep", "refuse"]
    region: str | tuple[float, float, float, float]
    keep: str | Marks
    drop: str | Marks
    pick: str | int | tuple[float, float]
    trimap: NameOrPath | Image
    garbage: NameOrPath | Image
    holdout: NameOrPath | Image
    core: NameOrPath | Image
    by: str | Image
    file_matte: Literal["auto", "only", "none"]
    holes: Literal["keep", "open", "auto"]
    tolerance: Literal["tight", "normal", "loose"]
    matte_only: bool
    rotate: str | float
    crop: bool
    crop_to: str
    around: Literal["subject", "head"]
    margin: str | float | tuple[float, ...]
    size: str | int | tuple[int, int]
    aspect: str | float | tuple[float, float]
    fill: str | float
    position: str | tuple[float, float]
    rest: Literal["keep", "clear"]
    outline: str | float
    outline_colour: str | Colour
    shadow: Literal["none", "contact", "drop", "cast", "reflection"]
    shadow_opacity: int
    shadow_softness: int
    shadow_angle: int
    shadow_length: int
    shadow_colour: str | Colour
    background: NameOrPath | Colour | Image
    background_fit: Literal["cover", "contain", "tile"]
    background_align: str | tuple[float, float]
    blend: Literal["encoded", "linear"]
    harmonise: int
