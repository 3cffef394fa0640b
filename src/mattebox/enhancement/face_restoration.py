"""Faces that are blurred, small or noisy drawn anew by a network, each in its place, as far as is wanted.

What the network changes is added, not pasted: the photograph's own finest grain stays, and so do the colours of the
person's skin, since the mean of the change is taken off it. It fades out before the hair and the background, which
networks of faces invent. Knows nothing of which networks there are, nor of how faces are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mattebox.enhancement.alpha_bleed import bleed_colours
from mattebox.enhancement.face_alignment import (
    FaceAlignment,
    estimate_alignment,
    extract_aligned_face,
    warp_back,
)
from mattebox.models.face_detector import Face
from mattebox.types import BitDepth, Floats, OnProgress, Picture, Pixels

MIN_FACE_SCALE = 0.08  # pixels of the picture for one of the network's: of a smaller face nobody knows whose it is
MASK_CENTRE_SHARES = (0.5, 0.54)  # of the square: where the face's middle is
MASK_RADIUS_SHARES = (0.36, 0.44)  # of the square: how far from there the change goes, across and down
MASK_FADE_SHARE = 0.22  # of that reach: the part over which it fades out

RestoreFace = Callable[[Floats], Floats]
"""side x side x 3, 0..1 -> the same drawn anew."""


def restore_faces(
    picture: Picture,
    faces: Sequence[Face],
    restore_face: RestoreFace,
    side: int,
    strength: float,
    on_progress: OnProgress | None = None,
) -> Picture:
    """The picture with these faces drawn anew, mixed in by `strength` (0..1); alpha and what it hides stay.

    Strength 0, and no face large enough, are the picture itself.
    """
    poses = [
        pose for pose in (estimate_alignment(face.landmarks, side) for face in faces) if pose.scale >= MIN_FACE_SCALE
    ]
    if strength == 0 or not poses:
        return picture
    rgb = picture.rgb.copy()
    shown = rgb if picture.alpha is None else bleed_colours(rgb, picture.alpha)
    for count, pose in enumerate(poses, 1):
        _restore_face(rgb, shown, picture.alpha, pose, restore_face, np.float32(strength))
        if on_progress:
            on_progress(count / len(poses))
    return picture.with_pixels(rgb, picture.alpha)


def _restore_face(
    rgb: Pixels,
    source: Pixels,
    alpha: Pixels | None,
    alignment: FaceAlignment,
    restore_face: RestoreFace,
    strength: np.float32,
) -> None:
    """Change one face of `rgb` in place; `source` is what the network sees."""
    left, top, right, bottom = alignment.bounding_box(rgb.shape[:2])
    if right - left < 2 or bottom - top < 2:
        return
    face, mask = extract_aligned_face(source, alignment), face_blend_mask(alignment.side)[..., None]
    change = restore_face(face).clip(0, 1) - face
    change -= (change * mask).sum((0, 1)) / mask.sum()
    place, planes = warp_back(change * mask * strength, alignment, rgb.shape[:2])
    peak = np.float32(BitDepth.of_pixels(rgb).peak)
    made = np.rint((rgb[place] + planes * peak).clip(0, peak)).astype(rgb.dtype)
    hidden = None if alpha is None else alpha[place] == 0
    rgb[place] = made if hidden is None else np.where(hidden[..., None], rgb[place], made)


def face_blend_mask(side: int) -> Floats:
    """side x side: 1 over the face, 0 well before the square's rim, smooth in between."""
    place = (np.arange(side, dtype=np.float32) + 0.5) / side
    across, down = ((np.abs(place - m) / r) ** 3 for m, r in zip(MASK_CENTRE_SHARES, MASK_RADIUS_SHARES, strict=True))
    away = (across[None] + down[:, None]) ** (1 / 3)  # a rounded square
    inner = np.clip((1 - away) / MASK_FADE_SHARE, 0, 1)
    made: Floats = (inner * inner * (3 - 2 * inner)).astype(np.float32)
    return made
