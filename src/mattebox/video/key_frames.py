"""The network on key frames; between, mattes are carried from both sides along the motion.

Key frames lie KEY_SPAN frames apart. Where two carried mattes disagree in a frame, or neither can be relied on, the
frame in the middle becomes a key frame too, and so on, until they agree: a still shot costs a run in six frames, one in
which everything moves a run in each. Key frames' own mattes are averaged along the motion with those of the two key
frames before and after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mattebox.types import Floats, ImageShape
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.matte_averaging import MovedMatte, average_mattes
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import EstimateMotion, halve_motion, halve_plane, move_planes
from mattebox.video.motion_filter import MotionStep, average_along_motion, extend_route, motion_trust
from mattebox.video.scene_cuts import is_scene_cut

KEY_SPAN = 6  # frames from one key frame to the next, at most
SPANS = (6, 3, 2, 1)  # that divide KEY_SPAN, for larger frames
CONTEXT_KEYS = 2  # before and after, with which a key frame's matte is averaged
MAX_LOOK_AHEAD = CONTEXT_KEYS * KEY_SPAN  # frames
MAX_HELD_PIXELS = 80_000_000  # of the frames that are held at a time
MAX_DISAGREEMENT = 0.25  # of two carried mattes that are both trusted
MIN_TRUST = 0.1  # of a carried matte
MIN_WEIGHT = 1e-3  # of a carried matte that nothing speaks for
MAX_DISAGREEING_SHARE = 0.005  # of the frame, above which the network is asked
MAX_UNKNOWN_SHARE = 0.2  # of the frame: what neither key frame shows


class CarriedRoute(NamedTuple):
    """How a key frame's matte comes to a frame: the motion from the frame to the key frame and back, on half the
    matte's grid, and how far it can be relied on, on a quarter."""

    forward: Floats
    backward: Floats
    trust: Floats


@dataclass
class KeyFrames:
    """See the module."""

    predictor: MattePredictor
    estimate_motion: EstimateMotion
    _steps: list[MotionStep] = field(default_factory=list)  # from the last key frame on
    _waiting: _Span | None = None  # for the key frames of the next one
    _context: list[MotionStep] = field(default_factory=list)  # the key frames before its first, and that one
    _first_alpha: Floats | None = None  # of its first frame, where that was returned already

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        """Take the next frame, and return those that are finished."""
        finished: list[CoarseMatte] = []
        before = self._steps[-1].frame if self._steps else None
        if before is not None and is_scene_cut(before.guide, frame.guide):
            finished, before = self.flush(), None
            frame = replace(frame, is_cut=True)
        if before is None:
            self._steps = [MotionStep.follow(self.predictor.predict_key(frame), None, self.estimate_motion)]
            self._context = [*self._steps]
            return finished
        self._steps.append(MotionStep.follow(frame, before, self.estimate_motion))
        if frame.index % key_span(frame.picture.shape) == 0:
            finished += self._close_span()
        return finished

    def flush(self) -> list[CoarseMatte]:
        """The rest."""
        finished = self._close_span() if len(self._steps) > 1 else []
        finished += self._finish_waiting([]) if self._waiting is not None else [step.frame for step in self._steps]
        self._steps, self._waiting, self._context, self._first_alpha = [], None, [], None
        return finished

    def _close_span(self) -> list[CoarseMatte]:
        """Make the last frame a key frame, and return the frames of the span before."""
        self._steps[-1].frame = self.predictor.predict_key(self._steps[-1].frame)
        span = _Span(self._steps, self.predictor)
        span.divide(0, len(self._steps) - 1)
        finished = self._finish_waiting(span.key_steps) if self._waiting is not None else []
        self._steps, self._waiting = self._steps[-1:], span
        return finished

    def _finish_waiting(self, following: list[MotionStep]) -> list[CoarseMatte]:
        """The frames of the span that waits for the key frames that follow it."""
        assert self._waiting is not None
        keys = self._waiting.key_steps
        chain = [*self._context, *keys, *following[:CONTEXT_KEYS]]
        start = len(self._context) - 1  # of the span in the chain
        alphas = [average_along_motion(chain, start + at).alpha for at in range(len(keys) + 1)]
        is_first = self._first_alpha is None
        if self._first_alpha is not None:
            alphas[0] = self._first_alpha
        finished = self._waiting.blend(alphas)
        self._context, self._first_alpha = chain[: start + len(keys) + 1][-CONTEXT_KEYS - 1 :], alphas[-1]
        return finished if is_first else finished[1:]


class _Span:
    """The frames between two key frames, with both."""

    def __init__(self, steps: list[MotionStep], predictor: MattePredictor) -> None:
        self._steps, self._predictor = steps, predictor
        self._keys = {0, len(steps) - 1}
        self._routes: dict[tuple[int, int], CarriedRoute] = {}  # by the place of the frame and of the key frame

    def divide(self, first: int, last: int) -> None:
        """Make the middle frame a key frame, and so on, where mattes that are carried between two do not agree."""
        middle = (first + last) // 2
        ends = [self._steps[place].frame.alpha for place in (first, last)]
        start_alpha, end_alpha = (halve_plane(halve_plane(alpha)) for alpha in ends)
        # The middle first: what is found there is of use for both halves.
        for place in sorted(range(first + 1, last), key=lambda place: abs(place - middle)):
            routes = self._route(place, first), self._route(place, last)
            if _is_doubtful(start_alpha, routes[0], end_alpha, routes[1]):
                self._steps[middle].frame = self._predictor.run_between(self._steps[middle].frame, ends)
                self._keys.add(middle)
                self.divide(first, middle)
                self.divide(middle, last)
                return

    @property
    def key_steps(self) -> list[MotionStep]:
        """The key frames after the first, each with the motion to and from the key frame before it."""
        routes = [(place, self._route(place, key)) for key, place in pairwise(sorted(self._keys))]
        return [
            MotionStep(self._steps[place].frame, self._steps[place].colours, route.forward, route.backward, route.trust)
            for place, route in routes
        ]

    def blend(self, key_alphas: Sequence[Floats]) -> list[CoarseMatte]:
        """All frames with their mattes, given those of the key frames."""
        alphas = dict(zip(sorted(self._keys), key_alphas, strict=True))
        finished = []
        for place, step in enumerate(self._steps):
            if place in alphas:
                finished.append(replace(step.frame, alpha=alphas[place]))
                continue
            before = max(key for key in alphas if key < place)
            after = min(key for key in alphas if key > place)
            share = (place - before) / (after - before)
            presence = (1 - share) * self._steps[before].frame.presence + share * self._steps[after].frame.presence
            routes = self._route(place, before), self._route(place, after)
            alpha = _blend_carried(alphas[before], routes[0], alphas[after], routes[1], share)
            finished.append(replace(step.frame, alpha=alpha, presence=presence, origin="carried"))
        return finished

    def _route(self, place: int, key: int) -> CarriedRoute:
        """The route to a frame from a key frame before or after it; each is found once."""
        route = self._routes.get((place, key))
        if route is None:
            route = self._routes[place, key] = self._follow(place, key)
        return route

    def _follow(self, place: int, key: int) -> CarriedRoute:
        direction = 1 if place > key else -1
        step = self._steps[place if direction > 0 else place + 1]
        near = (step.to_before, step.from_before)[::direction]
        assert near[0] is not None
        assert near[1] is not None
        colours, key_colours = self._steps[place].colours, self._steps[key].colours
        if place - direction == key:
            return CarriedRoute(near[0], near[1], motion_trust(colours, key_colours, near[0], near[1]))
        before = self._route(place - direction, key)
        return CarriedRoute(*extend_route(colours, key_colours, (near[0], near[1]), (before.forward, before.backward)))


def key_span(shape: ImageShape) -> int:
    """Frames from one key frame to the next, at most, for frames of a shape: as many as may be held in memory."""
    return next((span for span in SPANS if CONTEXT_KEYS * span * shape[0] * shape[1] <= MAX_HELD_PIXELS), 1)


def _is_doubtful(start_alpha: Floats, start: CarriedRoute, end_alpha: Floats, end: CarriedRoute) -> bool:
    """Whether carried mattes disagree where both or neither can be relied on, or much of a frame is like neither."""
    from_start = move_planes(start_alpha, halve_motion(start.forward))
    from_end = move_planes(end_alpha, halve_motion(end.forward))
    is_unknown = np.maximum(start.trust, end.trust) < MIN_TRUST
    both_trusted = np.minimum(start.trust, end.trust) > MIN_TRUST
    differ = (np.abs(from_start - from_end) > MAX_DISAGREEMENT) & (both_trusted | is_unknown)
    return float(differ.mean()) > MAX_DISAGREEING_SHARE or float(is_unknown.mean()) > MAX_UNKNOWN_SHARE


def _blend_carried(before: Floats, start: CarriedRoute, after: Floats, end: CarriedRoute, share: float) -> Floats:
    """The mean of both carried mattes, weighted by nearness (`share` of the way) and how far each can be relied on."""
    moved = [
        MovedMatte(alpha, route.forward, route.trust, weight, MIN_WEIGHT)
        for alpha, route, weight in ((before, start, 1 - share), (after, end, share))
    ]
    return average_mattes(before, 0.0, moved)
