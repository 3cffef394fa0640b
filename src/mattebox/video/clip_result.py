"""What became of a clip, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mattebox.video.report import FrameRow


class ClipProgress(NamedTuple):
    """How far a clip is: frames done, seconds of the clip, its length (None where unknown), frames per second."""

    frames: int
    seconds: float
    total_seconds: float | None
    rate: float


@dataclass
class ClipResult:
    """What became of a clip.

    Attributes
    ----------
    path : Path
        The result.
    frames : int
        Frames that were written.
    network_frames, reused_frames, carried_frames, keyed_frames : int
        Where their mattes come from; keyed ones by a key or a trimap.
    found_frames : int
        Frames in which it is clear that there is a subject.
    scene_cuts : list of float
        Times in seconds at which new scenes start.
    confidence : float
        Mean over the frames, 0 to 1.
    size : (int, int)
        Width and height of the result.
    seconds : float
        That it took.
    notes : tuple of str
        Remarks for the user.
    """

    path: Path
    frames: int = 0
    network_frames: int = 0
    reused_frames: int = 0
    carried_frames: int = 0
    keyed_frames: int = 0
    found_frames: int = 0
    scene_cuts: list[float] = field(default_factory=list)
    confidence: float = 0.0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def add(self, row: FrameRow) -> None:
        """Count a frame."""
        self.frames += 1
        self.network_frames += row.origin == "network"
        self.reused_frames += row.origin == "reused"
        self.carried_frames += row.origin == "carried"
        self.keyed_frames += row.origin in ("key", "trimap")
        self.found_frames += row.found
        self.confidence += (row.confidence - self.confidence) / self.frames
        if row.scene_cut:
            self.scene_cuts.append(row.time)

    def subject_notes(self) -> tuple[str, ...]:
        """A remark on frames without a clear subject."""
        if self.found_frames == self.frames:
            return ()
        count = self.frames - self.found_frames
        return (f"in {count} of {self.frames} frames it is not clear what the subject is: please check them",)
