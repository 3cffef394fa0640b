"""The part of the corridor where the subject is cut out: asked for, looked at closer, changed as wished, its edges
found, its colours cleaned.

Knows the order of the rooms of the matte and nothing of their methods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mattebox.core.timing import Stages
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
from mattebox.matting.auto_refinement import suited
from mattebox.matting.chroma_screen import Screen, despilled
from mattebox.matting.colour_refinement import enlarge, refine
from mattebox.matting.corrections import Album, Wishes
from mattebox.matting.foreground import foreground
from mattebox.matting.network_refinement import fine
from mattebox.matting.segmentation import segment
from mattebox.matting.test_time_augmentation import looks
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.recipe.recipe import Cut
from mattebox.types import Box, Floats, Matte, Picture, Pixels

EDGES: dict[str, Callable[[Picture, Matte], Matte]] = {
    "refined": refine, "fine": fine, "auto": suited, "plain": enlarge,
}  # fmt: skip


class Cutout(NamedTuple):
    """What was cut out, with which matte, and by which network, if by one."""

    picture: Picture
    matte: Matte
    session: Session | None


class First(NamedTuple):
    """The coarse matte of what is seen, which may be a part of the picture, and what is still wished of it."""

    matte: Matte
    seen: Picture
    part: Box | None
    wished: Wishes


def check(step: Cut, album: Album) -> None:
    """Find out before any picture is read what no picture could mend. UsageError, InputError, ModelError."""
    corrections.check(step, album)
    for path in (step.garbage, step.holdout, step.core):
        if path != "none":
            album(path)
    wanted = keying.parse(step.by)
    card = find_card(step.model) if wanted is None else None
    query.check(step.pick, card)
    if card is not None:
        looks(card, step.votes)
    elif wanted is not None and wanted.kind == "plate":
        album(wanted.detail)


def cut_out(
    picture: Picture, step: Cut, stages: Stages, name: str, album: Album, opened: Callable[[], Session]
) -> Cutout:
    """The rooms of the cut, in their order. NoSubject, and what each room raises."""
    wanted = keying.parse(step.by)
    session = opened() if wanted is None else None
    query.check(step.pick, session.card if session else None)
    matte, seen, part, wished = _first(picture, step, stages, album, wanted, session)
    masks = _held(step, picture, part, album)
    if "garbage" in masks:
        matte = garbage_mattes.thrown(matte, masks["garbage"])
    if wished:
        matte = stages.run("adjust", lambda: corrections.granted(seen, matte, wished))
    if not matte.found and step.empty == "refuse":
        raise NoSubject(
            f"{name}: no subject found (confidence {matte.confidence:.2f})",
            "crop closer, try --model best, or take what there is with --empty keep",
        )
    if wanted is None:
        matte = stages.run("refine", lambda: EDGES[step.edges](seen, matte))
    if wished.known is not None:
        matte = trimap.honoured(matte, wished.known)
    for what, mask in masks.items():
        matte = garbage_mattes.within(matte, mask) if what == "core" else garbage_mattes.without(matte, mask)
    if part is not None:
        matte = region_of_interest.widened(matte, part, picture.size)
    made = stages.run("foreground", lambda: _made(picture, matte, step, _screen(seen, wanted)))
    return Cutout(made, matte, session)


def _first(
    picture: Picture, step: Cut, stages: Stages, album: Album, wanted: keying.Key | None, session: Session | None
) -> First:
    """The first answer: a key's, or the network's, which may look again at the part that holds a small subject."""
    part = region_of_interest.parse(step.region, picture.size)
    seen = picture if part is None else region_of_interest.inside(picture, part)
    wished = corrections.read(step, picture, part, album)
    if wanted is not None:
        matte = stages.run("key", lambda: keying.keyed(seen, wanted, step.tolerance, _parted(album, part)))
        return First(matte, seen, part, wished)
    assert session is not None
    matte, left = stages.run("segment", lambda: query.answered(seen, session, wished, step.votes))
    if part is None and session.card.input.closer:
        near = stages.run("closer", lambda: small_subject_zoom.looked(picture, matte, session, left, step.votes))
        if near is not None:
            return First(*near, corrections.read(step, picture, near.part, album))
    return First(matte, seen, part, left)


def subject(picture: Picture, session: Session) -> Pixels:
    """The subject's alpha, H x W at the picture's depth, with no wishes: for steps that work on a part."""
    return refine(picture, segment(picture, session)).alpha


def _held(step: Cut, picture: Picture, part: Box | None, album: Album) -> dict[str, Floats]:
    """The mattes that were drawn, in the part that is cut."""
    named = {"garbage": step.garbage, "holdout": step.holdout, "core": step.core}
    found = {what: garbage_mattes.drawn(album(path), picture, path) for what, path in named.items() if path != "none"}
    return found if part is None else {k: m[part[1] : part[3], part[0] : part[2]] for k, m in found.items()}


def _screen(seen: Picture, wanted: keying.Key | None) -> Screen | None:
    """The screen behind the subject, whose light is to be taken off it."""
    return keying.screen_in(seen, wanted) if wanted is not None and wanted.kind == "screen" else None


def _made(picture: Picture, matte: Matte, step: Cut, screen: Screen | None) -> Picture:
    """The picture that the step asks for."""
    if step.output == "matte":
        grey = np.repeat(matte.alpha[..., None], 3, axis=2)
        return Picture(grey, notes=picture.notes, metadata=picture.metadata)
    if step.colours == "clean":
        clean = foreground(picture, matte)
        return clean if screen is None else despilled(clean, screen)
    return picture.with_pixels(picture.rgb, matte.alpha)


def _parted(album: Album, part: Box | None) -> Album:
    """Pictures of the same scene, cut to the same part."""
    if part is None:
        return album
    return lambda path: region_of_interest.inside(album(path), part)
