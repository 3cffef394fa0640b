"""Averages of mattes along the motion: each frame's own with those of two frames before and after it.

A neighbour counts where going there and back ends at the same place, and where it shows the same colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mattebox.io import resampling
from mattebox.types import Floats
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.matte_averaging import MovedMatte, average_mattes
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import (
    EstimateMotion,
    MotionPair,
    compose_motion,
    halve_colours,
    halve_motion,
    halve_plane,
    move_planes,
)
from mattebox.video.scene_cuts import is_scene_cut

LOOK_AHEAD = 2  # frames
NEIGHBOUR_WEIGHTS = (0.8, 0.5)  # of the frames one and two away, relative to the frame's own
ROUND_TRIP_SAMPLES = np.float32(0.25)  # of error, on a quarter of the matte's grid, at which trust has fallen to 1/e
COLOUR_DIFFERENCE = np.float32(0.06)  # of colours 0..1, the same


@dataclass
class MotionStep:
    """A frame with its matte, its colours on half the grid, the motion to and from its predecessor (None where a scene
    starts), on that grid, and how far that one can be relied on, where it is known (see `motion_trust`)."""

    frame: CoarseMatte
    colours: Floats
    to_before: Floats | None = None
    from_before: Floats | None = None
    trust: Floats | None = None

    @classmethod
    def follow(cls, frame: CoarseMatte, before: CoarseMatte | None, estimate_motion: EstimateMotion) -> MotionStep:
        """The step from the frame before, if there is one in the same scene."""
        colours = halve_colours(frame.guide)
        if before is None:
            return cls(frame, colours)
        motion = estimate_motion(frame.guide, before.guide)
        return cls(replace(frame, motion=motion), colours, *motion)


@dataclass
class MotionFilter:
    """Every frame by the network, then averaged along the motion."""

    predictor: MattePredictor
    estimate_motion: EstimateMotion
    _steps: list[MotionStep] = field(default_factory=list)
    _first_pending: int = 0  # place in _steps of the next frame to return

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        """Take the next frame, and return those that are finished."""
        finished: list[CoarseMatte] = []
        before = self._steps[-1].frame if self._steps else None
        is_cut = before is not None and is_scene_cut(before.guide, frame.guide)
        if is_cut:
            finished = self.flush()
            before = None
        predicted = replace(self.predictor.predict(frame), is_cut=is_cut)
        self._steps.append(MotionStep.follow(predicted, before, self.estimate_motion))
        if len(self._steps) - self._first_pending > LOOK_AHEAD:
            finished.append(self._finish_next())
        return finished

    def flush(self) -> list[CoarseMatte]:
        """The rest."""
        finished = []
        while self._first_pending < len(self._steps):
            finished.append(self._finish_next())
        self._steps, self._first_pending = [], 0
        return finished

    def _finish_next(self) -> CoarseMatte:
        averaged = average_along_motion(self._steps, self._first_pending)
        self._first_pending += 1
        if self._first_pending > LOOK_AHEAD:
            self._steps.pop(0)
            self._first_pending -= 1
        return averaged


def average_along_motion(steps: Sequence[MotionStep], at: int) -> CoarseMatte:
    """The frame at a place with the average of its matte and of those of two steps before and after it."""
    frame = steps[at].frame
    neighbours = [matte for direction in (-1, 1) for matte in _iter_neighbours(steps, at, direction)]
    return replace(frame, alpha=average_mattes(frame.alpha, 1.0, neighbours))


def motion_trust(colours: Floats, other: Floats, forward: Floats, backward: Floats) -> Floats:
    """How far another frame can be relied on at each sample, by the way there and back and by colour.

    Parameters
    ----------
    colours, other : h x w x 3 float32
        Of both frames, on half the matte's grid (see `halve_colours`).
    forward, backward : h x w x 2 float32
        The motion from the frame to the other, and back, on that grid.

    Returns
    -------
    h/2 x w/2 float32
        0..1, odd sides rounded up.
    """
    reduced = halve_motion(forward)
    path = (reduced + move_planes(halve_motion(backward), reduced)) / ROUND_TRIP_SAMPLES
    path *= path
    difference = _colour_difference(colours, move_planes(other, forward)) / COLOUR_DIFFERENCE
    likeness = halve_plane(np.exp(-difference * difference))
    trust: Floats = np.exp(-(path[..., 0] + path[..., 1])) * likeness
    return trust


def extend_route(colours: Floats, other: Floats, near: MotionPair, far: MotionPair) -> tuple[Floats, Floats, Floats]:
    """The motion over two frames, and how far the farther one can be relied on.

    Parameters
    ----------
    colours, other : h x w x 3 float32
        Of the frame and of the farther one, on half the matte's grid.
    near, far : pairs of h x w x 2 float32
        The motion from the frame to the nearer one and back, and from that to the farther one and back.

    Returns
    -------
    h x w x 2, h x w x 2 and h/2 x w/2 float32
        The motion from the frame to the farther one, and back; trust as of `motion_trust`.
    """
    there, back = compose_motion(near[0], far[0]), compose_motion(far[1], near[1])
    return there, back, motion_trust(colours, other, there, back)


def enlarge_trust(trust: Floats, like: Floats) -> Floats:
    """A plane of `motion_trust` at a matte's own size."""
    return resampling.enlarge(trust, (like.shape[0], like.shape[1]), "bilinear")


def _iter_neighbours(steps: Sequence[MotionStep], at: int, direction: int) -> Iterator[MovedMatte]:
    """The mattes of the steps on one side, with the motion to them."""
    forward: Floats | None = None  # from the frame to the neighbour
    backward: Floats | None = None
    for distance, weight in enumerate(NEIGHBOUR_WEIGHTS, 1):
        place = at + direction * distance
        if not 0 <= place < len(steps):
            return
        there, back = _motion_between(steps, place - direction, direction)
        if there is None or back is None:
            return
        neighbour, own = steps[place], steps[at].colours
        if forward is None or backward is None:
            forward, backward = there, back
            known = steps[at].trust if direction < 0 else None
            trust = motion_trust(own, neighbour.colours, forward, backward) if known is None else known
        else:
            forward, backward, trust = extend_route(own, neighbour.colours, (forward, backward), (there, back))
        yield MovedMatte(neighbour.frame.alpha, forward, trust, weight)


def _motion_between(steps: Sequence[MotionStep], place: int, direction: int) -> tuple[Floats | None, Floats | None]:
    """The motion from a step to its neighbour, and back."""
    if direction < 0:
        return steps[place].to_before, steps[place].from_before
    return steps[place + 1].from_before, steps[place + 1].to_before


def _colour_difference(colours: Floats, other: Floats) -> Floats:
    """The largest absolute difference of any channel, h x w."""
    red, green, blue = (np.abs(colours[..., channel] - other[..., channel]) for channel in range(3))
    largest: Floats = np.maximum(np.maximum(red, green), blue)
    return largest
