"""Ways to make mattes hold together in time: each frame by itself, averaged along the motion, or carried between keys.

All are given frames one by one (`push`) and return those that are finished, at most MAX_LOOK_AHEAD frames later.
Nothing crosses a scene cut. A frame's matte depends on the MAX_LOOK_AHEAD frames before and after it and on nothing
else (but for the reference of `frame_reuse`), so that a clip can be cut into segments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.key_frames import KeyFrames
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import EstimateMotion
from mattebox.video.motion_filter import MotionFilter
from mattebox.video.scene_cuts import is_scene_cut

CoherenceName = Literal["keys", "motion", "frame"]


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


def create_coherence(name: CoherenceName, predictor: MattePredictor, estimate_motion: EstimateMotion) -> Coherence:
    """The way of that name."""
    if name == "frame":
        return IndependentMattes(predictor)
    if name == "keys":
        return KeyFrames(predictor, estimate_motion)
    return MotionFilter(predictor, estimate_motion)
