"""Mattes of the frames of a clip without what is known of the background behind its subject.

The background is learned from all frames before, and from those up to MAX_LOOK_AHEAD after: what the subject uncovers
later is known when it is needed. As long as the camera stands it is a `BackgroundPlate`; once it moves, a
`MovingPlate`, until its motion is uncertain. Nothing crosses a scene cut, or a change of size.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from mattebox.types import ImageShape, Pixels, subject_box
from mattebox.video.background_plate import BackgroundPlate
from mattebox.video.camera_motion import IDENTITY, Affine
from mattebox.video.frame_cutout import RefinedFrame
from mattebox.video.moving_plate import MovingPlate

MAX_LOOK_AHEAD = 12  # frames
MAX_WAITING_PIXELS = 40_000_000  # of the frames that wait
MAX_PLATE_PIXELS = 9_000_000  # of a frame; larger ones are left as they are, for the sake of memory
PAUSE_FRAMES = 12  # after an uncertain motion, until another moving plate begins


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
    _moving: MovingPlate | None = None
    _pause: int = 0  # frames, until a moving plate may begin
    # With where each lies in the moving plate, once there is one.
    _waiting: deque[tuple[RefinedFrame, Affine | None]] = field(default_factory=deque)

    def push(self, frame: RefinedFrame) -> list[RefinedFrame]:
        """Take the next frame, and return those that are finished."""
        coarse, shape = frame.coarse, frame.coarse.picture.shape
        starts_segment = self.segment_frames is not None and coarse.index % self.segment_frames == 0
        is_resized = bool(self._waiting) and self._waiting[-1][0].coarse.picture.shape != shape
        finished = self.flush() if coarse.is_cut or starts_segment or is_resized else []
        if shape[0] * shape[1] > MAX_PLATE_PIXELS:
            return [*finished, frame]
        place = self._learn(frame)
        if self._moving is not None and place is None:
            finished += self._finish_all()
            self._moving, self._pause = None, PAUSE_FRAMES
            self._plate.forget()
            self._learn(frame)
        self._waiting.append((frame, place))
        while len(self._waiting) > min(self.look_ahead, _affordable_frames(shape)):
            finished.append(self._finish_next())
        return finished

    def flush(self) -> list[RefinedFrame]:
        """The rest; what follows is another scene."""
        finished = self._finish_all()
        self._plate.forget()
        self._moving, self._pause = None, 0
        return finished

    def _learn(self, frame: RefinedFrame) -> Affine | None:
        """Learn the background of a frame; returns where it lies in the moving plate."""
        matte = frame.matte
        if self._moving is not None:
            return self._moving.learn(frame.coarse, matte.alpha, is_certain=matte.found)
        self._pause = max(0, self._pause - 1)
        has_moved = matte.found and self._plate.learn(frame.coarse.picture, matte.alpha)
        if not has_moved or self._pause or frame.coarse.motion is None:
            return None
        self._moving = MovingPlate(frame.coarse, matte.alpha)
        return IDENTITY

    def _finish_all(self) -> list[RefinedFrame]:
        return [self._finish_next() for _ in range(len(self._waiting))]

    def _finish_next(self) -> RefinedFrame:
        frame, place = self._waiting.popleft()
        if not frame.matte.found:
            return frame
        alpha = self._clear(frame, place)
        if alpha is frame.matte.alpha:
            return frame
        return replace(frame, matte=replace(frame.matte, alpha=alpha, box=subject_box(alpha)))

    def _clear(self, frame: RefinedFrame, place: Affine | None) -> Pixels:
        if self._moving is None:
            return self._plate.remove_background(frame.coarse.picture, frame.matte.alpha, frame.coarse.alpha)
        if place is None:
            return frame.matte.alpha
        return self._moving.remove_background(frame.coarse, frame.matte.alpha, place)


def _affordable_frames(shape: ImageShape) -> int:
    return MAX_WAITING_PIXELS // (shape[0] * shape[1])
