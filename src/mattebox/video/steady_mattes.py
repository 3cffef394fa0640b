"""What frames of a clip learn from each other once their mattes have edges at full size: the background behind the
subject, then averages of soft edges along the motion."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.video.edge_averaging import EdgeAverage
from mattebox.video.frame_cutout import RefinedFrame
from mattebox.video.plate_filter import PlateFilter


@dataclass
class SteadyMattes:
    """Takes refined frames one by one (`push`) and returns those that are finished, in order.

    Attributes
    ----------
    segment_frames : int, optional
        Length of segments that must not depend on frames before them.
    """

    segment_frames: int | None = None

    def __post_init__(self) -> None:
        self._plate, self._edges = PlateFilter(self.segment_frames), EdgeAverage(self.segment_frames)

    def push(self, frame: RefinedFrame) -> list[RefinedFrame]:
        """Take the next frame, and return those that are finished."""
        return [finished for cleared in self._plate.push(frame) for finished in self._edges.push(cleared)]

    def flush(self) -> list[RefinedFrame]:
        """The rest."""
        finished = [averaged for cleared in self._plate.flush() for averaged in self._edges.push(cleared)]
        return finished + self._edges.flush()
