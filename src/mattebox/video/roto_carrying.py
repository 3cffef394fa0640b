"""Carrying of key mattes along the motion, both ways, and blending of what arrives from both sides.

Motion is composed from frame to frame and then registered directly with the key frame, so that errors do not add up.
Where neither key can be relied on at a pixel, the network's matte decides, as far as it agreed with the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats
from mattebox.video.motion import EstimateMotion, compose_motion, halve_colours, move_matte, register_motion
from mattebox.video.motion_filter import enlarge_trust, motion_trust
from mattebox.video.scene_cuts import is_scene_cut

NETWORK_WEIGHT = np.float32(0.05)  # of the network's matte, where it agrees with the keys; of a trusted key, 1
MIN_OVERLAP = 0.9  # with the keys' mattes, from which on the network's counts
MIN_TRUST, MAX_DOUBTFUL_SHARE = 0.1, 0.005  # of carried mattes; where more of a frame is below, the network is asked
MIN_KEY_WEIGHT = np.float32(1e-3)  # of a carried matte that nothing speaks for
REGISTRATION_INTERVAL = 2  # frames after which the motion is registered with the key frame again


@dataclass(frozen=True, eq=False)
class CarriedMatte:
    """A key's matte at another frame, and how far to rely on it at each pixel, 0..1."""

    alpha: Floats
    trust: Floats


class PairMotion(NamedTuple):
    """Motion between two successive frames: from the earlier to the later, and back. Half floats save memory."""

    there: NDArray[np.float16]
    back: NDArray[np.float16]

    def reverse(self) -> PairMotion:
        """The same for the reversed order."""
        return PairMotion(self.back, self.there)


def estimate_motions(guides: Sequence[Floats], estimate_motion: EstimateMotion) -> list[PairMotion | None]:
    """The motion between each frame and the next; None where a new scene starts between."""
    motions: list[PairMotion | None] = []
    for before, after in pairwise(guides):
        if is_scene_cut(before, after):
            motions.append(None)
            continue
        there, back = estimate_motion(before, after)
        motions.append(PairMotion(there.astype(np.float16), back.astype(np.float16)))
    return motions


def carry_from_key(
    guides: Sequence[Floats], key_alpha: Floats, motions: Sequence[PairMotion | None]
) -> list[CarriedMatte]:
    """Carry the matte of the first frame to the others, as far as no new scene starts.

    Parameters
    ----------
    guides : sequence of h x w x 3 float32
        Colours 0..1 of successive frames, away from the key frame, which is the first.
    key_alpha : h x w float32
        Its matte.
    motions : sequence of PairMotion or None
        Between each frame and the next.

    Returns
    -------
    list of CarriedMatte
        Of the first frame and those after it; shorter than `guides` where a scene ends.
    """
    carried = [CarriedMatte(key_alpha, np.ones_like(key_alpha))]
    key_guide, key_colours = guides[0], halve_colours(guides[0])
    forward: Floats | None = None  # from the frame to the key frame
    backward: Floats | None = None
    for place, motion in enumerate(motions, 1):
        if motion is None:
            break
        guide, there, back = guides[place], motion.there.astype(np.float32), motion.back.astype(np.float32)
        forward = back if forward is None else compose_motion(back, forward)
        backward = there if backward is None else compose_motion(backward, there)
        if place % REGISTRATION_INTERVAL == 0:
            forward = register_motion(guide, key_guide, forward)
            backward = register_motion(key_guide, guide, backward)
        trust = enlarge_trust(motion_trust(halve_colours(guide), key_colours, forward, backward), key_alpha)
        carried.append(CarriedMatte(move_matte(key_alpha, forward), trust))
    return carried


def blend_interval(
    guides: Sequence[Floats],
    first: Floats | None,
    last: Floats | None,
    estimate_motion: EstimateMotion,
    network_alpha: Callable[[int], Floats] | None = None,
) -> list[Floats]:
    """Mattes of all frames of an interval between two keys.

    Parameters
    ----------
    guides : sequence of h x w x 3 float32
        Of all its frames, in order, with the key frames.
    first, last : h x w float32, or None
        Mattes of the first and last frame; None where there is no key on that side.
    estimate_motion : callable
    network_alpha : callable, optional
        The network's matte of a frame, by its place.

    Returns
    -------
    list of h x w float32
    """
    count = len(guides)
    motions = estimate_motions(guides, estimate_motion)
    forward = carry_from_key(guides, first, motions) if first is not None else []
    backward: list[CarriedMatte] = []
    if last is not None:
        reversed_motions = [None if motion is None else motion.reverse() for motion in reversed(motions)]
        backward = carry_from_key(_ReversedFrames(guides), last, reversed_motions)
    agreement = _agreement(first, last, network_alpha, count)
    blended = []
    for place in range(count):
        share = place / (count - 1) if count > 1 else 0.0
        total = np.zeros(guides[place].shape[:2], np.float32)
        weight, trust = np.zeros_like(total), np.zeros_like(total)
        for carried, index, nearness in ((forward, place, 1 - share), (backward, count - 1 - place, share)):
            if index < len(carried):
                own = np.float32(nearness if forward and backward else 1) * carried[index].trust + MIN_KEY_WEIGHT
                total, weight = total + own * carried[index].alpha, weight + own
                trust = np.maximum(trust, carried[index].trust)
        if network_alpha is not None and float((trust < MIN_TRUST).mean()) > MAX_DOUBTFUL_SHARE:
            total += NETWORK_WEIGHT * agreement * network_alpha(place)
            weight += NETWORK_WEIGHT * agreement
        blended.append(np.asarray(total / np.maximum(weight, np.float32(1e-6)), np.float32))
    return blended


class _ReversedFrames(Sequence[Floats]):
    """Frames from the last to the first, each taken as it is asked for."""

    def __init__(self, frames: Sequence[Floats]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        return self._frames[len(self._frames) - 1 - place]


def _agreement(
    first: Floats | None, last: Floats | None, network_alpha: Callable[[int], Floats] | None, count: int
) -> np.float32:
    """How far the network's mattes agree with the keys, 0..1: by their overlap (intersection over union), above
    MIN_OVERLAP. A network that sees something else than the keys do would undo them."""
    if network_alpha is None:
        return np.float32(0)
    overlaps = []
    for key, place in ((first, 0), (last, count - 1)):
        if key is not None:
            found = network_alpha(place)
            overlaps.append(float(np.minimum(key, found).sum() / max(np.maximum(key, found).sum(), 1e-6)))
    overlap = float(np.mean(overlaps)) if overlaps else 0.0
    return np.float32(max(0.0, overlap - MIN_OVERLAP) / (1 - MIN_OVERLAP))
