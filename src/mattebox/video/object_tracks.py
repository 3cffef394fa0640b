"""What is hidden in each frame of a clip: what its neighbours show too, so that no face appears for a moment.

Detectors miss a face now and then, most of all while it turns or moves. A face that is found in several frames is
followed: gaps between them are filled, and it stays hidden for some frames before and after, carried on as it moved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mattebox.anonymisation.regions import DetectedObject, FloatBox

NEIGHBOUR_FRAMES = 6  # before and after a frame, whose objects are hidden in it, too
MAX_GAP_FRAMES = 12  # in which a face that was lost and found again is hidden between
MIN_TRACK_IOU = 0.2  # of an object in two frames
DOUBTFUL_SHARE = 0.25  # of the score from which an object counts: one that a sure one is near to is believed


@dataclass(frozen=True)
class _Sighting:
    frame: int
    item: DetectedObject


class ObjectTracks:
    """Follows the objects of a clip's frames, and says what is hidden in each, in the frames' order.

    Parameters
    ----------
    min_scores : dict
        Kind -> the score from which an object is sure. A doubtful one counts where a sure one is near.
    look_ahead : int
        Frames that are known of what comes before a frame's objects are told: as many of its followers decide with.
        With fewer than MAX_GAP_FRAMES an object is held the longer after it was last found, so that no gap of up to
        MAX_GAP_FRAMES frames has a frame without it; with 0, nothing is hidden before it was first found.
    """

    def __init__(self, min_scores: Mapping[str, float], look_ahead: int = MAX_GAP_FRAMES) -> None:
        self._min_scores, self._look_ahead = min_scores, look_ahead
        self._held_frames = max(NEIGHBOUR_FRAMES, MAX_GAP_FRAMES - look_ahead)
        self.forget()

    def forget(self) -> None:
        """Begin with another clip."""
        self._window: deque[tuple[int, Sequence[DetectedObject]]] = deque()
        self._count = self._next = 0

    def push(self, found: Sequence[DetectedObject]) -> list[tuple[DetectedObject, ...]]:
        """Take what a detector found in the next frame, doubtful objects among it; return what is hidden in the frame
        whose followers are known, numbered by size, or nothing yet."""
        self._window.append((self._count, found))
        self._count += 1
        return [self._tell_next()] if self._count > self._next + self._look_ahead else []

    def flush(self) -> list[tuple[DetectedObject, ...]]:
        """What is hidden in each of the frames that are still waiting; afterwards another clip may begin."""
        told = [self._tell_next() for _ in range(self._next, self._count)]
        self.forget()
        return told

    def _tell_next(self) -> tuple[DetectedObject, ...]:
        hidden = _objects_of_frame(self._next, self._window, self._min_scores, self._held_frames)
        self._next += 1
        while self._window and self._window[0][0] < self._next - MAX_GAP_FRAMES:
            self._window.popleft()
        return hidden


def _objects_of_frame(
    frame: int,
    window: Iterable[tuple[int, Sequence[DetectedObject]]],
    min_scores: Mapping[str, float],
    held_frames: int,
) -> tuple[DetectedObject, ...]:
    """The union of the neighbours' objects, and of objects interpolated between sightings before and after."""
    sightings = [_Sighting(number, item) for number, found in window for item in found]
    believed = [s for s in sightings if _is_believed(s, sightings, min_scores)]
    close = [s for s in believed if -NEIGHBOUR_FRAMES <= frame - s.frame <= held_frames]
    present = [s for s in believed if s.frame == frame]
    lost = [s for s in believed if s.frame != frame and not any(_is_same_object(s, p) for p in present)]
    before, after = [s for s in lost if s.frame < frame], [s for s in believed if s.frame > frame]
    between = [
        _interpolate(first, last, frame)
        for first in before
        for last in after
        if last.frame - first.frame <= MAX_GAP_FRAMES and _is_same_object(first, last)
    ]
    carried = [_carry(s, lost, frame) for s in lost if -NEIGHBOUR_FRAMES <= frame - s.frame <= held_frames]
    union = _drop_repeated([*(s.item for s in close), *between, *carried])
    return tuple(replace(item, number=n) for n, item in enumerate(union, start=1))


def _is_believed(sighting: _Sighting, others: Sequence[_Sighting], min_scores: Mapping[str, float]) -> bool:
    least = min_scores[sighting.item.kind]
    if sighting.item.score >= least:
        return True
    return sighting.item.score >= DOUBTFUL_SHARE * least and any(
        other.item.score >= least
        and abs(other.frame - sighting.frame) <= MAX_GAP_FRAMES
        and _is_same_object(sighting, other)
        for other in others
    )


def _is_same_object(first: _Sighting, last: _Sighting) -> bool:
    """Whether two boxes may be of one object: they overlap, or are as near as it could have moved."""
    if first.item.kind != last.item.kind:
        return False
    a, b = first.item.box, last.item.box
    if _box_iou(a, b) >= MIN_TRACK_IOU:
        return True
    side = max(a[2] - a[0], a[3] - a[1], 1.0)
    ratio = max(b[2] - b[0], b[3] - b[1], 1.0) / side
    reach = side * 0.25 * (1 + abs(last.frame - first.frame))
    distance = max(abs(a[0] + a[2] - b[0] - b[2]), abs(a[1] + a[3] - b[1] - b[3])) / 2
    return distance <= min(reach, 2 * side) and 0.5 < ratio < 2


def _interpolate(first: _Sighting, last: _Sighting, frame: int) -> DetectedObject:
    share = (frame - first.frame) / (last.frame - first.frame)
    left, top, right, bottom = ((1 - share) * a + share * b for a, b in zip(first.item.box, last.item.box, strict=True))
    return replace(first.item, box=(left, top, right, bottom), score=min(first.item.score, last.item.score))


def _carry(sighting: _Sighting, others: Sequence[_Sighting], frame: int) -> DetectedObject:
    """The object where it is in a frame if it goes on moving as it did between this sighting and the one beyond."""
    beyond = [
        other
        for other in others
        if (other.frame - sighting.frame) * (sighting.frame - frame) > 0 and _is_same_object(other, sighting)
    ]
    if not beyond:
        return sighting.item
    other = min(beyond, key=lambda s: abs(s.frame - sighting.frame))
    steps = (frame - sighting.frame) / (sighting.frame - other.frame)
    across, down = (
        steps * (sighting.item.box[i] + sighting.item.box[i + 2] - other.item.box[i] - other.item.box[i + 2]) / 2
        for i in (0, 1)
    )
    left, top, right, bottom = sighting.item.box
    return replace(sighting.item, box=(left + across, top + down, right + across, bottom + down))


def _drop_repeated(items: Sequence[DetectedObject]) -> list[DetectedObject]:
    """Without boxes that lie, but for a pixel, within another one's."""
    kept: list[DetectedObject] = []
    for item in sorted(items, key=lambda item: -item.area):
        if not any(other.kind == item.kind and _is_within(item.box, other.box) for other in kept):
            kept.append(item)
    return kept


def _is_within(box: FloatBox, other: FloatBox) -> bool:
    return all((
        box[0] >= other[0] - 1, box[1] >= other[1] - 1, box[2] <= other[2] + 1, box[3] <= other[3] + 1
    ))  # fmt: skip


def _box_iou(a: FloatBox, b: FloatBox) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - intersection
    return intersection / union if union > 0 else 0.0
