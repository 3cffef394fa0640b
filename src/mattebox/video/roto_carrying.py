"""Carrying of key mattes along the motion, both ways, and blending of what arrives from both sides.

Motion is composed from frame to frame and then registered directly with the key frame, so that errors do not add up.
Where neither key can be relied on at a pixel, the network's matte decides, as far as it agreed with the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mattebox.types import Floats
from mattebox.video.coherence import motion_trust
from mattebox.video.motion import EstimateMotion, compose_motion, register_motion, sample
from mattebox.video.scene_cuts import is_scene_cut

NETWORK_WEIGHT = np.float32(0.05)  # of the network's matte, where it agrees with the keys; of a trusted key, 1
MIN_TRUST, MAX_DOUBTFUL_SHARE = 0.1, 0.005  # of carried mattes; where more of a frame is below, the network is asked
MIN_KEY_WEIGHT = np.float32(1e-3)  # of a carried matte that nothing speaks for
REGISTRATION_INTERVAL = 2  # frames after which the motion is registered with the key frame again


@dataclass(frozen=True, eq=False)
class CarriedMatte:
    """A key's matte at another frame, and how far to rely on it at each pixel, 0..1."""

    alpha: Floats
    trust: Floats


def carry_from_key(guides: Sequence[Floats], key_alpha: Floats, estimate_motion: EstimateMotion) -> list[CarriedMatte]:
    """Carry the matte of the first frame to the others, as far as no new scene starts.

    Parameters
    ----------
    guides : sequence of h x w x 3 float32
        Colours 0..1 of successive frames, away from the key frame, which is the first.
    key_alpha : h x w float32
        Its matte.
    estimate_motion : callable

    Returns
    -------
    list of CarriedMatte
        Of the first frame and those after it; shorter than `guides` where a scene ends.
    """
    carried = [CarriedMatte(key_alpha, np.ones_like(key_alpha))]
    forward: Floats | None = None  # from the frame to the key frame
    backward: Floats | None = None
    for place in range(1, len(guides)):
        before, guide = guides[place - 1], guides[place]
        if is_scene_cut(before, guide):
            break
        there, back = estimate_motion(guide, before), estimate_motion(before, guide)
        forward = there if forward is None else compose_motion(there, forward)
        backward = back if backward is None else compose_motion(backward, back)
        if place % REGISTRATION_INTERVAL == 0:
            forward = register_motion(guide, guides[0], forward)
            backward = register_motion(guides[0], guide, backward)
        trust = motion_trust(guide, guides[0], forward, backward)
        carried.append(CarriedMatte(sample(key_alpha, forward), trust))
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
    forward = carry_from_key(guides, first, estimate_motion) if first is not None else []
    backward = carry_from_key(list(reversed(guides)), last, estimate_motion) if last is not None else []
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


def _agreement(
    first: Floats | None, last: Floats | None, network_alpha: Callable[[int], Floats] | None, count: int
) -> np.float32:
    """How far the network's mattes agree with the keys: their overlap (intersection over union), squared."""
    if network_alpha is None:
        return np.float32(0)
    overlaps = []
    for key, place in ((first, 0), (last, count - 1)):
        if key is not None:
            found = network_alpha(place)
            overlaps.append(float(np.minimum(key, found).sum() / max(np.maximum(key, found).sum(), 1e-6)))
    return np.float32(np.mean(overlaps) ** 2) if overlaps else np.float32(0)
