"""Numbered pictures in and out, OpenEXR with its light, Cryptomatte and timelines."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mattebox.core.icc_builder import AP1
from mattebox.core.srgb import decode_srgb
from mattebox.errors import InputMissing, InputUnreadable, OutputError, UsageError
from mattebox.io.exr_frame import ExrFrame, write_exr_frame
from mattebox.io.reader import read
from mattebox.io.scene_light import read_film_frame
from mattebox.io.writer import write
from mattebox.recipe.steps import Background, Shadow
from mattebox.types import Picture
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipResult
from mattebox.video.formats import FORMATS
from mattebox.video.option_values import parse_part
from mattebox.video.segments import cut_clip_in_segments
from mattebox.video.sequence_pattern import describe_numbers, is_sequence_name, parse_sequence
from mattebox.video.sequence_reader import SequenceReader
from mattebox.video.time_text import advance_timecode, parse_rate
from tests.fakes import fake_session
from tests.io.test_cryptomatte import decode
from tests.video.clips import disc_alpha, draw_frame, frame_times, write_clip

OpenEXR = pytest.importorskip("OpenEXR")
NUMBERS = (1001, 1002, 1003, 1005, 1006)


def linear_frame(number: int) -> np.ndarray:
    """The disc of `draw_frame` in linear light, with a lamp of 6.5 in its middle."""
    light = decode_srgb(draw_frame(number - 1001).astype(np.float32) / 255)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    light[np.hypot(x - 56 - 2 * (number - 1001), y - 48) < 5] = (6.5, 1.5, 0.02)
    return light.astype(np.float32)


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five half-float frames, one missing between them."""
    folder = tmp_path_factory.mktemp("plates")
    for number in NUMBERS:
        frame = ExrFrame(linear_frame(number), timecode=f"01:00:00:{number - 1001:02}", rate=Fraction(24000, 1001))
        write_exr_frame(folder / f"plate.{number}.exr", frame, straight=False)
    return folder / "plate.%04d.exr"


def cut(source: Path, target: Path, name: str, **changes: object) -> ClipResult:
    timeline = changes.pop("timeline", None)
    report = changes.pop("report", None)
    options = ClipOptions(format=FORMATS[name], **changes)  # type: ignore[arg-type]
    job = ClipJob(source, target, options, session=fake_session(), report=report, timeline=timeline)  # type: ignore[arg-type]
    return cut_clip(job)


def channels(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Channels and header, by the Academy's package."""
    file = OpenEXR.File(str(path), separate_channels=True)
    return {name: channel.pixels for name, channel in file.channels().items()}, file.header()


def test_openexr_keeps_its_numbers_its_light_and_its_time(plate: Path, tmp_path: Path) -> None:
    result = cut(plate, tmp_path / "cut.####.exr", "exr", report=tmp_path / "rows.jsonl")
    assert result.frames == 5
    assert result.notes[0] == "1 frame missing: 1004"
    assert sorted(path.name for path in tmp_path.glob("*.exr")) == [f"cut.{number}.exr" for number in NUMBERS]
    planes, header = channels(tmp_path / "cut.1005.exr")
    assert set(planes) == {"R", "G", "B", "A", "matte.A"}
    assert {plane.dtype for plane in planes.values()} == {np.dtype(np.float16)}
    source = channels(plate.with_name("plate.1005.exr"))[0]
    opaque = planes["A"] == 1
    assert opaque.mean() > 0.15
    for name in "RGB":
        assert np.array_equal(planes[name][opaque], source[name][opaque])
    assert planes["R"].max() == 6.5
    assert all((planes[name][planes["A"] == 0] == 0).all() for name in "RGB")
    assert np.array_equal(planes["A"], planes["matte.A"])
    assert np.abs(planes["A"] - disc_alpha(4)).mean() < 0.01
    assert header["mattebox/alpha"] == "premultiplied"
    assert str(header["timeCode"]).startswith("(1, 0, 0, 4,")
    assert header["framesPerSecond"] == Fraction(24000, 1001)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [(row["number"], row["timecode"]) for row in rows][3] == (1005, "01:00:00:04")
    assert rows[3]["time"] == pytest.approx(4 * 1001 / 24000, abs=1e-6)
    assert 0.1 < rows[3]["share"] < 0.4


@pytest.mark.parametrize("name", ["exr", "exr-straight"])
def test_the_shadow_is_a_layer_of_its_own(name: str, plate: Path, tmp_path: Path) -> None:
    """As Nuke reads it: what is merged over the plate, shadow first, is what stills have as one picture."""
    shadow = Shadow(kind="drop", opacity=60, softness=2, angle=90, length=10)
    cut(plate, tmp_path / "plain.####.exr", name)
    cut(plate, tmp_path / "layers.####.exr", name, shadow=shadow)
    cut(plate, tmp_path / "flat.####.exr", name, shadow=shadow, background=Background(paint="white", blend="linear"))
    planes, plain = channels(tmp_path / "layers.1002.exr")[0], channels(tmp_path / "plain.1002.exr")[0]
    assert set(planes) == {"R", "G", "B", "A", "matte.A", "shadow.R", "shadow.G", "shadow.B", "shadow.A"}
    assert {plane.dtype for plane in planes.values()} == {np.dtype(np.float16)}
    for channel in ("R", "G", "B", "A", "matte.A"):
        assert np.array_equal(planes[channel], plain[channel])  # the cutout is as without a shadow
    alpha = planes["shadow.A"].astype(np.float32)
    assert 0.5 < alpha.max() <= 0.61
    assert alpha[80, 56] > 0.3  # below the disc
    assert alpha[10, 56] == 0
    assert not planes["shadow.R"].any()  # black
    flat = channels(tmp_path / "flat.1002.exr")[0]
    assert np.array_equal(flat["shadow.A"], planes["shadow.A"])
    below = (1 - alpha) * (1 - planes["A"].astype(np.float32))  # what is left of the white ground
    for channel in "RGB":
        own = planes[channel] * (planes["A"] if name == "exr-straight" else 1)
        bright = own.astype(np.float32) <= 1
        assert np.abs(own.astype(np.float32) + below - flat[channel])[bright].max() < 0.02


def test_straight_colours_and_floats(plate: Path, tmp_path: Path) -> None:
    frame = ExrFrame(linear_frame(1001), is_half=False)
    write_exr_frame(tmp_path / "in.1.exr", frame, straight=False)
    cut(tmp_path / "in.#.exr", tmp_path / "premultiplied.#.exr", "exr")
    cut(tmp_path / "in.#.exr", tmp_path / "straight.#.exr", "exr-straight")
    (one, _), (other, header) = channels(tmp_path / "premultiplied.1.exr"), channels(tmp_path / "straight.1.exr")
    assert header["mattebox/alpha"] == "straight"
    soft = (other["A"] > 0.02) & (other["A"] < 0.98)
    assert soft.sum() > 10
    assert other["R"].dtype == np.float32
    for name in "RGB":
        assert np.allclose(one[name], other[name] * other["A"], atol=1e-6)
    assert np.allclose(other["R"][soft], decode_srgb(np.float32(220 / 255)), atol=0.1)  # at alphas below .2


@pytest.mark.parametrize("is_half", [True, False])
def test_what_is_composited_in_linear_light_is_the_truth(is_half: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    colours, ground = rng.random((2, 40, 60, 3), np.float32)
    alpha = rng.random((40, 60), np.float32)
    frame = ExrFrame(colours, alpha, is_half=is_half, rate=Fraction(25))
    write_exr_frame(tmp_path / "a.exr", frame, straight=False)
    planes, header = channels(tmp_path / "a.exr")
    assert header["framesPerSecond"] == 25
    for n, name in enumerate("RGB"):
        truth = colours[..., n] * alpha + ground[..., n] * (1 - alpha)
        over = planes[name].astype(np.float32) + ground[..., n] * (1 - planes["A"].astype(np.float32))
        assert np.abs(over - truth).max() < 1 / 1024
    picture = read(tmp_path / "a.exr")  # by the stills' reader
    assert picture.alpha is not None
    assert np.abs(picture.alpha / 65535 - alpha).max() < 1e-3


def test_a_range_its_missing_frames_and_every_other(plate: Path, tmp_path: Path) -> None:
    with SequenceReader(plate.with_name("plate.####.exr 1000-1004")) as reader:
        assert reader.notes() == ("2 frames missing: 1000, 1004",)
        assert [(f.number, f.pts, f.index) for f in reader.frames()] == [(1001, 1, 0), (1002, 2, 1), (1003, 3, 2)]
        assert [f.number for f in reader.frames(every=2)] == [1002]  # of 1000, 1002 and 1004
    with SequenceReader(plate, Fraction(10)) as reader:
        found = [(f.number, f.pts) for f in reader.frames(Fraction("0.2"), Fraction("0.5"))]
        assert found == [(1003, 0), (1005, 2)]
    with pytest.raises(InputMissing, match=r"plate\.%04d\.exr: there is no picture of this name from 1 to 9"):
        SequenceReader(plate.with_name("plate.####.exr 1-9"))


def test_colours_are_declared(plate: Path) -> None:
    path = plate.with_name("plate.1001.exr")
    plain, aces = read_film_frame(path, "auto", 10**9), read_film_frame(path, "acescg", 10**9)
    assert plain.picture.profile is None
    assert plain.light is not None
    assert aces.light is not None
    assert aces.light.primaries == AP1
    assert aces.picture.profile is not None
    assert np.array_equal(plain.light.rgb, aces.light.rgb)  # the values stay, their meaning does not
    encoded = read_film_frame(path, "srgb", 10**9)
    assert np.abs(encoded.picture.rgb / 65535 - np.clip(plain.light.rgb, 0, 1)).max() < 1e-3
    with pytest.raises(UsageError, match="no colour space of input"):
        parse_part(None, None, input_colour="rec709")


def test_aces_light_stays_what_it_is(plate: Path, tmp_path: Path) -> None:
    cut(plate.with_name("plate.####.exr 1001-1001"), tmp_path / "cut.####.exr", "exr", input_colour="acescg")
    planes, header = channels(tmp_path / "cut.1001.exr")
    assert np.allclose(header["chromaticities"][:2], AP1.red)
    source = channels(plate.with_name("plate.1001.exr"))[0]
    opaque = planes["A"] == 1
    assert np.array_equal(planes["G"][opaque], source["G"][opaque])


def test_png_pictures_become_a_clip_in_segments(tmp_path: Path) -> None:
    for number in (7, 8, 10):
        write(Picture(draw_frame(number - 7)), tmp_path / f"in_{number:03}.png")
    options = ClipOptions(format=FORMATS["prores"], rate=parse_rate("23.976"))
    result = cut_clip_in_segments(
        ClipJob(tmp_path / "in_###.png", tmp_path / "cut.mov", options, session=fake_session()), segment_frames=6
    )
    assert result.notes[0] == "1 frame missing: 9"
    assert frame_times(tmp_path / "cut.mov") == pytest.approx([0, 1001 / 24000, 3 * 1001 / 24000], abs=1e-6)


def test_what_is_wrong_with_pictures(plate: Path, tmp_path: Path) -> None:
    for number in range(3):
        write(Picture(draw_frame(number)), tmp_path / f"a.{number}.png")
    (tmp_path / "a.1.png").write_bytes((tmp_path / "a.1.png").read_bytes()[:60])
    result = cut(tmp_path / "a.#.png", tmp_path / "b.#.png", "png")
    assert [path.name for path in sorted(tmp_path.glob("b.*"))] == ["b.0.png", "b.2.png"]
    assert result.notes[:2] == (
        "1 frame damaged, left out: 1", "the pictures state no rate: 24 frames a second taken",
    )  # fmt: skip
    with pytest.raises(OutputError, match=r"a\.0\.png: is one of the pictures that are read"):
        cut(tmp_path / "a.#.png", tmp_path / "a.%01d.png", "png")
    write(Picture(draw_frame(0, (80, 60))), tmp_path / "a.3.png")
    with pytest.raises(InputUnreadable, match=r"a\.3\.png: is 80 x 60 pixels, the pictures before it 160 x 96"):
        cut(tmp_path / "a.#.png", tmp_path / "c.#.png", "png")
    with pytest.raises(InputUnreadable, match=r"is a picture, not a clip; give a sequence by its pattern"):
        cut(tmp_path / "a.0.png", tmp_path / "c.#.png", "png")
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(0)])
    with pytest.raises(UsageError, match="states its own rate"):
        cut(clip, tmp_path / "c.mov", "prores", rate=Fraction(24))
    with pytest.raises(UsageError, match="png cannot hold Cryptomatte"):
        ClipOptions(format=FORMATS["png"], cryptomatte=True)


def test_names_of_sequences(tmp_path: Path) -> None:
    assert [is_sequence_name(name) for name in ("a.%04d.exr", "a.####.png 1-9", "a.mp4", "%d.png")] == [
        True, True, False, True,
    ]  # fmt: skip
    pattern = parse_sequence("x/shot.####.exr 8-12x2")
    assert [pattern.path_of(n).as_posix() for n in pattern.range or ()][::2] == ["x/shot.0008.exr", "x/shot.0012.exr"]
    assert describe_numbers([1, 4, 5, 6, 9]) == "1, 4-6, 9"
    assert advance_timecode("00:59:59:23", 2, Fraction(24)) == "01:00:00:01"
    assert advance_timecode("00:59:59;23", 2, Fraction(30000, 1001)) is None
    assert (parse_rate("23.98"), parse_rate(24), parse_rate("30000/1001")) == (
        Fraction(24000, 1001), 24, Fraction(30000, 1001),
    )  # fmt: skip
    (tmp_path / "a#.mp4").write_bytes(b"")
    assert not is_sequence_name(tmp_path / "a#.mp4")


def two_discs(number: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """A frame with two red discs that pass each other's height, and the mattes of both."""
    y, x = np.mgrid[:96, :160] + 0.5
    centres = ((40.0 + 3 * number, 30.0, 20), (120.0 - 3 * number, 68.0, 16))
    mattes = [np.clip(radius - np.hypot(x - cx, y - cy) + 0.5, 0, 1) for cx, cy, radius in centres]
    alpha = np.maximum(*mattes)[..., None]
    return np.round(alpha * (220, 60, 30) + (1 - alpha) * (30, 60, 200)).astype(np.uint8), mattes


def test_several_subjects_are_told_apart_over_time(tmp_path: Path) -> None:
    for number in range(12):
        write(Picture(two_discs(number)[0]), tmp_path / f"in.{number:02}.png")
    cut(tmp_path / "in.##.png", tmp_path / "cut.##.exr", "exr", cryptomatte=True)
    for number in range(12):
        planes, header = channels(tmp_path / f"cut.{number:02}.exr")
        strings = {name: value for name, value in header.items() if isinstance(value, str)}
        found = decode({n: p for n, p in planes.items() if n.startswith("subjects")}, _cryptomatte(strings))
        assert sorted(found) == ["subject1", "subject2"]
        assert np.abs(sum(found.values()) - planes["matte.A"].astype(np.float32)).max() < 1 / 255
        for name, truth in zip(("subject1", "subject2"), two_discs(number)[1], strict=True):
            assert np.abs(found[name] - truth).mean() < 0.006, (number, name)


def test_a_timeline_for_editors(plate: Path, tmp_path: Path) -> None:
    cut(plate, tmp_path / "cut.####.exr", "exr", timeline=tmp_path / "shot.otio", start=Fraction(1001, 24000))
    timeline = json.loads((tmp_path / "shot.otio").read_text())
    assert timeline["OTIO_SCHEMA"] == "Timeline.1"
    first, second = timeline["tracks"]["children"]
    source, result = (track["children"][0]["media_references"]["DEFAULT_MEDIA"] for track in (first, second))
    assert (first["name"], source["name_prefix"], source["start_frame"]) == ("V1", "plate.", 1001)
    assert (second["name"], result["name_prefix"], result["start_frame"]) == ("V2", "cut.", 1002)
    assert first["children"][0]["source_range"]["start_time"]["value"] == 1002
    assert first["children"][0]["source_range"]["duration"]["value"] == 5


def test_a_timeline_marks_cuts_and_doubts(tmp_path: Path) -> None:
    other = np.zeros((96, 160, 3), np.uint8)
    other[::8] = (0, 200, 40)  # no subject here
    clip = write_clip(tmp_path / "clip.mp4", [*(draw_frame(n) for n in range(5)), *[other] * 4])
    cut(clip, tmp_path / "cut.mov", "prores", timeline=tmp_path / "shot.otio")
    second = json.loads((tmp_path / "shot.otio").read_text())["tracks"]["children"][1]
    marks = [(m["name"], m["marked_range"]["start_time"]["value"], m["marked_range"]["duration"]["value"])
             for m in second["markers"]]  # fmt: skip
    assert marks == [("scene", 5, 1), ("check", 5, 4)]


def test_backgrounds_are_opaque_in_openexr(plate: Path, tmp_path: Path) -> None:
    cut(plate.with_name("plate.####.exr 1001-1001"), tmp_path / "cut.####.exr", "exr",
        background=Background(paint="#808080"))  # fmt: skip
    planes, _ = channels(tmp_path / "cut.1001.exr")
    assert set(planes) == {"R", "G", "B", "matte.A"}
    assert planes["R"].max() == 6.5
    assert planes["R"][2, 150] == pytest.approx(float(decode_srgb(np.float32(128 / 255))), abs=2e-4)


def test_a_file_with_an_attribute_more_is_read_alike(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).random((37, 19, 3), np.float32)
    write_exr_frame(tmp_path / "a.exr", ExrFrame(pixels, rate=Fraction(48)), straight=False)
    write_exr_frame(tmp_path / "b.exr", ExrFrame(pixels), straight=False)
    one, other = ((tmp_path / name).read_bytes() for name in ("a.exr", "b.exr"))
    assert len(one) - len(other) == len(b"framesPerSecond\0rational\0") + 4 + struct.calcsize("<iI")
    assert np.array_equal(channels(tmp_path / "a.exr")[0]["G"], channels(tmp_path / "b.exr")[0]["G"])


def _cryptomatte(strings: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in strings.items() if name.startswith("cryptomatte/")}
