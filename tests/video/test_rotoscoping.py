"""Clips cut out by key frames: how well they are carried, what an edited key costs, and marks in place of mattes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import InputMissing, UsageError
from mattebox.io.writer import write
from mattebox.types import Picture
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipResult
from mattebox.video.formats import FORMATS
from mattebox.video.motion import estimate_motion, register_motion
from mattebox.video.roto_carrying import blend_interval
from mattebox.video.roto_keys import find_keys
from mattebox.video.roto_store import IntervalFolder
from mattebox.video.rotoscoping import RotoJob, rotoscope_clip
from tests.fakes import fake_session
from tests.video.clips import decode_rgba, write_clip

COUNT = 13
SIZE = (192, 108)


def texture(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """Smooth random texture, H x W x 3, 0..255."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 215, (shape[0] // 6 + 2, shape[1] // 6 + 2, 3)).astype(np.float32)
    rows, columns = np.linspace(0, coarse.shape[0] - 1.01, shape[0]), np.linspace(0, coarse.shape[1] - 1.01, shape[1])
    top, left = rows.astype(int), columns.astype(int)
    down, across = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - across) + coarse[top][:, left + 1] * across
    lower = coarse[top + 1][:, left] * (1 - across) + coarse[top + 1][:, left + 1] * across
    return upper * (1 - down) + lower * down


def true_alpha(number: int) -> np.ndarray:
    """An ellipse that wanders, grows and tilts."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width] + 0.5
    angle = 0.02 * number
    dx, dy = x - (60 + 2.2 * number), y - (54 + 8 * np.sin(number / 6))
    along, aside = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    size = 1 + 0.01 * number
    return np.clip((1 - np.hypot(along / (34 * size), aside / (22 * size))) * 24 + 0.5, 0, 1)


def draw(number: int) -> np.ndarray:
    """A textured subject over a texture like it: by colour alone nothing tells them apart."""
    alpha = true_alpha(number)[..., None]
    front = np.roll(texture(1, (200, 300)), (round(8 * np.sin(number / 6)), round(2.2 * number)), (0, 1))
    return np.round(alpha * front[:108, :192] + (1 - alpha) * texture(2, (108, 192))).astype(np.uint8)


def write_key(folder: Path, number: int, alpha: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    grey = np.round(alpha * 255).astype(np.uint8)
    write(Picture(np.repeat(grey[..., None], 3, 2), is_grey=True), folder / f"shot.{number:04}.png", overwrite=True)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shots") / "shot.mkv"
    frames = [draw(number) for number in range(COUNT)]
    return write_clip(path, frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))


def rotoscope(shot: Path, keys: Path, target: Path, **changes: object) -> ClipResult:
    options = ClipOptions(format=FORMATS["ffv1"])
    job = ClipJob(shot, target, options, session=fake_session(), **changes)  # type: ignore[arg-type]
    return rotoscope_clip(RotoJob(job, find_keys(keys), IntervalFolder(target)))


def overlaps(path: Path) -> list[float]:
    found = [frame[..., 3] > 127 for frame in decode_rgba(path)]
    truth = [true_alpha(number) > 0.5 for number in range(COUNT)]
    return [float((a & b).sum() / (a | b).sum()) for a, b in zip(found, truth, strict=True)]


def test_few_keys_give_all_frames_and_an_edit_its_neighbours(shot: Path, tmp_path: Path) -> None:
    for number in (0, 4, 8, 12):
        write_key(tmp_path / "keys", number, true_alpha(number))
    result = rotoscope(shot, tmp_path / "keys", tmp_path / "cut.mkv", report=tmp_path / "rows.jsonl")
    assert result.frames == COUNT
    scores = overlaps(tmp_path / "cut.mkv")
    assert np.mean(scores) > 0.97
    assert min(scores) > 0.9
    frames = decode_rgba(tmp_path / "cut.mkv")
    assert np.array_equal(frames[8][..., 3], np.round(true_alpha(8) * 255))  # a key is what was drawn
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["origin"] for row in rows[:2]] == ["carried", "carried"]
    assert rows[8]["confidence"] == 1
    smaller = true_alpha(8) * (np.arange(192) < 80)
    write_key(tmp_path / "keys", 8, smaller)
    again = rotoscope(shot, tmp_path / "keys", tmp_path / "cut.mkv")
    assert again.notes[0] == "2 of 4 intervals had been carried before"
    edited = decode_rgba(tmp_path / "cut.mkv")
    assert all(np.array_equal(frames[n], edited[n]) for n in (*range(5), 12))
    assert edited[7][:, 90:, 3].mean() < frames[7][:, 90:, 3].mean() / 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["cut.mkv", "rows.jsonl"]


def test_one_key_is_carried_to_both_ends(shot: Path, tmp_path: Path) -> None:
    write_key(tmp_path / "keys", 6, true_alpha(6))
    rotoscope(shot, tmp_path / "keys", tmp_path / "cut.mkv")
    scores = overlaps(tmp_path / "cut.mkv")
    assert min(scores[4:9]) > 0.92
    assert np.mean(scores) > 0.75


def test_nothing_is_carried_over_a_scene_cut(tmp_path: Path) -> None:
    frames = [draw(n) for n in range(4)] + [255 - draw(n)[::-1] for n in range(4)]
    clip = write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    write_key(tmp_path / "keys", 0, true_alpha(0))
    write_key(tmp_path / "keys", 7, true_alpha(3)[::-1])
    rotoscope(clip, tmp_path / "keys", tmp_path / "cut.mkv")
    found = [frame[..., 3] > 127 for frame in decode_rgba(tmp_path / "cut.mkv")]
    for number in range(4):
        for mask, truth in (
            (found[number], true_alpha(number) > 0.5),
            (found[4 + number], true_alpha(number)[::-1] > 0.5),
        ):
            assert (mask & truth).sum() / (mask | truth).sum() > 0.85, number


def test_marks_in_place_of_a_matte(tmp_path: Path) -> None:
    from tests.video.clips import disc_alpha, draw_frame

    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(number) for number in range(5)])
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "0002.toml").write_text('keep = "37%,50%"\n')
    rotoscope(clip, tmp_path / "keys", tmp_path / "cut.mkv")
    for number, frame in enumerate(decode_rgba(tmp_path / "cut.mkv")):
        assert np.abs(frame[..., 3] / 255 - disc_alpha(number)).mean() < 0.02, number


def test_mistakes_in_keys(shot: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(InputMissing, match="no such folder of key frames"):
        rotoscope(shot, keys, tmp_path / "cut.mkv")
    keys.mkdir()
    with pytest.raises(InputMissing, match="there is no key frame"):
        find_keys(keys)
    write_key(keys, 30, true_alpha(0))
    with pytest.raises(UsageError, match="key of frame 30 belongs to no frame"):
        rotoscope(shot, keys, tmp_path / "cut.mkv")
    write_key(keys, 3, true_alpha(0)[:50])
    with pytest.raises(UsageError, match="size"):
        rotoscope(shot, keys, tmp_path / "cut.mkv")
    (keys / "0003.toml").write_text("keep = 3")
    with pytest.raises(UsageError, match="both the key of frame 3"):
        find_keys(keys)
    (keys / "shot.0003.png").unlink()
    with pytest.raises(UsageError, match="are texts"):
        rotoscope(shot, keys, tmp_path / "cut.mkv")
    assert not (tmp_path / "cut.mkv").exists()


def test_registration_corrects_a_motion() -> None:
    scene = texture(5, (120, 160)).astype(np.float32) / 255
    a, b = scene[10:100, 10:140], scene[10:100, 13:143]  # b shows at x - 3 what a shows at x
    wrong = estimate_motion(a, b)[0] + np.float32(0.75)  # on half the grid
    inner = slice(8, -8), slice(8, -8)
    before = np.abs(wrong[inner][..., 0] + 1.5).mean()
    after = np.abs(register_motion(a, b, wrong)[inner][..., 0] + 1.5).mean()
    assert after < before / 3


def test_a_network_that_sees_something_else_does_not_undo_the_keys() -> None:
    rng = np.random.default_rng(0)
    levels = np.array([0.27, 0.48], np.float32)
    bits = rng.integers(0, 2, (12, 16, 3)).repeat(4, axis=0).repeat(4, axis=1)
    guides = [levels[bits], levels[1 - bits], levels[bits]]  # nothing can be followed to the frame between
    key = np.zeros((48, 64), np.float32)
    key[8:40, 8:56] = 1
    part = key * (np.arange(64) < 46)  # an overlap of .79
    still = np.zeros((24, 32, 2), np.float32)
    found = blend_interval(guides, key, key, lambda *_: (still, still), lambda _: part)[1]
    assert ((found > 0.5) & (key > 0.5)).sum() > 0.9 * (key > 0.5).sum()
