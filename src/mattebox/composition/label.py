"""A visible label: one line of text on a dark plate that keeps it legible, or a logo, at a corner of the picture."""

from __future__ import annotations

import functools

import numpy as np

from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.io.text_rendering import render_text
from mattebox.recipe.steps import Label
from mattebox.types import Floats, ImageShape, Layer, OpenImage, Picture

MIN_HEIGHT_PIXELS = 8
MARGIN_SHARE = 0.025  # of the shorter side, to the border
PADDING_SHARE, GAP_SHARE = 0.35, 0.4  # of the label's height: around text, and between a logo and text
PLATE_OPACITY = 0.55
PLATE_COLOUR = (16, 16, 16)
MAX_WIDTH_SHARE = 0.95  # of the picture: longer labels are drawn smaller
LAYER_NAME = "label"


def check_label(step: Label, open_image: OpenImage) -> None:
    """Check a step without a photograph. UsageError for its colour, InputError for its logo."""
    if step.is_drawn and colour.parse_colour(step.colour) is None:
        raise UsageError("a label is not transparent", "give a colour, such as white, and an opacity")
    if step.is_drawn and step.logo != "none":
        open_image(step.logo)


def add_label(
    picture: Picture, layers: tuple[Layer, ...], step: Label, open_image: OpenImage
) -> tuple[Picture, tuple[Layer, ...]]:
    """Draw a label on a picture, and add it to the layers, where there are any.

    Parameters
    ----------
    picture : Picture
        The finished picture, at either depth; its profile must be sRGB for the colours to be as stated.
    layers : tuple of Layer
        What it is composed of.
    step : Label
    open_image : callable
        Opens the logo.
    """
    if not step.is_drawn:
        return picture, layers
    rgb, alpha = _draw_label(picture.shape, step, open_image)
    height, width = alpha.shape
    top, left = _place((height, width), picture.shape, step.position)
    area = slice(top, top + height), slice(left, left + width)
    peak = np.float32(picture.bit_depth.peak)
    result = _composite(picture, area, rgb, alpha * np.float32(step.opacity / 100))
    if not layers:
        return result, layers
    layer_rgb, layer_alpha = np.zeros_like(picture.rgb), np.zeros(picture.shape, picture.rgb.dtype)
    layer_rgb[area] = np.rint(rgb * peak).astype(picture.rgb.dtype)
    layer_alpha[area] = np.rint(alpha * np.float32(step.opacity / 100) * peak).astype(picture.rgb.dtype)
    return result, (*layers, Layer(LAYER_NAME, picture.with_pixels(layer_rgb, layer_alpha)))


def _draw_label(shape: ImageShape, step: Label, open_image: OpenImage) -> tuple[Floats, Floats]:
    """Colours and alpha of a label, 0..1, as large as it may be in a picture of a shape."""
    height = max(MIN_HEIGHT_PIXELS, round(step.size / 100 * min(shape)))
    while True:
        parts = []
        if step.logo != "none":
            parts.append(_draw_logo(open_image(step.logo), height))
        if step.words:
            parts.append(_draw_text(step.words, height, step.colour))
        rgb, alpha = _join(parts, round(GAP_SHARE * height))
        share = max(alpha.shape[1] / (MAX_WIDTH_SHARE * shape[1]), alpha.shape[0] / shape[0])
        if share <= 1:
            return rgb, alpha
        if height <= 1:
            return rgb[: shape[0], : shape[1]], alpha[: shape[0], : shape[1]]
        height = max(1, min(height - 1, int(height / share)))


@functools.lru_cache(maxsize=8)  # the frames of a clip have one label
def _draw_text(words: str, height: int, text_colour: str) -> tuple[Floats, Floats]:
    padding = round(PADDING_SHARE * height)
    coverage = np.pad(render_text(words, max(1, height)), padding)[..., None]
    ink = np.array(colour.parse_colour(text_colour) or PLATE_COLOUR, np.float32) / np.float32(255)
    plate = np.array(PLATE_COLOUR, np.float32) / np.float32(255)
    alpha = PLATE_OPACITY + (1 - PLATE_OPACITY) * coverage[..., 0]
    premultiplied = coverage * ink + (1 - coverage) * np.float32(PLATE_OPACITY) * plate
    return np.asarray(premultiplied / alpha[..., None], np.float32), np.asarray(alpha, np.float32)


def _draw_logo(logo: Picture, height: int) -> tuple[Floats, Floats]:
    size = height, max(1, round(logo.shape[1] * height / logo.shape[0]))
    small = colour.to_srgb(resampling.shrink(logo.rgb, size), logo.profile)
    alpha = np.full(size, 255, np.uint8) if logo.alpha is None else resampling.shrink(logo.alpha, size)
    return small.astype(np.float32) / np.float32(255), alpha.astype(np.float32) / np.float32(255)


def _join(parts: list[tuple[Floats, Floats]], gap: int) -> tuple[Floats, Floats]:
    """The parts side by side, centred on one line."""
    height = max(alpha.shape[0] for _, alpha in parts)
    width = sum(alpha.shape[1] for _, alpha in parts) + gap * (len(parts) - 1)
    rgb, joined, left = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32), 0
    for colours, alpha in parts:
        top = (height - alpha.shape[0]) // 2
        area = slice(top, top + alpha.shape[0]), slice(left, left + alpha.shape[1])
        rgb[area], joined[area] = colours, alpha
        left += alpha.shape[1] + gap
    return rgb, joined


def _place(size: ImageShape, canvas: ImageShape, position: str) -> tuple[int, int]:
    """Top and left of a label."""
    margin = round(MARGIN_SHARE * min(canvas))
    top, left = ((whole - part) // 2 for whole, part in zip(canvas, size, strict=True))
    if "top" in position:
        top = min(margin, top)
    if "bottom" in position:
        top = max(canvas[0] - size[0] - margin, top)
    if "left" in position:
        left = min(margin, left)
    if "right" in position:
        left = max(canvas[1] - size[1] - margin, left)
    return max(0, top), max(0, left)


def _composite(picture: Picture, area: tuple[slice, slice], rgb: Floats, alpha: Floats) -> Picture:
    """The label over the picture: the "over" operator on straight alpha, in encoded values."""
    peak = np.float32(picture.bit_depth.peak)
    below_rgb = picture.rgb[area].astype(np.float32) / peak
    opaque = picture.alpha is None
    below_alpha = np.ones_like(alpha) if picture.alpha is None else picture.alpha[area].astype(np.float32) / peak
    out_alpha = alpha + below_alpha * (1 - alpha)
    weight = below_alpha * (1 - alpha)
    mixed = (rgb * alpha[..., None] + below_rgb * weight[..., None]) / np.maximum(out_alpha, 1e-6)[..., None]
    new_rgb = picture.rgb.copy()
    new_rgb[area] = np.rint(mixed * peak).astype(new_rgb.dtype)
    if opaque or picture.alpha is None:
        return picture.with_pixels(new_rgb, picture.alpha)
    new_alpha = picture.alpha.copy()
    new_alpha[area] = np.rint(out_alpha * peak).astype(new_alpha.dtype)
    return picture.with_pixels(new_rgb, new_alpha)
