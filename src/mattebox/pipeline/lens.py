"""The blur of a lens by a recipe: where depth comes from, what is in focus, and which parts the subject covers."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from mattebox.composition.background_spec import BackgroundImage, parse_background
from mattebox.core.length import Length, parse_length
from mattebox.enhancement.noise_estimation import estimate_noise
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.lens.layered_depth import floor_depth, layer_depth, tilted_depth
from mattebox.lens.lens_blur import Lens
from mattebox.lens.overlaid_levels import as_shares
from mattebox.lens.parallax import ParallaxScene, separate_layers
from mattebox.lens.photograph_blur import Subject, blur_photograph, nearness_of_subject
from mattebox.matting.foreground import estimate_foreground
from mattebox.models.cards.registry import find_card
from mattebox.models.depth_network import open_depth_network
from mattebox.models.matte_session import Session, open_session
from mattebox.pipeline.cutout import subject_matte
from mattebox.pipeline.depth_source import check_named_depth
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, LensBlur
from mattebox.types import BitDepth, DepthMap, Floats, ImageShape, ImageSize, Matte, OpenImage, Picture

RADIUS_AT_F1 = 0.04  # of the circle of confusion from the nearest to the farthest point, of the longer side
MAX_PARALLAX_PIXELS = 1280 * 720
MIN_F_NUMBER, MAX_F_NUMBER = 0.7, 64.0
MAX_HIGHLIGHTS = 0.95  # of the boost at 100 percent
OFF, ON_SUBJECT = "none", "subject"
TILT, MIDDLE = "tilt", "50%,50%"
DEPTH_SOURCES = ("auto", "layers", TILT)
GRAIN_PATCHES, GRAIN_PATCH_PIXELS = 5, 256  # along each side of the photograph
MAX_GRAIN = 0.03  # of the peak; more is texture, not a camera's noise
LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
F_NUMBER_PATTERN = re.compile(r"(?:f ?/? ?)?(\d+(?:\.\d+)?)", re.IGNORECASE)

GetMatte = Callable[[], Matte]


def find_lens_step(recipe: Recipe) -> LensBlur | None:
    """The recipe's blur, if it asks for one."""
    step = recipe.find_step(LensBlur)
    return None if step is None or step.f_number == OFF else step


def check_lens_step(recipe: Recipe, open_image: OpenImage) -> None:
    """Check the blur without a photograph. UsageError; InputError for a depth picture that cannot be read."""
    step = find_lens_step(recipe)
    if step is None:
        return
    parse_f_number(step.f_number)
    if step.focus != ON_SUBJECT:
        _parse_place(step.focus)
    if recipe.cut_step is not None:
        _check_other_background(recipe, step)
    if step.depth not in DEPTH_SOURCES:
        check_named_depth(step.depth, open_image)


def _check_other_background(recipe: Recipe, step: LensBlur) -> None:
    """UsageError for a cutout without a picture behind it, and for what a picture behind it has not."""
    background = recipe.find_step(Background)
    if background is None or not isinstance(parse_background(background.paint), BackgroundImage):
        raise UsageError(
            "a lens blur needs the photograph's own background, or a picture", "leave the cut out, or give a picture"
        )
    if step.focus != ON_SUBJECT or step.depth not in ("auto", "layers"):
        raise UsageError(
            "behind a cutout, only the subject is in focus, and depth is a floor", "leave out the focus and the depth"
        )


def blur_backdrop(backdrop: Picture, contact_row: int, step: LensBlur) -> Picture:
    """Blur the picture behind a cutout as if the subject had been photographed before it, on its floor.

    Parameters
    ----------
    backdrop : Picture
        Of the canvas's size.
    contact_row : int
        On which the subject stands.
    step : LensBlur
    """
    nearness = floor_depth(backdrop.shape, contact_row).inverse_depth
    grain = _measure_grain(backdrop) * step.grain / 100 if step.grain else 0.0
    return blur_photograph(backdrop, nearness, _open_lens(step, backdrop.shape, 1.0, grain))


def _open_lens(step: LensBlur, shape: ImageShape, focus: float, grain: float) -> Lens:
    """The lens of a step, for a picture of this size."""
    radius = RADIUS_AT_F1 * max(shape) / parse_f_number(step.f_number)
    return Lens(radius, focus, step.aperture, MAX_HIGHLIGHTS * step.highlights / 100, grain)


def parse_f_number(text: str) -> float:
    """The number of "f/2.8" or "2.8". UsageError."""
    match = F_NUMBER_PATTERN.fullmatch(text.strip())
    value = float(match[1]) if match else 0.0
    if not MIN_F_NUMBER <= value <= MAX_F_NUMBER:
        raise UsageError(f"{text!r} is not an f-number", "give one from f/0.7 to f/64, such as f/2")
    return value


def apply_lens_blur(
    photograph: Picture,
    step: LensBlur,
    own_depth: DepthMap | None,
    get_matte: GetMatte,
    get_named_depth: Callable[[str], DepthMap],
) -> Picture:
    """Blur a photograph by its depth.

    Parameters
    ----------
    photograph : Picture
        Nothing is cut from it.
    step : LensBlur
        Checked by `check_lens_step`.
    own_depth : DepthMap or None
        What its file holds.
    get_matte : callable
        Gives the subject's matte; called where the focus or the depth needs it.
    get_named_depth : callable
        Gives the depth of a network, or of a depth picture, by its name.
    """
    depth = _find_depth(photograph, step, own_depth, get_named_depth)
    needs_subject = step.depth != TILT and (depth is None or step.focus == ON_SUBJECT)
    matte = get_matte() if needs_subject else None
    has_subject = matte is not None and bool(matte.alpha.any())
    if depth is None:
        assert matte is not None
        depth = layer_depth(matte.alpha)
    nearness = depth.nearness()
    del depth  # as large as the photograph, where it is of layers
    is_full_size = nearness.shape == photograph.shape
    full_size = nearness if is_full_size else resampling.enlarge(nearness, photograph.shape, "bilinear")
    subject = _place_subject(photograph, matte, full_size) if matte is not None and has_subject else None
    focus = MIDDLE if step.depth == TILT and step.focus == ON_SUBJECT else step.focus
    grain = _measure_grain(photograph) * step.grain / 100 if step.grain else 0.0
    lens = _open_lens(step, photograph.shape, _nearness_in_focus(focus, nearness, subject, photograph.size), grain)
    return blur_photograph(photograph, full_size, lens, subject)


def _find_depth(
    photograph: Picture, step: LensBlur, own_depth: DepthMap | None, get_named_depth: Callable[[str], DepthMap]
) -> DepthMap | None:
    """The depth that the step names; None for layers."""
    if step.depth == TILT:
        return tilted_depth(photograph.shape)
    if step.depth in DEPTH_SOURCES:
        return own_depth if step.depth == "auto" else None
    return get_named_depth(step.depth)


def _measure_grain(photograph: Picture) -> float:
    """Deviation of a photograph's noise, in encoded values 0..1, from patches of it."""
    height, width = photograph.shape
    peak = np.float32(photograph.bit_depth.peak)
    tops, lefts = (
        range(0, max(1, side - GRAIN_PATCH_PIXELS), max(GRAIN_PATCH_PIXELS, side // GRAIN_PATCHES))
        for side in (height, width)
    )
    corners = [(top, left) for top in tops for left in lefts]
    patches = [photograph.rgb[y : y + GRAIN_PATCH_PIXELS, x : x + GRAIN_PATCH_PIXELS] for y, x in corners]
    return min(MAX_GRAIN, estimate_noise([np.asarray((patch / peak) @ LUMA_WEIGHTS, np.float32) for patch in patches]))


def prepare_parallax(photograph: Picture, own_depth: DepthMap | None, get_matte: GetMatte) -> ParallaxScene:
    """The layers of a photograph that is to be seen from other places; of at most `MAX_PARALLAX_PIXELS` pixels."""
    scale = min(1.0, (MAX_PARALLAX_PIXELS / (photograph.shape[0] * photograph.shape[1])) ** 0.5)
    shape = max(2, int(photograph.shape[0] * scale) // 2 * 2), max(2, int(photograph.shape[1] * scale) // 2 * 2)
    matte = get_matte()
    depth = own_depth or layer_depth(matte.alpha)
    nearness = resampling.enlarge(depth.nearness(), shape, "bilinear")
    reduced = Picture(resampling.shrink(photograph.rgb, shape), profile=photograph.profile)
    if not matte.alpha.any():
        return separate_layers(reduced, nearness, None)
    cutout = estimate_foreground(photograph, matte)
    assert cutout.alpha is not None
    small = reduced.with_pixels(resampling.shrink(cutout.rgb, shape), resampling.shrink(cutout.alpha, shape))
    assert small.alpha is not None
    return separate_layers(reduced, nearness, Subject(small, nearness_of_subject(nearness, as_shares(small.alpha))))


def estimate_depth(
    photograph: Picture, model: str, device: str = "auto", threads: int | None = None, session: Session | None = None
) -> DepthMap:
    """The depth that the photograph's file holds; else by a depth network, or layers by a cutout network's matte.

    Where it is not clear what the subject is, the floor alone is assumed.

    `model` names either; `session` stands in for a cutout network. ModelError, DeviceError, UsageError.
    """
    if photograph.depth is not None:
        return photograph.depth
    if session is None and find_card(model).task == "depth":
        return open_depth_network(model, device, threads).estimate(photograph)
    matte = subject_matte(photograph, session or open_session(model, device, threads))
    return layer_depth(matte.alpha) if matte.found else floor_depth(photograph.shape, photograph.shape[0])


def _place_subject(photograph: Picture, matte: Matte, nearness: Floats) -> Subject:
    alpha = matte.alpha.astype(np.float32) / np.float32(BitDepth.of_pixels(matte.alpha).peak)
    place = nearness_of_subject(nearness, alpha)
    return Subject(estimate_foreground(photograph, matte), place)


def _nearness_in_focus(focus: str, nearness: Floats, subject: Subject | None, size: ImageSize) -> float:
    if focus == ON_SUBJECT:
        return float(nearness.max()) if subject is None else subject.nearness
    x, y = (length.as_share(side) for length, side in zip(_parse_place(focus), size, strict=True))
    if not (0 <= x < 1 and 0 <= y < 1):
        raise UsageError(f"the focus {focus} lies outside the photograph", f"it has {size[0]} x {size[1]} pixels")
    height, width = nearness.shape
    column, row = int(x * width), int(y * height)
    if subject is not None and subject.cutout.alpha is not None:
        alpha = subject.cutout.alpha
        if alpha[int(y * len(alpha)), int(x * alpha.shape[1])] > BitDepth.of_pixels(alpha).peak // 2:
            return subject.nearness
    return float(nearness[row, column])


def _parse_place(text: str) -> tuple[Length, Length]:
    """The x and y of "X,Y". UsageError."""
    lengths = [parse_length(part.strip()) for part in text.split(",")]
    x, y = lengths if len(lengths) == 2 else (None, None)
    if x is None or y is None:
        raise UsageError(f"{text!r} is not a focus", 'give subject, or a place "X,Y" in px or %')
    return x, y
