from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mattebox.errors import InputMissing, InputTooLarge, InputUnreadable
from mattebox.video import frame_conversion
from mattebox.video.clip_info import ColourTags
from mattebox.video.reader import VideoReader
from mattebox.video.time_text import format_time, parse_time
from tests.video.clips import SIZE, click_sound, disc_alpha, draw_frame, write_clip

FRAMES = [draw_frame(number) for number in range(10)]


def test_frames_keep_variable_times_and_colours(tmp_path: Path) -> None:
    times = [0, 9000, 15000, 30000, 30100, 45000, 54321, 63000, 70000, 90000]
    with VideoReader(write_clip(tmp_path / "clip.mp4", FRAMES, times=times)) as reader:
        frames = list(reader.frames())
        assert [frame.pts * frame.time_base for frame in frames] == [Fraction(t, 90000) for t in times]
        assert [frame.index for frame in frames] == list(range(10))
        assert reader.info.size == SIZE
        assert reader.info.colour == ColourTags(1, 1, 1, 1)
        assert reader.notes() == ()
    for frame, drawn in zip(frames, FRAMES, strict=True):
        flat = disc_alpha(frame.index) == 1
        assert np.abs(frame.picture.rgb.astype(int) - drawn)[flat].mean() < 3


def test_a_range_and_every_other_frame(tmp_path: Path) -> None:
    with VideoReader(write_clip(tmp_path / "clip.mp4", FRAMES)) as reader:
        frames = list(reader.frames(Fraction(1, 5), Fraction(4, 5), 2))
        assert [float(frame.time) for frame in frames] == pytest.approx([0, 0.2, 0.4])
        first = frames[0].picture.rgb.astype(int)
        assert np.abs(first - FRAMES[2]).mean() < np.abs(first - FRAMES[1]).mean()
        assert [f.index for f in reader.frames()] == list(range(10))  # it can be read again


def test_a_turned_clip_is_upright(tmp_path: Path) -> None:
    with VideoReader(write_clip(tmp_path / "clip.mp4", FRAMES[:2], rotation=-90)) as reader:
        assert (reader.info.rotation, reader.info.size) == (-90, SIZE[::-1])
        frame = next(reader.frames())
    assert np.abs(frame.picture.rgb.astype(int) - np.rot90(FRAMES[0], -1)).mean() < 4


def test_ten_bits_stay_and_high_dynamic_range_has_its_profile(tmp_path: Path) -> None:
    white = np.full((96, 160, 3), 65535, np.uint16)
    white[:, :80] = 0
    clip = write_clip(
        tmp_path / "clip.mp4", [white], codec="libx265", pixel_format="yuv420p10le", tags=(9, 16, 9, 1)
    )  # fmt: skip
    with VideoReader(clip) as reader:
        picture = next(reader.frames()).picture
        assert (reader.info.depth, reader.info.colour) == (10, ColourTags(9, 16, 9, 1))
    assert picture.rgb.dtype == np.uint16
    assert picture.profile is not None
    assert picture.rgb[:, 140].min() > 65200
    assert picture.rgb[:, 20].max() < 300


def test_alpha_of_webm_is_read(tmp_path: Path) -> None:
    alpha = np.round(disc_alpha(0) * 255).astype(np.uint8)
    frames = [np.dstack([FRAMES[0], alpha])] * 2
    clip = write_clip(tmp_path / "clip.webm", frames, codec="libvpx-vp9", pixel_format="yuva420p")
    with VideoReader(clip) as reader:
        picture = next(reader.frames()).picture
    assert picture.alpha is not None
    assert np.abs(picture.alpha.astype(int) - alpha).mean() < 1


def test_damaged_frames_are_left_out_and_named(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(number) for number in range(20)])
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        packet = [(p.pos, p.size) for p in container.demux(video=0) if p.size][5]  # a key frame, as every fifth
    content[packet[0] : packet[0] + packet[1]] = bytes(packet[1])
    clip.write_bytes(content)
    with VideoReader(clip) as reader:
        frames = list(reader.frames())
        notes = reader.notes()
    assert 0 < len(frames) < 20
    assert {round(float(f.time) * 10) for f in frames} >= {0, 1, 2, 3, 4, 10, 15, 19}  # the others at their times
    assert 5 not in {round(float(f.time) * 10) for f in frames}
    assert "left out" in notes[0]
    assert "0:00.500" in notes[0]


def test_a_file_without_its_end(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", FRAMES)
    (tmp_path / "half.mp4").write_bytes(clip.read_bytes()[:1500])
    with pytest.raises(InputUnreadable, match=r"half\.mp4: is cut off.*copy or export"):
        VideoReader(tmp_path / "half.mp4")
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (96, 160, 3), np.uint8) for _ in range(20)]
    whole = write_clip(tmp_path / "clip.mkv", noise).read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 2])
    with VideoReader(tmp_path / "half.mkv") as reader:
        assert 5 < len(list(reader.frames())) < 15
        assert "cut off" in reader.notes()[-1]


def test_frames_that_change_their_size(tmp_path: Path) -> None:
    """A phone that was turned while it recorded."""
    with av.open(str(tmp_path / "turned.mkv"), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for number in range(4):
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height = SIZE if number < 2 else SIZE[::-1]
            encoder.pix_fmt, encoder.time_base = "yuvj420p", Fraction(1, 10)
            picture = draw_frame(number, (encoder.width, encoder.height))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p")
            for packet in [*encoder.encode(frame), *encoder.encode(None)]:
                packet.stream, packet.time_base = stream, Fraction(1, 10)
                packet.pts = packet.dts = number
                container.mux(packet)
    for deinterlace in (False, True):
        with VideoReader(tmp_path / "turned.mkv", deinterlace=deinterlace) as reader:
            assert len(list(reader.frames(None, Fraction(1, 5)))) == 2
            with pytest.raises(InputUnreadable, match=r"change from 160 x 96 to 96 x 160 pixels at 0:00.200.*until"):
                list(reader.frames())


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello " * 100)
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        track = container.add_stream("pcm_s16le", rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray((click_sound(0.1) * 32767).astype(np.int16).T.reshape(1, -1)), "s16", "stereo"
        )
        frame.sample_rate = 48000
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    with pytest.raises(InputUnreadable, match=r"text\.mp4: is not a video"):
        VideoReader(tmp_path / "text.mp4")
    with pytest.raises(InputUnreadable, match=r"sound\.wav: has no video stream, only sound"):
        VideoReader(tmp_path / "sound.wav")
    with pytest.raises(InputMissing, match=r"none\.mp4"):
        VideoReader(tmp_path / "none.mp4")


@pytest.mark.parametrize("head", [b"GIF89a", b"FLV\1\5\0\0\0\x09", b"OggS", b"RIFF\xff\xff\xff\xffAVI LIST"])
def test_random_bytes_behind_a_signature_are_refused_with_a_reason(head: bytes) -> None:
    rng = random.Random(0)
    for _ in range(40):
        with (
            pytest.raises((InputUnreadable, InputTooLarge)),
            VideoReader("clip", content=head + rng.randbytes(3000)) as clip,
        ):
            list(clip.frames())


@pytest.mark.parametrize(("text", "seconds"), [("75", 75), ("1:15.5", 75.5), ("1:00:00", 3600), (2.5, 2.5), ("3s", 3)])
def test_times_are_read(text: str | float, seconds: float) -> None:
    assert parse_time(text) == seconds


def test_times_are_written() -> None:
    assert [format_time(t) for t in (1.48, Fraction(3723), 0)] == ["0:01.480", "1:02:03.000", "0:00.000"]
    with pytest.raises(ValueError, match="1:15"):
        parse_time("soon")


@pytest.mark.parametrize(("format", "packed"), [("yuv420p", "rgb24"), ("yuv422p10le", "rgb48le"), ("yuva420p", "rgba")])
def test_planes_hold_the_values_of_packed_pixels(format: str, packed: str) -> None:
    frame, rng = av.VideoFrame(64, 48, format), np.random.default_rng(0)
    depth, peak = (np.uint16, 1023) if packed == "rgb48le" else (np.uint8, 255)
    for plane in frame.planes:
        values = np.frombuffer(memoryview(plane), depth)
        values[:] = rng.integers(0, peak, len(values))
    found = frame_conversion.picture_from_frame(frame, ColourTags(1, 1, 1, 1))
    frame.colorspace, frame.color_range = 1, 1
    expected = frame.reformat(
        format=packed, dst_color_range=2, interpolation=frame_conversion.SCALER_FLAGS
    ).to_ndarray()
    rgb = expected[..., :3]
    if packed == "rgb48le":
        rgb = np.minimum(rgb, 65280)
        rgb += rgb >> 8
    assert np.array_equal(found.rgb, rgb)
    assert found.alpha is None or np.array_equal(found.alpha, expected[..., 3])
