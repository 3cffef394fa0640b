"""What is hidden in each frame of a clip: what its neighbours show too, so that no face appears for a moment.

Detectors miss a face now and then, most of all while it turns or moves. A face that is found in several frames is
followed: gaps between them are filled, and it stays hidden for some frames before and after, carried on as it moved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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


def iterate_hidden_objects(
    found_by_frame: Iterable[Sequence[DetectedObject]], min_score: dict[str, float]
) -> Iterator[tuple[DetectedObject, ...]]:
    """What to hide in each frame, in the frames' order.

    Parameters
    ----------
    found_by_frame : iterable of sequences of DetectedObject
        What a detector found in each frame, doubtful objects among them.
    min_score : dict
        Kind -> the score from which an object is sure. A doubtful one counts where a sure one is near.

    Yields
    ------
    tuple of DetectedObject
        At most MAX_GAP_FRAMES frames behind those that were read.
    """
    window: deque[tuple[int, Sequence[DetectedObject]]] = deque()
    waiting = 0
    for number, found in enumerate(found_by_frame):
        window.append((number, found))
        while waiting + MAX_GAP_FRAMES <= number:
            yield _objects_of_frame(waiting, window, min_score)
            waiting += 1
            while window and window[0][0] < waiting - MAX_GAP_FRAMES:
                window.popleft()
    while window and waiting <= window[-1][0]:
        yield _objects_of_frame(waiting, window, min_score)
        waiting += 1


def _objects_of_frame(
    frame: int, window: Iterable[tuple[int, Sequence[DetectedObject]]], min_score: dict[str, float]
) -> tuple[DetectedObject, ...]:
    """The union of the neighbours' objects, and of objects interpolated between sightings before and after."""
    sightings = [_Sighting(number, item) for number, found in window for item in found]
    believed = [s for s in sightings if _is_believed(s, sightings, min_score)]
    near = [s.item for s in believed if abs(s.frame - frame) <= NEIGHBOUR_FRAMES]
    present = [s for s in believed if s.frame == frame]
    lost = [s for s in believed if s.frame != frame and not any(_is_same_object(s, p) for p in present)]
    before, after = [s for s in lost if s.frame < frame], [s for s in believed if s.frame > frame]
    between = [
        _interpolate(first, last, frame)
        for first in before
        for last in after
        if last.frame - first.frame <= MAX_GAP_FRAMES and _is_same_object(first, last)
    ]
    carried = [_carry(s, lost, frame) for s in lost if abs(s.frame - frame) <= NEIGHBOUR_FRAMES]
    return tuple(replace(item, number=n) for n, item in enumerate(_drop_repeated([*near, *between, *carried]), start=1))


def _is_believed(sighting: _Sighting, others: Sequence[_Sighting], min_score: dict[str, float]) -> bool:
    least = min_score[sighting.item.kind]
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
