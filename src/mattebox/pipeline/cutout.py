"""Cutting out a subject: first matte, garbage matte, corrections, edge refinement, holdout and core mattes, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mattebox.core.interface import name_parameter
from mattebox.core.timing import StageTimer
from mattebox.errors import NoSubject
from mattebox.matting import corrections, garbage_mattes, region_of_interest
from mattebox.matting.colour_refinement import refine
from mattebox.matting.edge_adjustment import adjust_edge
from mattebox.matting.keying_method import parse_keying_method
from mattebox.matting.matte_operations import is_blank
from mattebox.matting.segmentation import segment
from mattebox.matting.selection import check_selected_classes, parse_selection
from mattebox.matting.tta import plan_views
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.pipeline.file_prior import use_file_mattes
from mattebox.pipeline.matte_source import ArtworkMatte, MatteSource, check_file_matte, check_trimap, make_matte_source
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Floats, Matte, OpenImage, Picture, Pixels


class Cutout(NamedTuple):
    """The picture that was cut out, its matte, and the network that was asked, if one was."""

    picture: Picture
    matte: Matte
    session: Session | None


def check_cut(step: Cut, open_image: OpenImage, session: Session | None = None) -> None:
    """Check what can be checked without a photograph; `session` stands in for the step's model.

    UsageError, InputError, ModelError.
    """
    corrections.check_corrections(step)
    check_trimap(step, open_image)
    check_file_matte(step)
    for path in _user_matte_paths(step).values():
        open_image(path)
    method, selection = parse_keying_method(step.by), parse_selection(step.pick)
    if step.trimap != "none" or step.file_matte == "only":
        check_selected_classes(selection, None)
        return
    if method is None or method.kind == "auto":
        card = find_card(step.model) if session is None else session.card
        check_selected_classes(selection, card)
        plan_views(card, step.votes)
        return
    check_selected_classes(selection, None)
    if method.kind == "plate":
        open_image(method.argument)


def cut_out(
    picture: Picture, step: Cut, timer: StageTimer, name: str, open_image: OpenImage, get_session: Callable[[], Session]
) -> Cutout:
    """Cut the subject out of a picture.

    Parameters
    ----------
    picture : Picture
        The photograph.
    step : Cut
        Checked by `check_cut`.
    timer : StageTimer
        Takes the seconds of each stage.
    name : str
        The photograph's, for error messages.
    open_image : callable
        Opens the pictures that the step names: trimap, garbage, holdout and core mattes, clean plate.
    get_session : callable
        Opens the network; called only if one is needed.

    Raises
    ------
    NoSubject
        When nothing stands out and the step does not keep that, or when the subject is doubtful and the step refuses
        that.
    UsageError, InputError, ModelError, DeviceError
        As each stage raises them.
    """
    region = region_of_interest.parse_region(step.region, picture.shape)
    source = make_matte_source(picture, region, step, timer, open_image, get_session)
    matte, crop, crop_box, remaining, notes = source.compute_matte(picture, region)
    masks = _load_user_mattes(step, picture, crop_box, open_image)
    if "garbage" in masks:
        matte = garbage_mattes.apply_garbage_matte(matte, masks["garbage"])
    if remaining:
        matte = timer.run("adjust", lambda: corrections.apply_corrections(crop, matte, remaining))
    matte = source.refine_edges(crop, matte)
    matte = adjust_edge(matte, step.edge_shift, step.feather)
    matte = _apply_user_mattes(matte, masks)
    _check_found(matte, step, name)
    if crop_box is not None:
        matte = region_of_interest.uncrop_matte(matte, crop_box, picture.shape)
    picture = replace(picture, notes=(*picture.notes, *notes)) if notes else picture
    if not matte.found and step.empty == "warn":
        picture = replace(picture, notes=(*picture.notes, _doubt_note(matte, source)))
    if isinstance(source, ArtworkMatte) and step.by != "artwork":
        picture = replace(picture, notes=(*picture.notes, _artwork_note(source)))
    result = timer.run("foreground", lambda: _render_output(picture, matte, step, source, crop))
    return Cutout(result, matte, source.session)


def subject_alpha(picture: Picture, session: Session) -> Pixels:
    """The subject's alpha, H x W at the picture's bit depth, for steps that work on the subject or background only."""
    return subject_matte(picture, session).alpha


def subject_matte(picture: Picture, session: Session) -> Matte:
    """The subject's matte, by a network and the mattes of the file, with refined edges, at the picture's bit depth."""
    matte, _, _ = use_file_mattes(picture, None, segment(picture, session), Cut(), session)
    return refine(picture, matte)


def _check_found(matte: Matte, step: Cut, name: str) -> None:
    """NoSubject when the subject is doubtful and the step refuses that, or when nothing stands out; never with keep."""
    if matte.found or step.empty == "keep":
        return
    if is_blank(matte.alpha):
        raise NoSubject(
            f"{name}: no subject found, nothing stands out",
            f"crop closer, mark the subject with {name_parameter('keep')}, or take the empty cutout with "
            f"{name_parameter('empty', 'keep')}",
        )
    if step.empty == "refuse":
        raise NoSubject(
            f"{name}: no subject found (confidence {matte.confidence:.2f})",
            f"crop closer, try {name_parameter('model', 'best')}, or see what there is with "
            f"{name_parameter('empty', 'warn')}",
        )


def _doubt_note(matte: Matte, source: MatteSource) -> str:
    """The warning for a result whose subject is doubtful."""
    remedy = f"crop closer, mark the subject with {name_parameter('keep')}, or try {name_parameter('model', 'best')}"
    if source.session is None:
        remedy = f"try another {name_parameter('tolerance')}"
    doubt = f"it is not clear what the subject is (confidence {matte.confidence:.2f})"
    return f"{doubt}: please check the cutout, and where it is wrong, {remedy}"


def _artwork_note(source: ArtworkMatte) -> str:
    """The remark that a picture was taken for flat artwork."""
    colour, other = source.backdrop.hex, name_parameter("by", "network")
    return f"flat artwork, cut out by its background colour {colour}; {other} cuts it as a photograph"


def _user_matte_paths(step: Cut) -> dict[str, str]:
    """The garbage, holdout and core mattes that the step names."""
    paths = {"garbage": step.garbage, "holdout": step.holdout, "core": step.core}
    return {role: path for role, path in paths.items() if path != "none"}


def _load_user_mattes(step: Cut, picture: Picture, crop_box: Box | None, open_image: OpenImage) -> dict[str, Floats]:
    """The user's mattes by their role, cropped."""
    left, top, right, bottom = crop_box or (0, 0, *picture.size)
    return {
        role: garbage_mattes.mask_from_picture(open_image(path), picture, path)[top:bottom, left:right]
        for role, path in _user_matte_paths(step).items()
    }


def _apply_user_mattes(matte: Matte, masks: dict[str, Floats]) -> Matte:
    """The refined matte without garbage and holdout, and with the core."""
    for role, mask in masks.items():
        if role == "core":
            matte = garbage_mattes.apply_core_matte(matte, mask)
        else:
            matte = garbage_mattes.subtract_mask(matte, mask)
    return matte


def _render_output(picture: Picture, matte: Matte, step: Cut, source: MatteSource, crop: Picture) -> Picture:
    """The picture that the step asks for: the matte in grey, or the cutout with clean or original colours."""
    if step.output == "matte":
        grey = np.repeat(matte.alpha[..., None], 3, axis=2)
        return Picture(grey, notes=picture.notes, metadata=picture.metadata, is_grey=True)
    if step.colours == "clean":
        return source.estimate_colours(picture, matte, crop)
    return picture.with_pixels(picture.rgb, matte.alpha)
