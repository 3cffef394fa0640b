"""Averages of mattes along the motion: each frame's own with those of two frames before and after it.

A neighbour counts where going there and back ends at the same place, and where it shows the same colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mattebox.io import resampling
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import EstimateMotion, MotionPair, from_planes, halve_colours, move_matte, to_planes
from mattebox.video.scene_cuts import is_scene_cut

LOOK_AHEAD = 2  # frames
NEIGHBOUR_WEIGHTS = (0.8, 0.5)  # of the frames one and two away, relative to the frame's own


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
        step = cls(frame, halve_colours(frame.guide))
        if before is not None:
            step.to_before, step.from_before = estimate_motion(frame.guide, before.guide)
        return step


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
    total, weight = frame.alpha.copy(), np.ones_like(frame.alpha)
    for direction in (-1, 1):
        _add_neighbours(steps, at, direction, total, weight)
    return replace(frame, alpha=total / weight)


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
    planes = {"colours": colours, "other": other, "there": forward, "back": backward}
    outputs = onnx_runtime.run_kernel("frame_trust", 1, **{name: to_planes(p) for name, p in planes.items()})
    trust: Floats = outputs[0, 0]
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
    there, back, trust = onnx_runtime.run_kernel_outputs(
        "extend_route", 1, colours=to_planes(colours), other=to_planes(other), near=to_planes(near[0]),
        near_back=to_planes(near[1]), far=to_planes(far[0]), far_back=to_planes(far[1]),
    )  # fmt: skip
    return from_planes(there), from_planes(back), trust[0, 0]


def enlarge_trust(trust: Floats, like: Floats) -> Floats:
    """A plane of `motion_trust` at a matte's own size."""
    return resampling.enlarge(trust, (like.shape[0], like.shape[1]), "bilinear")


def _add_neighbours(steps: Sequence[MotionStep], at: int, direction: int, total: Floats, weight: Floats) -> None:
    """Add the mattes of the steps on one side to the weighted sum."""
    forward: Floats | None = None  # from the frame to the neighbour
    backward: Floats | None = None
    for distance, base_weight in enumerate(NEIGHBOUR_WEIGHTS, 1):
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
        share = np.float32(base_weight) * enlarge_trust(trust, total)
        total += share * move_matte(neighbour.frame.alpha, forward)
        weight += share


def _motion_between(steps: Sequence[MotionStep], place: int, direction: int) -> tuple[Floats | None, Floats | None]:
    """The motion from a step to its neighbour, and back."""
    if direction < 0:
        return steps[place].to_before, steps[place].from_before
    return steps[place + 1].from_before, steps[place + 1].to_before
