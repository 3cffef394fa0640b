"""Mattes of the frames of a still shot without what its background plate shows to be background.

The plate is learned from all frames before, and from those up to MAX_LOOK_AHEAD after: what the subject uncovers later
is known when it is needed. Nothing crosses a scene cut.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from mattebox.types import ImageShape, subject_box
from mattebox.video.background_plate import BackgroundPlate
from mattebox.video.frame_cutout import RefinedFrame

MAX_LOOK_AHEAD = 12  # frames
MAX_WAITING_PIXELS = 40_000_000  # of the frames that wait
MAX_PLATE_PIXELS = 9_000_000  # of a frame; larger ones are left as they are, for the sake of memory


@dataclass
class PlateFilter:
    """Takes refined frames one by one (`push`) and returns those that are finished, in order.

    Attributes
    ----------
    segment_frames : int, optional
        Length of segments that must not depend on frames before them.
    look_ahead : int
        Frames that it waits for, at most.
    """

    segment_frames: int | None = None
    look_ahead: int = MAX_LOOK_AHEAD
    _plate: BackgroundPlate = field(default_factory=BackgroundPlate)
    _waiting: deque[RefinedFrame] = field(default_factory=deque)

    def push(self, frame: RefinedFrame) -> list[RefinedFrame]:
        """Take the next frame, and return those that are finished."""
        coarse = frame.coarse
        starts_segment = self.segment_frames is not None and coarse.index % self.segment_frames == 0
        finished = self.flush() if coarse.is_cut or starts_segment else []
        if coarse.picture.shape[0] * coarse.picture.shape[1] > MAX_PLATE_PIXELS:
            return [*finished, frame]
        if frame.matte.found:
            self._plate.learn(coarse.picture, frame.matte.alpha)
        self._waiting.append(frame)
        while len(self._waiting) > min(self.look_ahead, _affordable_frames(coarse.picture.shape)):
            finished.append(self._finish_next())
        return finished

    def flush(self) -> list[RefinedFrame]:
        """The rest; what follows is another scene."""
        finished = [self._finish_next() for _ in range(len(self._waiting))]
        self._plate.forget()
        return finished

    def _finish_next(self) -> RefinedFrame:
        frame = self._waiting.popleft()
        if not frame.matte.found:
            return frame
        alpha = self._plate.remove_background(frame.coarse.picture, frame.matte.alpha, frame.coarse.alpha)
        if alpha is frame.matte.alpha:
            return frame
        return replace(frame, matte=replace(frame.matte, alpha=alpha, box=subject_box(alpha)))


def _affordable_frames(shape: ImageShape) -> int:
    return MAX_WAITING_PIXELS // (shape[0] * shape[1])
