"""Ways to make mattes hold together in time: each frame by itself, averaged along the motion, carried between keys, or
by the state of a recurrent network.

All are given frames one by one (`push`) and return those that are finished, at most MAX_LOOK_AHEAD frames later.
Nothing crosses a scene cut. A frame's matte depends on the MAX_LOOK_AHEAD frames before and after it and on nothing
else (but for the reference of `frame_reuse`, and recurrent networks), so that a clip can be cut into segments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.models.matte_session import Session
from mattebox.models.result_cache import NamedArrays
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.key_frames import KeyFrames
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import EstimateMotion
from mattebox.video.motion_filter import MotionFilter
from mattebox.video.scene_cuts import is_scene_cut

CoherenceName = Literal["auto", "keys", "motion", "frame", "recurrent"]
COHERENCE_NAMES: tuple[CoherenceName, ...] = get_args(CoherenceName)


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
        """Take the next frame, and return it."""
        is_cut = self._before is not None and is_scene_cut(self._before.guide, frame.guide)
        self._before = frame
        return [replace(self.predictor.predict(frame), is_cut=is_cut)]

    def flush(self) -> list[CoarseMatte]:
        """Nothing."""
        self._before = None
        return []


@dataclass
class RecurrentMattes:
    """Every frame by a recurrent network, whose state begins anew with each scene."""

    predictor: MattePredictor
    _state: NamedArrays | None = None
    _before: CoarseMatte | None = None

    def push(self, frame: CoarseMatte) -> list[CoarseMatte]:
        """Take the next frame, and return it."""
        is_cut = self._before is not None and is_scene_cut(self._before.guide, frame.guide)
        is_same_size = self._before is not None and self._before.picture.shape == frame.picture.shape
        self._before = frame
        predicted, self._state = self.predictor.run_next(frame, self._state if is_same_size and not is_cut else None)
        return [replace(predicted, is_cut=is_cut)]

    def flush(self) -> list[CoarseMatte]:
        """Nothing; what follows is another clip."""
        self._state = self._before = None
        return []


def choose_coherence(name: CoherenceName, session: Session, default: CoherenceName) -> CoherenceName:
    """The way that "auto" stands for: a recurrent network's own, else the default. UsageError where it has none."""
    if name == "recurrent" and not session.is_recurrent:
        raise UsageError(
            f"model {session.card.name} keeps no state from frame to frame",
            f"choose one such as rvm, or another {name_parameter('coherence')}",
        )
    if name == "auto":
        return "recurrent" if session.is_recurrent else default
    return name


def create_coherence(name: CoherenceName, predictor: MattePredictor, estimate_motion: EstimateMotion) -> Coherence:
    """The way of that name."""
    if name == "frame":
        return IndependentMattes(predictor)
    if name == "recurrent":
        return RecurrentMattes(predictor)
    if name == "keys":
        return KeyFrames(predictor, estimate_motion)
    return MotionFilter(predictor, estimate_motion)
