"""A timeline for editors (OpenTimelineIO): the source on V1, the cutout on V2, markers at scene cuts and doubts.

The file is JSON of OTIO's published schemas (Timeline.1, Track.1, Clip.2, ImageSequenceReference.1, Marker.2), which
Resolve, Premiere, Nuke Studio and Hiero read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from mattebox.io.atomic_write import write_bytes
from mattebox.video.clip_frame import FrameSource
from mattebox.video.report import FrameRow
from mattebox.video.sequence_pattern import SequencePattern

CUT_COLOUR, DOUBT_COLOUR = "GREEN", "RED"
MAX_DOUBT_GAP_FRAMES = 12  # between doubtful frames of one marker


@dataclass(frozen=True)
class TimelineMedia:
    """What lies on a track: a file, or numbered pictures with the number of their first frame."""

    path: Path
    pattern: SequencePattern | None = None
    first_number: int = 0


@dataclass(frozen=True)
class Timeline:
    """A source and its cutout.

    Attributes
    ----------
    name : str
    source, result : TimelineMedia
    rate : Fraction
        Frames per second of the source.
    source_start : int
        Frames of the source before the part that was cut.
    frames : int
        Length of that part.
    """

    name: str
    source: TimelineMedia
    result: TimelineMedia
    rate: Fraction
    source_start: int
    frames: int

    def write(self, path: Path, rows: Iterable[FrameRow]) -> None:
        """Write the timeline with the markers of its frames. OutputError."""
        content = json.dumps(self._build(list(rows)), indent=1)
        write_bytes(path, content.encode(), overwrite=True)

    def _build(self, rows: Sequence[FrameRow]) -> dict[str, Any]:
        markers = [
            self._marker(row.time, row.time, "scene", CUT_COLOUR, "a new scene") for row in rows if row.scene_cut
        ]
        for first, last in doubtful_ranges(rows, self.rate):
            text = f"not clear what the subject is, confidence down to {min(r.confidence for r in (first, last)):.2f}"
            markers.append(self._marker(first.time, last.time, "check", DOUBT_COLOUR, text))
        tracks = [
            self._track("V1", self.source, self.source_start, []),
            self._track("V2", self.result, 0, markers),
        ]
        return {
            "OTIO_SCHEMA": "Timeline.1", "metadata": {}, "name": self.name, "global_start_time": None,
            "tracks": {
                "OTIO_SCHEMA": "Stack.1", "metadata": {}, "name": "tracks", "source_range": None, "effects": [],
                "markers": [], "enabled": True, "children": tracks,
            },
        }  # fmt: skip

    def _track(self, name: str, media: TimelineMedia, start: int, markers: list[dict[str, Any]]) -> dict[str, Any]:
        first = media.first_number + start if media.pattern is not None else start
        clip = {
            "OTIO_SCHEMA": "Clip.2", "metadata": {}, "name": media.path.name, "enabled": True, "effects": [],
            "source_range": self._range(first, self.frames), "markers": [],
            "media_references": {"DEFAULT_MEDIA": self._reference(media, start)},
            "active_media_reference_key": "DEFAULT_MEDIA",
        }  # fmt: skip
        return {
            "OTIO_SCHEMA": "Track.1", "metadata": {}, "name": name, "kind": "Video", "source_range": None,
            "effects": [], "markers": markers, "enabled": True, "children": [clip],
        }  # fmt: skip

    def _reference(self, media: TimelineMedia, start: int) -> dict[str, Any]:
        if media.pattern is None:
            return {
                "OTIO_SCHEMA": "ExternalReference.1", "metadata": {}, "name": media.path.name,
                "available_range": self._range(0, start + self.frames), "available_image_bounds": None,
                "target_url": media.path.resolve().as_uri(),
            }  # fmt: skip
        return {
            "OTIO_SCHEMA": "ImageSequenceReference.1", "metadata": {}, "name": media.path.name,
            "available_range": self._range(media.first_number, start + self.frames), "available_image_bounds": None,
            "target_url_base": f"{media.pattern.folder.resolve().as_uri()}/", "name_prefix": media.pattern.prefix,
            "name_suffix": media.pattern.suffix, "start_frame": media.first_number, "frame_step": 1,
            "rate": float(self.rate), "frame_zero_padding": media.pattern.digits, "missing_frame_policy": "hold",
        }  # fmt: skip

    def _marker(self, start: float, end: float, name: str, colour: str, comment: str) -> dict[str, Any]:
        first, last = (round(time * self.rate) for time in (start, end))
        return {
            "OTIO_SCHEMA": "Marker.2", "metadata": {}, "name": name, "color": colour, "comment": comment,
            "marked_range": self._range(first, last - first + 1),
        }  # fmt: skip

    def _range(self, start: int, frames: int) -> dict[str, Any]:
        times = [
            {"OTIO_SCHEMA": "RationalTime.1", "rate": float(self.rate), "value": float(value)}
            for value in (start, frames)
        ]
        return {"OTIO_SCHEMA": "TimeRange.1", "start_time": times[0], "duration": times[1]}


def doubtful_ranges(rows: Sequence[FrameRow], rate: Fraction) -> list[tuple[FrameRow, FrameRow]]:
    """The first and last frames of the runs in which it is not clear what the subject is."""
    ranges: list[tuple[FrameRow, FrameRow]] = []
    for row in rows:
        if row.found:
            continue
        if ranges and (row.time - ranges[-1][1].time) * rate <= MAX_DOUBT_GAP_FRAMES:
            ranges[-1] = ranges[-1][0], row
        else:
            ranges.append((row, row))
    return ranges


def media_of_source(source: FrameSource) -> TimelineMedia:
    """The track's content for what frames come from."""
    pattern, numbers = getattr(source, "pattern", None), getattr(source, "numbers", [0])
    return TimelineMedia(source.path, pattern, numbers[0])
