"""Restoration of blurred, small or noisy faces by a network, each in its place.

The network's change is added rather than pasted: the photograph's own finest grain stays, and so does the colour of the
skin, since the mean of the change is subtracted. The change fades out before hair and background, which face networks
invent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mattebox.enhancement.alpha_bleed import bleed_colours, restore_hidden_pixels
from mattebox.enhancement.face_alignment import (
    FaceAlignment,
    estimate_alignment,
    extract_aligned_face,
    warp_back,
)
from mattebox.enhancement.ramps import smoothstep
from mattebox.models.face_detector import Face
from mattebox.types import BitDepth, Floats, OnProgress, Picture, Pixels

MIN_FACE_SCALE = 0.08  # pixels of the picture to one of the aligned face: smaller faces would change identity
MASK_CENTRE_SHARES = (0.5, 0.54)  # of the aligned face's side, across and down
MASK_RADIUS_SHARES = (0.36, 0.44)  # of the aligned face's side, across and down
MASK_FADE_SHARE = 0.22  # of the radius: where the change fades out

RestoreFace = Callable[[Floats], Floats]
"""An aligned face (side x side x 3, 0..1) -> the face restored."""


def restore_faces(
    picture: Picture,
    faces: Sequence[Face],
    restore_face: RestoreFace,
    side: int,
    strength: float,
    on_progress: OnProgress | None = None,
) -> Picture:
    """Restore faces in a picture.

    Parameters
    ----------
    picture
        Either depth; alpha, and the pixels it hides, stay.
    faces
        Detected faces with five landmarks each; those that are too small are left out.
    restore_face
        The network.
    side
        The side of its aligned face, in pixels.
    strength
        0..1: the share of its change that is applied. 0 returns the picture itself.
    on_progress
        Called with the share, 0..1, that is done.
    """
    alignments = [estimate_alignment(face.landmarks, side) for face in faces]
    alignments = [alignment for alignment in alignments if alignment.scale >= MIN_FACE_SCALE]
    if strength == 0 or not alignments:
        return picture
    rgb = picture.rgb.copy()
    source = bleed_colours(rgb, picture.alpha)
    for count, alignment in enumerate(alignments, 1):
        _restore_face(rgb, source, picture.alpha, alignment, restore_face, np.float32(strength))
        if on_progress:
            on_progress(count / len(alignments))
    return picture.with_pixels(rgb, picture.alpha)


def _restore_face(
    rgb: Pixels,
    source: Pixels,
    alpha: Pixels | None,
    alignment: FaceAlignment,
    restore_face: RestoreFace,
    strength: np.float32,
) -> None:
    """Restore one face of `rgb` in place; `source` is what the network sees."""
    left, top, right, bottom = alignment.bounding_box(rgb.shape[:2])
    if right - left < 2 or bottom - top < 2:
        return
    face, mask = extract_aligned_face(source, alignment), face_blend_mask(alignment.side)[..., None]
    change = restore_face(face).clip(0, 1) - face
    change -= (change * mask).sum((0, 1)) / mask.sum()
    place, planes = warp_back(change * mask * strength, alignment, rgb.shape[:2])
    peak = np.float32(BitDepth.of_pixels(rgb).peak)
    result = np.rint((rgb[place] + planes * peak).clip(0, peak)).astype(rgb.dtype)
    restore_hidden_pixels(result, rgb[place], None if alpha is None else alpha[place])
    rgb[place] = result


def face_blend_mask(side: int) -> Floats:
    """side x side: 1 over the face, 0 well before the border, smooth in between."""
    position = (np.arange(side, dtype=np.float32) + 0.5) / side
    across, down = (
        (np.abs(position - centre) / radius) ** 3
        for centre, radius in zip(MASK_CENTRE_SHARES, MASK_RADIUS_SHARES, strict=True)
    )
    distance = (across[None] + down[:, None]) ** (1 / 3)  # a superellipse
    return smoothstep(1 - distance, MASK_FADE_SHARE).astype(np.float32)
