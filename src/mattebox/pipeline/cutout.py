"""The part of the corridor where the subject is cut out: asked for, looked at closer, changed as wished, its edges
found, its colours cleaned.

Knows the order of the rooms of the matte and nothing of their methods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mattebox.core.timing import StageTimer
from mattebox.errors import NoSubject
from mattebox.matting import (
    corrections,
    garbage_mattes,
    keying,
    query,
    region_of_interest,
    small_subject_zoom,
    trimap,
)
from mattebox.matting.auto_refinement import refine_automatically
from mattebox.matting.chroma_screen import ChromaScreen, despill
from mattebox.matting.colour_refinement import enlarge_matte, refine
from mattebox.matting.corrections import Corrections
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.network_refinement import refine_with_network
from mattebox.matting.segmentation import segment
from mattebox.matting.test_time_augmentation import plan_views
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Floats, Matte, OpenImage, Picture, Pixels

EDGE_REFINERS: dict[str, Callable[[Picture, Matte], Matte]] = {
    "colour": refine, "network": refine_with_network, "auto": refine_automatically, "none": enlarge_matte,
}  # fmt: skip


class Cutout(NamedTuple):
    """What was cut out, with which matte, and by which network, if by one."""

    picture: Picture
    matte: Matte
    session: Session | None


class InitialMatte(NamedTuple):
    """The coarse matte of what is seen, which may be a part of the picture, and what is still wished of it."""

    matte: Matte
    crop: Picture
    crop_box: Box | None
    corrections: Corrections


def check_cut(step: Cut, open_image: OpenImage) -> None:
    """Find out before any picture is read what no picture could mend. UsageError, InputError, ModelError."""
    corrections.check_corrections(step, open_image)
    for path in (step.garbage, step.holdout, step.core):
        if path != "none":
            open_image(path)
    wanted = keying.parse_keying_method(step.by)
    card = find_card(step.model) if wanted is None else None
    query.check_selected_classes(step.pick, card)
    if card is not None:
        plan_views(card, step.votes)
    elif wanted is not None and wanted.kind == "plate":
        open_image(wanted.argument)


def cut_out(
    picture: Picture, step: Cut, timer: StageTimer, name: str, open_image: OpenImage, get_session: Callable[[], Session]
) -> Cutout:
    """The rooms of the cut, in their order. NoSubject, and what each room raises."""
    wanted = keying.parse_keying_method(step.by)
    session = get_session() if wanted is None else None
    query.check_selected_classes(step.pick, session.card if session else None)
    matte, seen, part, wished = _compute_initial_matte(picture, step, timer, open_image, wanted, session)
    masks = _load_user_mattes(step, picture, part, open_image)
    if "garbage" in masks:
        matte = garbage_mattes.apply_garbage_matte(matte, masks["garbage"])
    if wished:
        matte = timer.run("adjust", lambda: corrections.apply_corrections(seen, matte, wished))
    if not matte.found and step.empty == "refuse":
        raise NoSubject(
            f"{name}: no subject found (confidence {matte.confidence:.2f})",
            "crop closer, try --model best, or take what there is with --empty keep",
        )
    if wanted is None:
        matte = timer.run("refine", lambda: EDGE_REFINERS[step.edges](seen, matte))
    if wished.trimap is not None:
        matte = trimap.enforce_trimap(matte, wished.trimap)
    for what, mask in masks.items():
        matte = (
            garbage_mattes.apply_core_matte(matte, mask)
            if what == "core"
            else garbage_mattes.subtract_mask(matte, mask)
        )
    if part is not None:
        matte = region_of_interest.uncrop_matte(matte, part, picture.shape)
    made = timer.run("foreground", lambda: _render_output(picture, matte, step, _detect_screen(seen, wanted)))
    return Cutout(made, matte, session)


def _compute_initial_matte(
    picture: Picture,
    step: Cut,
    timer: StageTimer,
    open_image: OpenImage,
    keying_method: keying.KeyingMethod | None,
    session: Session | None,
) -> InitialMatte:
    """The first answer: a key's, or the network's, which may look again at the part that holds a small subject."""
    part = region_of_interest.parse_region(step.region, picture.shape)
    seen = picture if part is None else region_of_interest.crop_picture(picture, part)
    wished = corrections.parse_corrections(step, picture, part, open_image)
    if keying_method is not None:
        matte = timer.run(
            "key",
            lambda: keying.compute_key_matte(seen, keying_method, step.tolerance, _cropped_opener(open_image, part)),
        )
        return InitialMatte(matte, seen, part, wished)
    assert session is not None
    matte, left = timer.run("segment", lambda: query.query_network(seen, session, wished, step.votes))
    if part is None and session.card.input.closer:
        near = timer.run(
            "closer", lambda: small_subject_zoom.zoom_in_on_subject(picture, matte, session, left, step.votes)
        )
        if near is not None:
            return InitialMatte(*near, corrections.parse_corrections(step, picture, near.crop_box, open_image))
    return InitialMatte(matte, seen, part, left)


def subject_alpha(picture: Picture, session: Session) -> Pixels:
    """The subject's alpha, H x W at the picture's depth, with no wishes: for steps that work on a part."""
    return refine(picture, segment(picture, session)).alpha


def _load_user_mattes(step: Cut, picture: Picture, crop_box: Box | None, open_image: OpenImage) -> dict[str, Floats]:
    """The mattes that were drawn, in the part that is cut."""
    named = {"garbage": step.garbage, "holdout": step.holdout, "core": step.core}
    found = {
        what: garbage_mattes.mask_from_picture(open_image(path), picture, path)
        for what, path in named.items()
        if path != "none"
    }
    return (
        found
        if crop_box is None
        else {k: m[crop_box[1] : crop_box[3], crop_box[0] : crop_box[2]] for k, m in found.items()}
    )


def _detect_screen(crop: Picture, keying_method: keying.KeyingMethod | None) -> ChromaScreen | None:
    """The screen behind the subject, whose light is to be taken off it."""
    return (
        keying.resolve_screen(crop, keying_method)
        if keying_method is not None and keying_method.kind == "screen"
        else None
    )


def _render_output(picture: Picture, matte: Matte, step: Cut, screen: ChromaScreen | None) -> Picture:
    """The picture that the step asks for."""
    if step.output == "matte":
        grey = np.repeat(matte.alpha[..., None], 3, axis=2)
        return Picture(grey, notes=picture.notes, metadata=picture.metadata)
    if step.colours == "clean":
        clean = estimate_foreground(picture, matte)
        return clean if screen is None else despill(clean, screen)
    return picture.with_pixels(picture.rgb, matte.alpha)


def _cropped_opener(open_image: OpenImage, crop_box: Box | None) -> OpenImage:
    """Pictures of the same scene, cut to the same part."""
    if crop_box is None:
        return open_image
    return lambda path: region_of_interest.crop_picture(open_image(path), crop_box)
