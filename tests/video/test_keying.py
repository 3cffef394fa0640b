"""Clips cut by a screen, brightness or a plate, with trimaps and garbage mattes, and sheets of doubtful frames."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import InputMissing, UsageError
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_key import find_clip_key
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipResult
from mattebox.video.formats import FORMATS
from mattebox.video.reader import VideoReader
from mattebox.video.segments import cut_clip_in_segments
from tests.fakes import fake_session
from tests.video.clips import decode_rgba, disc_alpha, draw_frame, write_clip

GREEN, SUBJECT = (20, 170, 60), (200, 120, 110)


def screen_frame(number: int, seed: int = 0, noise: float = 3.0, light: float = 1.0) -> np.ndarray:
    """The disc before a green screen, with camera noise."""
    alpha = disc_alpha(number)[..., None]
    colours = alpha * np.array(SUBJECT) + (1 - alpha) * np.array(GREEN) * light
    noisy = colours + np.random.default_rng((seed, number)).normal(0, noise, colours.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def write_lossless(path: Path, frames: Sequence[np.ndarray]) -> Path:
    return write_clip(path, frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))


def refuse(*_: object) -> None:
    raise AssertionError("no network is wanted")


def cut(source: Path, target: Path, name: str = "ffv1", *, sheet: Path | None = None, report: Path | None = None,
        start: Fraction | None = None, **step: object) -> ClipResult:  # fmt: skip
    options = ClipOptions(format=FORMATS[name], cut=Cut(**step), start=start)  # type: ignore[arg-type]
    return cut_clip(ClipJob(source, target, options, sheet=sheet, report=report))


def alphas(path: Path) -> np.ndarray:
    return np.stack([frame[..., 3] for frame in decode_rgba(path)]) / 255


def test_a_screen_is_found_once_and_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattebox.video.clip_job.open_session", refuse)
    black = np.zeros((96, 160, 3), np.uint8)
    frames = [black, *(screen_frame(n) for n in range(6)), *(screen_frame(n, light=0.85) for n in range(6, 9))]
    clip = write_lossless(tmp_path / "clip.mkv", frames)
    result = cut(clip, tmp_path / "cut.mkv", by="screen", report=tmp_path / "rows.jsonl")
    assert (result.frames, result.keyed_frames, result.network_frames) == (10, 10, 0)
    found = decode_rgba(tmp_path / "cut.mkv")
    for number in range(9):
        assert np.abs(found[number + 1][..., 3] / 255 - disc_alpha(number)).mean() < 0.006, number
        edge = (found[number + 1][..., 3] > 60) & (found[number + 1][..., 3] < 200)
        spill = found[number + 1][edge][:, 1].astype(int) - found[number + 1][edge][:, 0]
        assert spill.max() < 5  # no green is left on it
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert {row["origin"] for row in rows} == {"key"}


def test_a_held_key_works_where_the_subject_covers_the_border(tmp_path: Path) -> None:
    near = np.full((96, 160, 3), SUBJECT, np.uint8)
    near[30:60, 60:90] = GREEN
    clip = write_lossless(tmp_path / "clip.mkv", [screen_frame(0), near, screen_frame(1)])
    cut(clip, tmp_path / "cut.mkv", by="screen")
    found = alphas(tmp_path / "cut.mkv")[1]
    assert found[35:55, 65:85].max() == 0
    assert found[:20].min() == 1
    write(Picture(near), tmp_path / "near.1.png")
    cut(tmp_path / "near.#.png", tmp_path / "near.mkv", by="screen")  # by itself, the subject is taken for the screen
    assert alphas(tmp_path / "near.mkv")[0][:20].max() < 0.5


def test_edges_of_a_still_shot_do_not_flicker(tmp_path: Path) -> None:
    clip = write_lossless(tmp_path / "clip.mkv", [screen_frame(0, seed=seed, noise=2.0) for seed in range(8)])
    cut(clip, tmp_path / "cut.mkv", by="screen")
    found = alphas(tmp_path / "cut.mkv")
    edge = (disc_alpha(0) > 0.02) & (disc_alpha(0) < 0.98)
    assert found[:, edge].std(axis=0).mean() < 0.02  # noise of 2 of 255 is .013 of the 150 between both colours
    assert found[:, ~edge].std(axis=0).max() < 0.01


def test_keys_do_not_change_where_a_run_resumes(tmp_path: Path) -> None:
    clip = write_lossless(tmp_path / "clip.mkv", [screen_frame(n) for n in range(8)])
    options = ClipOptions(format=FORMATS["ffv1"], cut=Cut(by="screen"))
    cut_clip_in_segments(ClipJob(clip, tmp_path / "parts.mkv", options), segment_frames=6)
    cut_clip(ClipJob(clip, tmp_path / "whole.mkv", options))
    assert np.array_equal(alphas(tmp_path / "parts.mkv"), alphas(tmp_path / "whole.mkv"))


def test_brightness_and_plates(tmp_path: Path) -> None:
    bright = [np.round(disc_alpha(n)[..., None] * 230 + 10 + np.zeros(3)).astype(np.uint8) for n in range(3)]
    cut(write_lossless(tmp_path / "luma.mkv", bright), tmp_path / "a.mkv", by="luma")
    plate = np.random.default_rng(3).integers(0, 90, (96, 160, 3), np.uint8)
    write(Picture(plate), tmp_path / "plate.png")
    moving = [np.where(disc_alpha(n)[..., None] > 0.5, 210, plate).astype(np.uint8) for n in range(3)]
    cut(write_lossless(tmp_path / "scene.mkv", moving), tmp_path / "b.mkv", by=f"plate({tmp_path / 'plate.png'})")
    for number in range(3):
        assert np.abs(alphas(tmp_path / "a.mkv")[number] - disc_alpha(number)).mean() < 0.01
        assert np.abs(alphas(tmp_path / "b.mkv")[number] - (disc_alpha(number) > 0.5)).mean() < 0.02
    with pytest.raises(UsageError, match=r"the clip's frames.*give its colour"):
        cut(tmp_path / "luma.mkv", tmp_path / "c.mkv", by="screen")
    with pytest.raises(UsageError, match="not cut as flat artwork"):
        cut(tmp_path / "luma.mkv", tmp_path / "c.mkv", by="artwork")
    assert not (tmp_path / "c.mkv").exists()


def test_mattes_of_each_frame(tmp_path: Path) -> None:
    clip = write_lossless(tmp_path / "clip.mkv", [screen_frame(n) for n in range(4)])
    for number in (1, 3):  # frames 0 and 2 have none of their own
        garbage = np.zeros((96, 160, 3), np.uint8)
        garbage[:, : 30 if number == 1 else 60] = 255
        write(Picture(garbage, is_grey=True), tmp_path / f"garbage.{number}.png")
    cut(clip, tmp_path / "cut.mkv", by="screen", garbage=str(tmp_path / "garbage.#.png"))
    first_columns = [int(np.flatnonzero(alpha.max(axis=0) > 0.5)[0]) for alpha in alphas(tmp_path / "cut.mkv")]
    assert first_columns == [30, 30, 60, 60]  # counted from the first picture: 1, 2 (as 1), 3, 4 (as 3)
    hold = [np.repeat((disc_alpha(n) * 255).astype(np.uint8)[..., None], 3, 2) for n in range(4)]
    write_lossless(tmp_path / "hold.mkv", hold)
    cut(clip, tmp_path / "none.mkv", by="screen", holdout=str(tmp_path / "hold.mkv"))
    assert alphas(tmp_path / "none.mkv").mean() < 0.002
    core = np.zeros((96, 160, 3), np.uint8)
    core[:8, :8] = 255
    write(Picture(core, is_grey=True), tmp_path / "core.png")
    cut(clip, tmp_path / "core.mkv", by="screen", core=str(tmp_path / "core.png"))
    assert (alphas(tmp_path / "core.mkv")[:, :8, :8] == 1).all()
    small = Picture(core[:40], is_grey=True)
    write(small, tmp_path / "small.png")
    with pytest.raises(UsageError, match="size"):
        cut(clip, tmp_path / "small.mkv", by="screen", core=str(tmp_path / "small.png"))


def test_garbage_keeps_a_network_from_another_subject(tmp_path: Path) -> None:
    frame = draw_frame(0)
    frame[:30, 130:] = (220, 60, 30)
    garbage = np.zeros((96, 160, 3), np.uint8)
    garbage[:40, 120:] = 255
    write(Picture(garbage, is_grey=True), tmp_path / "garbage.png")
    clip = write_lossless(tmp_path / "clip.mkv", [frame] * 2)
    options = ClipOptions(format=FORMATS["ffv1"], cut=Cut(garbage=str(tmp_path / "garbage.png")))
    cut_clip(ClipJob(clip, tmp_path / "cut.mkv", options, session=fake_session()))
    assert np.abs(alphas(tmp_path / "cut.mkv")[0] - disc_alpha(0)).mean() < 0.01


def test_trimaps_of_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattebox.video.clip_job.open_session", refuse)
    for number in range(7, 9):
        alpha = disc_alpha(number)
        grown = [np.abs(disc_alpha(number + d) - 0.5) < 0.5 for d in (-1, 0, 1)]
        unknown = np.any(grown, axis=0)
        trimap = np.where(unknown, 128, np.where(alpha > 0.5, 255, 0)).astype(np.uint8)
        write(Picture(np.repeat(trimap[..., None], 3, 2), is_grey=True), tmp_path / f"tri.{number:02}.png")
        write(Picture(draw_frame(number)), tmp_path / f"in.{number:02}.png")
    cut(tmp_path / "in.##.png", tmp_path / "out.##.png", "png", trimap=str(tmp_path / "tri.##.png"))
    for number in range(7, 9):
        found = read(tmp_path / f"out.{number:02}.png").alpha
        assert found is not None
        assert np.abs(found / 255 - disc_alpha(number)).mean() < 0.004
    write(Picture(draw_frame(9)), tmp_path / "in.09.png")
    with pytest.raises(InputMissing, match=r"tri\.09\.png: there is no trimap for this frame"):
        cut(tmp_path / "in.##.png", tmp_path / "again.##.png", "png", trimap=str(tmp_path / "tri.##.png"))


def test_the_key_is_that_of_the_part_that_is_cut(tmp_path: Path) -> None:
    blue = [np.full((96, 160, 3), (20, 60, 190), np.uint8)] * 2
    clip = write_lossless(tmp_path / "clip.mkv", [*blue, *(screen_frame(n) for n in range(3))])
    options = ClipOptions(format=FORMATS["ffv1"], cut=Cut(by="screen"), start=Fraction(1, 5))
    with VideoReader(clip) as reader:
        key = find_clip_key(reader, options, read)
    assert key is not None
    assert key.screen is not None
    assert np.abs(np.array(key.screen.colour) * 255 - GREEN).max() < 3
    cut(clip, tmp_path / "cut.mkv", by="screen", start=Fraction(1, 5))
    assert np.abs(alphas(tmp_path / "cut.mkv")[0] - disc_alpha(0)).mean() < 0.006


@pytest.mark.parametrize("in_segments", [False, True])
def test_the_sheet_shows_the_least_confident_frames(in_segments: bool, tmp_path: Path) -> None:
    empty = np.full((96, 160, 3), (30, 60, 200), np.uint8)
    frames = [draw_frame(n % 8) if not 8 <= n < 11 else empty for n in range(13)]
    clip = write_clip(tmp_path / "clip.mp4", frames, rate=4)
    job = ClipJob(clip, tmp_path / "cut.mov", ClipOptions(format=FORMATS["prores"]), session=fake_session(),
                  sheet=tmp_path / "sheet.html")  # fmt: skip
    if in_segments:
        cut_clip_in_segments(job, segment_frames=6)
    else:
        cut_clip(job)
    page = (tmp_path / "sheet.html").read_text()
    captions = re.findall(r"<figcaption>(.*?)<small>(.*?)</small>", page)
    assert "the 4 least confident frames" in page  # of four seconds, one each
    assert captions[0][0].startswith("frame 8, 0:02")
    assert "please check it" in captions[0][1]
    assert page.count("data:image/webp") == 4
