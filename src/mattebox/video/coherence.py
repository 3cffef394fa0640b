"""Mattes that hold together in time: each frame by itself, averaged along the motion, or carried between key frames.

All three are given frames one by one (`push`) and return those that are finished, at most LOOK_AHEAD frames later.
Nothing crosses a scene cut. A frame's matte depends on the LOOK_AHEAD frames before and after it and on nothing else
(but for the reference of `frame_reuse`), so that a clip can be cut into segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np

from mattebox.types import Floats
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import EstimateMotion, compose_motion, round_trip_error, sample
from mattebox.video.scene_cuts import is_scene_cut

CoherenceName = Literal["motion", "keys", "frame"]

LOOK_AHEAD = 2  # frames
KEY_INTERVAL = LOOK_AHEAD + 1
ROUND_TRIP_PIXELS = 1.0  # of error at which a neighbour's weight has fallen to 1/e
COLOUR_DIFFERENCE = 0.06  # of colours 0..1, the same
NEIGHBOUR_WEIGHTS = (0.8, 0.5)  # of the frames one and two away, relative to the frame's own
MAX_DISAGREEMENT = 0.25  # of two carried mattes that are both trusted; beyond, the network is asked
MIN_TRUST = 0.1  # of a carried matte
MIN_WEIGHT = np.float32(1e-3)  # of a carried matte that nothing speaks for
MAX_DISAGREEING_SHARE = 0.03  # of the frame, above which it is asked at all


class Coherence(Protocol):
    """A way to make mattes hold together."""

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        """Take the next frame, and return those that are finished, in order."""

    def flush(self) -> list[CoarseMatte]:
        """The rest."""


@dataclass
class IndependentMattes:
    """Every frame by itself: the path of stills."""

    predictor: MattePredictor
    _before: CoarseMatte | None = None

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        is_cut = self._before is not None and is_scene_cut(self._before.guide, frame.guide)
        self._before = frame
        return [replace(self.predictor.predict(frame), is_cut=is_cut)]

    def flush(self) -> list[CoarseMatte]:
        self._before = None
        return []


@dataclass
class _Step:
    """A frame with its matte, and the motion to and from its predecessor (None at the start of a scene)."""

    frame: CoarseMatte
    to_before: Floats | None = None
    from_before: Floats | None = None


@dataclass
class MotionFilter:
    """Every frame by the network, then averaged with two frames before and after it along the motion.

    A neighbour counts where going there and back ends at the same place, and where it shows the same colour.
    """

    predictor: MattePredictor
    estimate_motion: EstimateMotion
    _steps: list[_Step] = field(default_factory=list)
    _first_pending: int = 0  # place in _steps of the next frame to return

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        finished: list[CoarseMatte] = []
        before = self._steps[-1].frame if self._steps else None
        is_cut = before is not None and is_scene_cut(before.guide, frame.guide)
        if is_cut:
            finished = self.flush()
            before = None
        step = _Step(replace(self.predictor.predict(frame), is_cut=is_cut))
        if before is not None:
            step.to_before = self.estimate_motion(frame.guide, before.guide)
            step.from_before = self.estimate_motion(before.guide, frame.guide)
        self._steps.append(step)
        if len(self._steps) - self._first_pending > LOOK_AHEAD:
            finished.append(self._finish_next())
        return finished

    def flush(self) -> list[CoarseMatte]:
        finished = []
        while self._first_pending < len(self._steps):
            finished.append(self._finish_next())
        self._steps, self._first_pending = [], 0
        return finished

    def _finish_next(self) -> CoarseMatte:
        at = self._first_pending
        frame = self._steps[at].frame
        total, weight = frame.alpha.copy(), np.ones_like(frame.alpha)
        for direction in (-1, 1):
            self._add_neighbours(at, direction, total, weight)
        self._first_pending += 1
        if self._first_pending > LOOK_AHEAD:
            self._steps.pop(0)
            self._first_pending -= 1
        return replace(frame, alpha=total / weight)

    def _add_neighbours(self, at: int, direction: int, total: Floats, weight: Floats) -> None:
        """Add the mattes of the frames on one side to the weighted sum."""
        forward: Floats | None = None  # from the frame to the neighbour
        backward: Floats | None = None
        frame = self._steps[at].frame
        for distance, base_weight in enumerate(NEIGHBOUR_WEIGHTS, 1):
            place = at + direction * distance
            if not 0 <= place < len(self._steps):
                return
            there, back = self._motion_between(place - direction, direction)
            if there is None or back is None:
                return
            forward = there if forward is None else compose_motion(forward, there)
            backward = back if backward is None else compose_motion(back, backward)
            neighbour = self._steps[place].frame
            trust = base_weight * motion_trust(frame.guide, neighbour.guide, forward, backward)
            total += trust * sample(neighbour.alpha, forward)
            weight += trust

    def _motion_between(self, place: int, direction: int) -> tuple[Floats | None, Floats | None]:
        """The motion from a frame to its neighbour, and back."""
        if direction < 0:
            step = self._steps[place]
            return step.to_before, step.from_before
        step = self._steps[place + 1]
        return step.from_before, step.to_before


@dataclass
class KeyFrames:
    """The network on every third frame; between, mattes are carried from both sides along the motion.

    Where the two carried mattes disagree, the network is asked after all, and decides there.
    """

    predictor: MattePredictor
    estimate_motion: EstimateMotion
    _key: CoarseMatte | None = None
    _between: list[CoarseMatte] = field(default_factory=list)

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        before = self._between[-1] if self._between else self._key
        finished: list[CoarseMatte] = []
        if before is not None and is_scene_cut(before.guide, frame.guide):
            finished = self.flush()
            frame = replace(frame, is_cut=True)
        if self._key is None or frame.index % KEY_INTERVAL == 0:
            return [*finished, *self._add_key(frame)]
        self._between.append(frame)
        return finished

    def flush(self) -> list[CoarseMatte]:
        finished = []
        if self._between:
            last = self._between.pop()
            finished = self._add_key(last)
        self._key = None
        return finished

    def _add_key(self, frame: CoarseMatte) -> list[CoarseMatte]:
        """The frames between the last key frame and this one, and this one."""
        key, chain = self.predictor.predict(frame), [self._key, *self._between]
        finished = []
        if self._key is not None and self._between:
            finished = self._carry([f for f in chain if f is not None], key)
        self._key, self._between = key, []
        return [*finished, key]

    def _carry(self, chain: list[CoarseMatte], end: CoarseMatte) -> list[CoarseMatte]:
        """Mattes of all frames of the chain but the first, which has its own."""
        frames = [*chain, end]
        to_before = [self.estimate_motion(b.guide, a.guide) for a, b in pairwise(frames)]
        to_after = [self.estimate_motion(a.guide, b.guide) for a, b in pairwise(frames)]
        carried = []
        for place in range(1, len(chain)):
            from_start, start_trust = _carry_matte(frames, place, 0, to_before, to_after)
            from_end, end_trust = _carry_matte(frames, place, len(frames) - 1, to_before, to_after)
            share = place / (len(frames) - 1)
            start_weight: Floats = np.float32(1 - share) * start_trust + MIN_WEIGHT
            end_weight: Floats = np.float32(share) * end_trust + MIN_WEIGHT
            alpha = _weighted_mean(from_start, start_weight, from_end, end_weight)
            differ = np.abs(from_start - from_end) > MAX_DISAGREEMENT
            doubt = (differ & (np.minimum(start_trust, end_trust) > MIN_TRUST)) | (
                np.maximum(start_trust, end_trust) < MIN_TRUST
            )
            presence = (1 - share) * frames[0].presence + share * end.presence
            frame = replace(frames[place], alpha=alpha, presence=presence, origin="carried")
            if doubt.mean() > MAX_DISAGREEING_SHARE:
                own = self.predictor.run(frames[place])
                frame = replace(own, alpha=np.where(doubt, own.alpha, alpha))
            carried.append(frame)
        return carried


def create_coherence(name: CoherenceName, predictor: MattePredictor, estimate_motion: EstimateMotion) -> Coherence:
    """The way of that name."""
    if name == "frame":
        return IndependentMattes(predictor)
    if name == "keys":
        return KeyFrames(predictor, estimate_motion)
    return MotionFilter(predictor, estimate_motion)


def motion_trust(guide: Floats, other: Floats, forward: Floats, backward: Floats) -> Floats:
    """h x w, 0..1: how far another frame can be relied on at each pixel, by the way there and back and by colour."""
    path = round_trip_error(forward, backward) / np.float32(ROUND_TRIP_PIXELS)
    colour = np.abs(sample(other, forward) - guide).max(axis=-1) / np.float32(COLOUR_DIFFERENCE)
    trust: Floats = np.exp(-(path * path) - colour * colour)
    return trust


def _weighted_mean(first: Floats, first_weight: Floats, second: Floats, second_weight: Floats) -> Floats:
    mean: Floats = (first_weight * first + second_weight * second) / (first_weight + second_weight)
    return mean


def _carry_matte(
    frames: list[CoarseMatte], place: int, origin: int, to_before: list[Floats], to_after: list[Floats]
) -> tuple[Floats, Floats]:
    """The matte of frame `origin` at frame `place`, and how far to trust it there."""
    step = -1 if origin < place else 1
    forward: Floats | None = None
    backward: Floats | None = None
    for at in range(place, origin, step):
        there, back = (to_before[at - 1], to_after[at - 1]) if step < 0 else (to_after[at], to_before[at])
        forward = there if forward is None else compose_motion(forward, there)
        backward = back if backward is None else compose_motion(back, backward)
    assert forward is not None
    assert backward is not None
    source = frames[origin]
    trust = motion_trust(frames[place].guide, source.guide, forward, backward)
    return sample(source.alpha, forward), trust
