"""A face stays hidden while the detector loses it: in neighbouring frames, in gaps, and where it is only guessed."""

from __future__ import annotations

import pytest

from mattebox.anonymisation.regions import DetectedObject
from mattebox.video.object_tracks import MAX_GAP_FRAMES, NEIGHBOUR_FRAMES, ObjectTracks

MIN_SCORE = {"face": 0.6, "plate": 0.5}


def face(x: float, score: float = 0.9) -> DetectedObject:
    return DetectedObject("face", (x, 100.0, x + 40, 150.0), score)


def find_cover(frames: list[list[DetectedObject]], look_ahead: int = MAX_GAP_FRAMES) -> list[list[tuple[int, int]]]:
    """Left and right of what is hidden in each frame."""
    tracks = ObjectTracks(MIN_SCORE, look_ahead)
    told = [hidden for found in frames for hidden in tracks.push(found)] + tracks.flush()
    return [sorted((round(item.box[0]), round(item.box[2])) for item in hidden) for hidden in told]


def test_each_frame_has_its_neighbours_objects() -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(20)]
    frames[10] = [face(50)]
    hidden = find_cover(frames)
    assert len(hidden) == len(frames)
    assert [n for n, boxes in enumerate(hidden) if boxes] == list(range(10 - NEIGHBOUR_FRAMES, 11 + NEIGHBOUR_FRAMES))


def test_a_gap_is_filled_along_the_way() -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(24)]
    frames[5], frames[15] = [face(0)], [face(100)]
    hidden = find_cover(frames)
    assert all(hidden[n] for n in range(2, 19))
    assert any(left <= 50 and right >= 90 for left, right in hidden[10])  # half the way, in the middle


def test_a_face_that_moves_is_carried_on_before_and_after() -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(24)]
    for n in range(10, 14):
        frames[n] = [face(20.0 * n)]
    hidden = find_cover(frames)
    for n in (10 - NEIGHBOUR_FRAMES, 13 + NEIGHBOUR_FRAMES):
        assert (20 * n, 20 * n + 40) in hidden[n]
    assert hidden[9 - NEIGHBOUR_FRAMES] == hidden[14 + NEIGHBOUR_FRAMES] == []


def test_a_long_gap_is_none() -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(60)]
    frames[5], frames[5 + 2 * MAX_GAP_FRAMES] = [face(0)], [face(10)]
    assert find_cover(frames)[5 + MAX_GAP_FRAMES] == []


def test_a_doubtful_face_counts_beside_a_sure_one() -> None:
    frames: list[list[DetectedObject]] = [[face(50, 0.35)] for _ in range(30)]
    assert find_cover(frames) == [[]] * 30
    frames[14] = [face(50)]
    assert all(find_cover(frames)[14 - MAX_GAP_FRAMES : 15 + MAX_GAP_FRAMES])
    frames = [[face(50, 0.35), face(400)] for _ in range(6)]  # elsewhere
    assert find_cover(frames)[0] == [(400, 440)]


def test_a_face_is_no_plate() -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(10)]
    frames[0] = [face(0)]
    frames[9] = [DetectedObject("plate", (60.0, 100.0, 100.0, 150.0), 0.9)]
    assert find_cover(frames)[5] == [(0, 40), (60, 100)]  # and nothing between them


@pytest.mark.parametrize("look_ahead", [0, 1, 5, MAX_GAP_FRAMES])
def test_a_gap_has_no_frame_without_however_little_is_known_of_what_comes(look_ahead: int) -> None:
    frames: list[list[DetectedObject]] = [[] for _ in range(40)]
    frames[5], frames[5 + MAX_GAP_FRAMES] = [face(50)], [face(50)]
    hidden = find_cover(frames, look_ahead)
    assert all(hidden[5 : 6 + MAX_GAP_FRAMES])
    assert len(hidden) == len(frames)
    assert bool(hidden[4]) == (look_ahead > 0)  # nothing is hidden before it was found, where nothing is known
    assert hidden[-1] == []


def test_a_frames_objects_are_told_as_late_as_is_said() -> None:
    for look_ahead in (0, 3, MAX_GAP_FRAMES):
        tracks = ObjectTracks(MIN_SCORE, look_ahead)
        told = [len(tracks.push([face(50)])) for _ in range(20)]
        assert told == [0] * look_ahead + [1] * (20 - look_ahead)
        assert len(tracks.flush()) == look_ahead
        assert tracks.flush() == []


def test_no_frames() -> None:
    assert find_cover([]) == []
