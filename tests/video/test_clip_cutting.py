from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import InputUnreadable, OutputError, OutputExists, UsageError
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.recipe.steps import Background, Cut, Label, Shadow
from mattebox.types import Picture
from mattebox.video import formats
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipProgress
from mattebox.video.formats import FORMATS
from mattebox.video.reader import VideoReader
from tests.fakes import fake_session
from tests.video.clips import (
    CLICK_SECONDS,
    SIZE,
    click_time,
    decode_rgba,
    disc_alpha,
    draw_frame,
    frame_times,
    write_clip,
)

COUNT = 10
TIMES = [0, 9000, 15000, 30000, 30900, 45000, 54900, 63000, 70200, 90000]  # of 1/90000 s
MEAN_ALPHA_ERRORS = {"webm": 2.5, "prores": 1.5, "ffv1": 1.5, "qtrle": 1.5}  # of the matte and its coding, of 255


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames at uneven times, with sound, a title and chapters."""
    frames = [draw_frame(number) for number in range(COUNT)]
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write_clip(path, frames, times=TIMES, sound="aac", chapters=True)


@pytest.mark.parametrize("name", ["webm", "prores", "ffv1", "qtrle"])
def test_alpha_times_and_sound_of_each_format(name: str, clip: Path, tmp_path: Path) -> None:
    clip_format = FORMATS[name]
    target = tmp_path / f"cut{clip_format.suffix}"
    result = cut_clip(ClipJob(clip, target, ClipOptions(format=clip_format), session=fake_session()))
    assert (result.frames, result.found_frames, result.size) == (COUNT, COUNT, SIZE)
    frames = decode_rgba(target)
    assert len(frames) == COUNT
    for number, frame in enumerate(frames):
        error = np.abs(frame[..., 3] - 255 * disc_alpha(number)).mean()
        assert error < MEAN_ALPHA_ERRORS[name], number
        inside = disc_alpha(number - 2) + disc_alpha(number + 2) == 2
        assert np.abs(frame[inside][:, :3].mean(axis=0) - (220, 60, 30)).max() < 5
    tolerance = 5.1e-4 if clip_format.container in ("webm", "matroska") else 1e-6  # Matroska counts milliseconds
    assert frame_times(target) == pytest.approx([t / 90000 for t in TIMES], abs=tolerance)
    assert abs(click_time(target) - click_time(clip)) < 1e-3
    assert abs(click_time(clip) - CLICK_SECONDS) < 1e-3
    with VideoReader(target) as reader:
        assert reader.info.tags.get("title") == "A clip"
        assert [(float(c.start), c.tags["title"]) for c in reader.info.chapters] == [(0, "one"), (0.5, "two")]
        assert (reader.info.colour.primaries, reader.info.colour.transfer) == (1, 1)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]  # nothing is left over


def test_timecode_and_a_turned_clip(tmp_path: Path) -> None:
    frames = [draw_frame(number) for number in range(3)]
    clip = write_clip(tmp_path / "clip.mov", frames, rotation=-90, timecode="01:02:03:04", rate=25)
    for suffix in (".mov", ".mkv"):
        options = ClipOptions(format=formats.format_of_path(Path(suffix[1:] + suffix)))
        cut_clip(ClipJob(clip, tmp_path / f"cut{suffix}", options, session=fake_session()))
        with VideoReader(tmp_path / f"cut{suffix}") as reader:
            assert (reader.info.timecode, reader.info.rotation) == ("01:02:03:04", 0)
            assert reader.info.size == SIZE[::-1]
            alpha = next(reader.frames()).picture.alpha
        assert alpha is not None
        peak = np.iinfo(alpha.dtype).max
        assert np.abs(alpha / peak - np.rot90(disc_alpha(0), -1)).mean() < 0.01


def test_a_background_in_mp4_with_odd_sides(tmp_path: Path) -> None:
    frames = [draw_frame(number, (161, 97)) for number in range(3)]
    clip = write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    options = ClipOptions(format=FORMATS["mp4"], background=Background(paint="#00b140"))
    result = cut_clip(ClipJob(clip, tmp_path / "cut.mp4", options, session=fake_session()))
    assert result.size == (162, 98)
    assert any("even sizes" in note for note in result.notes)
    frame = decode_rgba(tmp_path / "cut.mp4")[0]
    assert np.abs(frame[90, 150, :3].astype(int) - (0, 0xB1, 0x40)).max() < 6


def test_a_shadow_lies_between_the_subject_and_its_background(clip: Path, tmp_path: Path) -> None:
    shadow = Shadow(kind="drop", opacity=60, softness=2, angle=90, length=10)
    frames = {}
    for name, step in (("plain", None), ("shadow", shadow)):
        options = ClipOptions(format=FORMATS["ffv1"], shadow=step, background=Background(paint="white"))
        cut_clip(ClipJob(clip, tmp_path / f"{name}.mkv", options, session=fake_session()))
        frames[name] = [frame[..., :3].astype(int) for frame in decode_rgba(tmp_path / f"{name}.mkv")]
    for number, (plain, shaded) in enumerate(zip(frames["plain"], frames["shadow"], strict=True)):
        x = 56 + 2 * number
        assert (plain[80, x] == 255).all()
        assert shaded[80, x].max() < 200  # below the disc
        assert (shaded[10, x] == 255).all()
        assert np.array_equal(shaded[48, x], plain[48, x])  # the subject itself


def test_a_label_and_a_logo_stand_on_every_frame(clip: Path, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    write(Picture(np.full((20, 20, 3), (0, 250, 0), np.uint8)), logo)
    label = Label(text="AI", logo=str(logo), position="top-left", size=20, opacity=100)
    options = ClipOptions(format=FORMATS["ffv1"], label=label, end=Fraction(1, 2))
    cut_clip(ClipJob(clip, tmp_path / "cut.mkv", options, session=fake_session()))
    frames = decode_rgba(tmp_path / "cut.mkv")
    assert len(frames) > 3
    for number, frame in enumerate(frames):
        assert np.abs(frame[11:26, 5:18].astype(int) - (0, 250, 0, 255)).max() < 5
        assert (frame[2:35, 25:60, :3].min(2) > 200).any()  # white letters, on a dark plate
        assert np.abs(frame[40:, :, 3] - 255 * disc_alpha(number)[40:]).mean() < 2.5
    for wrong in ({"format": FORMATS["exr"]}, {"format": FORMATS["png"], "cut": Cut(output="matte")}):
        with pytest.raises(UsageError, match="takes no label"):
            ClipOptions(label=label, **wrong)  # type: ignore[arg-type]


def test_a_clip_behind_the_subject_starts_again(clip: Path, tmp_path: Path) -> None:
    greys = [np.full((96, 160, 3), value, np.uint8) for value in (50, 200)]
    write_clip(tmp_path / "back.mkv", greys, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    options = ClipOptions(format=FORMATS["ffv1"], background=Background(paint=str(tmp_path / "back.mkv")))
    cut_clip(ClipJob(clip, tmp_path / "cut.mkv", options, session=fake_session()))
    corners = [int(frame[2, 155, 0]) for frame in decode_rgba(tmp_path / "cut.mkv")]
    expected = [(50, 200)[int(round(time * 10, 6)) % 2] for time in frame_times(tmp_path / "cut.mkv")]
    assert corners == expected
    assert set(expected) == {50, 200}


def test_ten_bits_stay_ten_bits(tmp_path: Path) -> None:
    ramp = np.zeros((96, 160, 3), np.uint16)
    ramp[..., 0] = 40000 + 100 * np.arange(160)
    clip = write_clip(tmp_path / "clip.mkv", [ramp, ramp], codec="ffv1", pixel_format="gbrp10le", tags=(9, 16, 0, 2))
    cut_clip(ClipJob(clip, tmp_path / "cut.mov", ClipOptions(format=FORMATS["prores"]), session=fake_session()))
    with VideoReader(tmp_path / "cut.mov") as reader:
        picture = next(reader.frames()).picture
        assert (reader.info.colour.primaries, reader.info.colour.transfer) == (9, 16)
    row = picture.rgb[48, :, 0].astype(int)
    assert len(np.unique(row)) > 100  # 8 bits would leave 62 of these 160 steps
    assert np.abs(row - ramp[48, :, 0]).mean() < 150


def test_the_full_range_is_kept_where_the_codec_has_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(0)] * 2, tags=(1, 1, 1, 2))
    for suffix, expected in ((".mp4", 2), (".mov", 1)):
        options = ClipOptions(
            format=formats.format_of_path(Path("cut" + suffix)), background=Background(paint="#c81e28")
        )
        cut_clip(ClipJob(clip, tmp_path / f"cut{suffix}", options, session=fake_session()))
        with VideoReader(tmp_path / f"cut{suffix}") as reader:
            assert reader.info.colour.range == expected
            picture = next(reader.frames()).picture
        corner = picture.rgb[90, 150].astype(float) / picture.bit_depth.peak * 255
        assert np.abs(corner - (0xC8, 0x1E, 0x28)).max() < 4


def test_part_of_a_clip_with_its_sound(clip: Path, tmp_path: Path) -> None:
    options = ClipOptions(format=FORMATS["prores"], start=Fraction("0.3"), end=Fraction("0.75"))
    result = cut_clip(
        ClipJob(clip, tmp_path / "cut.mov", options, session=fake_session(), report=tmp_path / "cut.jsonl")
    )
    assert frame_times(tmp_path / "cut.mov") == pytest.approx([(t - 27000) / 90000 for t in TIMES[3:8]])
    assert abs(click_time(tmp_path / "cut.mov") + (TIMES[3] - 27000) / 90000 - (CLICK_SECONDS - 0.3)) < 1e-3
    rows = [json.loads(line) for line in (tmp_path / "cut.jsonl").read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(5))
    assert all(row["found"] and row["confidence"] > 0.5 for row in rows)
    assert result.frames == 5
    with pytest.raises(InputUnreadable, match="no frame from 0:05"):
        cut_clip(
            ClipJob(
                clip,
                tmp_path / "none.mov",
                ClipOptions(format=FORMATS["prores"], start=Fraction(5)),
                session=fake_session(),
            )
        )
    assert not (tmp_path / "none.mov").exists()


def test_a_sequence_of_pictures_and_one_frame(clip: Path, tmp_path: Path) -> None:
    cut_clip(
        ClipJob(clip, tmp_path / "shot.####.png", ClipOptions(format=FORMATS["png"], every=5), session=fake_session())
    )
    assert sorted(path.name for path in tmp_path.glob("shot*")) == ["shot.0000.png", "shot.0001.png"]
    picture = read(tmp_path / "shot.0001.png")
    assert picture.alpha is not None
    assert np.abs(picture.alpha / 255 - disc_alpha(5)).mean() < 0.01
    single = write_clip(tmp_path / "one.mp4", [draw_frame(0)])
    assert (
        cut_clip(ClipJob(single, tmp_path / "one", ClipOptions(format=FORMATS["png"]), session=fake_session())).frames
        == 1
    )
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["000000.png"]
    with pytest.raises(OutputError, match="folder"):
        cut_clip(ClipJob(single, tmp_path / "one.png", ClipOptions(format=FORMATS["png"]), session=fake_session()))


def test_a_matte_and_progress(clip: Path, tmp_path: Path) -> None:
    seen: list[ClipProgress] = []
    options = ClipOptions(format=FORMATS["mp4"], cut=Cut(output="matte"))
    cut_clip(ClipJob(clip, tmp_path / "matte.mp4", options, session=fake_session(), on_progress=seen.append))
    frame = decode_rgba(tmp_path / "matte.mp4")[0]
    assert np.ptp(frame[..., :3], axis=2).max() <= 4
    assert np.abs(frame[..., 0] / 255 - disc_alpha(0)).mean() < 0.02
    assert [p.frames for p in seen] == list(range(1, COUNT + 1))
    assert seen[-1].total_seconds == pytest.approx(1.0, abs=0.2)


def test_what_cannot_be_written(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="mp4 cannot hold transparency.*background"):
        ClipOptions(format=FORMATS["mp4"])
    (tmp_path / "cut.webm").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        cut_clip(
            ClipJob(
                clip,
                tmp_path / "cut.webm",
                ClipOptions(format=FORMATS["webm"], overwrite=False),
                session=fake_session(),
            )
        )
    assert (tmp_path / "cut.webm").read_bytes() == b"mine"
    with pytest.raises(OutputError, match=r"no video format.*\.webm"):
        formats.format_of_path(tmp_path / "cut.avi")
    with pytest.raises(UsageError, match="webm"):
        formats.find_format("wbem")
    missing = formats.Encoding("no-such-encoder", "yuv420p")
    with pytest.raises(OutputError, match="built without no-such-encoder"):
        formats.require_encoder(missing, FORMATS["webm"])
    with pytest.raises(OutputError):
        cut_clip(ClipJob(clip, clip, ClipOptions(format=FORMATS["webm"]), session=fake_session()))
    assert clip.stat().st_size > 1000
