"""End to end with the embedded network, on a real photograph: what a user gets from `mb.cut`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import mattebox as mb
from mattebox.errors import OutputError
from mattebox.types import Picture
from tests.fakes import fake_session
from tests.io.pictures import rgb_profile


@pytest.fixture(scope="module")
def astronaut(astronaut: Picture) -> Picture:
    """A person, 256 x 256: a quarter of the pixels says as much."""
    return Picture(np.ascontiguousarray(astronaut.rgb[::2, ::2]))


def cut(source: bytes | Path | Picture, **options: object) -> Picture:
    return mb.cut(source, threads=1, **options).picture  # type: ignore[arg-type]


def test_three_lines(astronaut: Picture, tmp_path: Path) -> None:
    Image.fromarray(astronaut.rgb).save(tmp_path / "photo.png")
    result = mb.cut(tmp_path / "photo.png")
    result.save(tmp_path / "cut.png")
    back = mb.read(tmp_path / "cut.png")
    assert result.matte is not None
    assert 0.5 < result.matte.confidence <= 1
    assert back.alpha is not None
    assert back.alpha[75, 110] == 255  # her face
    assert back.alpha[10:60, 160:175].mean() < 25  # the wall
    whole = back.alpha == 255
    assert whole.mean() > 0.2
    assert (back.rgb[whole] == astronaut.rgb[whole]).all()


def test_saving_never_overwrites_the_photograph(astronaut: Picture, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(astronaut.rgb).save(path)
    before = path.read_bytes()
    with pytest.raises(mb.MatteboxError, match="is the input itself"):
        mb.cut(path).save(path)
    assert path.read_bytes() == before


def test_the_eight_orientations_give_the_same_cutout(astronaut: Picture) -> None:
    upright = np.ascontiguousarray(astronaut.rgb[:200, 30:220])  # not square, so that a missed turn shows
    expected = cut(Picture(upright))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that orientation 2..8 undoes
    for orientation in range(1, 9):
        stored, exif, file = Image.fromarray(upright), Image.Exif(), io.BytesIO()
        if orientation > 1:
            stored = stored.transpose(Image.Transpose(undo[orientation]))
        exif[0x0112] = orientation
        stored.save(file, "png", exif=exif)
        made = cut(file.getvalue())
        assert (made.rgb == expected.rgb).all(), orientation
        assert made.alpha is not None
        assert expected.alpha is not None
        assert (made.alpha == expected.alpha).all(), orientation


def test_a_wide_gamut_photograph_keeps_its_profile_and_pixels(astronaut: Picture, tmp_path: Path) -> None:
    profile = rgb_profile()  # Display-P3 primaries
    file = io.BytesIO()
    Image.fromarray(astronaut.rgb).save(file, "png", icc_profile=profile)
    mb.cut(file.getvalue()).save(tmp_path / "cut.png")
    with Image.open(tmp_path / "cut.png") as image:
        assert image.info["icc_profile"] == profile
        made = np.asarray(image)
    whole = made[..., 3] == 255
    assert (made[..., :3][whole] == astronaut.rgb[whole]).all()


def test_sixteen_bits_in_and_out(astronaut: Picture, tmp_path: Path) -> None:
    deep = astronaut.rgb.astype(np.uint16) * 257
    deep[1::2] += 100  # values that 8 bits cannot hold
    deep = np.minimum(deep, 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    mb.cut(tmp_path / "deep.tif").save(tmp_path / "deep.png")
    back = mb.read(tmp_path / "deep.png")
    assert back.bit_depth == 16
    assert back.alpha is not None
    whole = back.alpha == 65535
    assert whole.mean() > 0.2
    assert (back.rgb[whole] == deep[whole]).all()


def test_positions_stay_behind(astronaut: Picture, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    Image.fromarray(astronaut.rgb).save(tmp_path / "photo.jpg", exif=exif)
    mb.cut(tmp_path / "photo.jpg").save(tmp_path / "cut.png")
    with Image.open(tmp_path / "cut.png") as image:
        kept = image.getexif()
    assert kept[0x010F] == "Maker"
    assert not kept.get_ifd(0x8825)


def test_an_empty_photograph_is_said() -> None:
    noise = np.random.default_rng(0).integers(118, 138, (200, 300, 3), np.uint8)
    with pytest.raises(mb.NoSubject, match="the photograph: no subject found"):
        mb.cut(Picture(noise))


@pytest.mark.parametrize("model", ["fast", "balanced"])
def test_a_rocket_is_delivered_and_doubt_said(rocket: Picture, model: str) -> None:
    """Both networks doubted it and refused it."""
    result = mb.cut(rocket, model=model, threads=1)
    assert result.matte is not None
    assert result.matte.alpha[150:300, 312:330].mean() > 150  # the rocket
    assert any("not clear what the subject is" in note for note in result.notes) is not result.found
    assert not mb.cut(rocket, model=model, threads=1, empty="keep").notes


def test_the_long_way_is_the_short_way(astronaut: Picture) -> None:
    session = mb.Session.open("balanced", device="cpu", threads=1)
    matte = mb.refine(astronaut, mb.segment(astronaut, session))
    long = mb.foreground(astronaut, matte)
    short = cut(astronaut)
    assert (long.rgb == short.rgb).all()
    assert long.alpha is not None
    assert short.alpha is not None
    assert (long.alpha == short.alpha).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3), (33, 47)])
def test_odd_shapes_do_not_break(size: tuple[int, int]) -> None:
    picture = Picture(np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8))
    try:
        made = cut(picture)
    except mb.NoSubject:
        return
    assert made.shape == size


def test_a_presets_file_is_held_against_its_marketplace(astronaut: Picture, tmp_path: Path) -> None:
    verdict = mb.cut(astronaut, preset="amazon").save(tmp_path / "listing.jpg")
    assert verdict is not None
    assert verdict.passed
    grey = mb.cut(astronaut, preset="amazon", background="#eeeeee", model="fast").save(tmp_path / "grey.jpg")
    assert grey is not None
    assert "white background" in {f.rule for f in grey.findings if not f.passed}
    assert mb.cut(astronaut, model="fast").save(tmp_path / "plain.png") is None


def test_subjects_are_found_and_numbered_as_cut_picks_them() -> None:
    rgb = np.full((128, 160, 3), (20, 20, 230), np.uint8)
    rgb[10:40, 10:40] = rgb[50:120, 80:150] = (230, 20, 20)
    small, large = mb.find(Picture(rgb), session=fake_session())[::-1]
    assert np.abs(np.subtract(large.box, (80, 50, 150, 120))).max() <= 2
    assert np.abs(np.subtract(small.box, (10, 10, 40, 40))).max() <= 2
    assert large.area_share == pytest.approx(70 * 70 / rgb[..., 0].size, abs=0.01)
    assert large.alpha[: large.alpha.shape[0] // 3].max() < 0.5
    picked = mb.cut(Picture(rgb), session=fake_session(), pick=2).picture
    assert picked.alpha is not None
    assert (picked.alpha[12:38, 12:38] == 255).all()
    assert not picked.alpha[60:110, 90:140].any()


AS_USERS_HAVE_IT: dict[str, Callable[[np.ndarray], object]] = {
    "rgb": lambda rgb: rgb,
    "fortran": np.asfortranarray,
    "rgba": lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]),
    "pillow": Image.fromarray,
    "pillow-rgba": lambda rgb: Image.fromarray(rgb).convert("RGBA"),
}


@pytest.mark.parametrize("convert", AS_USERS_HAVE_IT.values(), ids=AS_USERS_HAVE_IT)
def test_arrays_and_pillow_images_are_cut_as_the_picture_is(
    convert: Callable[[np.ndarray], object], astronaut: Picture
) -> None:
    result, expected = (
        mb.cut(source, session=fake_session(), empty="keep")  # type: ignore[arg-type]
        for source in (convert(astronaut.rgb), astronaut)
    )
    assert (np.asarray(result) == np.asarray(expected)).all()
    assert np.asarray(result).shape == (256, 256, 4)
    assert result.to_pil().size == result.size == (256, 256)
    assert (result.confidence, result.box) == (expected.confidence, expected.box)
    assert result._repr_png_().startswith(b"\x89PNG")


def test_grey_and_floating_point_arrays_are_enhanced_and_searched(astronaut: Picture) -> None:
    for array, depth in ((astronaut.rgb[..., 0], 8), (astronaut.rgb / 255, 16), (astronaut.rgb > 127, 8)):
        result = mb.enhance(array, exposure=0.1)
        assert result.picture.bit_depth == depth
        assert (result.confidence, result.box) == (None, None)
    assert mb.find(Image.fromarray(astronaut.rgb), session=fake_session())


def test_other_sources_are_refused_with_the_remedy(astronaut: Picture) -> None:
    tensor = type("Tensor", (), {"__module__": "torch", "__array__": lambda self: astronaut.rgb})()
    for source, remedy in (
        (7, "from int; give a path, bytes"),
        (None, "from NoneType; give a path"),
        (tensor, r"torch\.Tensor; give tensor\.detach"),
        (astronaut.rgb.transpose(2, 0, 1), "channels first; give height x width x channels"),
        (mb.enhance(astronaut, exposure=0.1), r"give its `\.picture`"),
    ):
        with pytest.raises(mb.MatteboxError, match=remedy):
            mb.cut(source)  # type: ignore[arg-type]
    with pytest.raises(mb.MatteboxError, match="256 x 256"):
        mb.cut(Image.fromarray(astronaut.rgb), max_pixels=1000)


def test_bytes_are_the_file_that_would_be_saved(astronaut: Picture, tmp_path: Path) -> None:
    result = mb.cut(astronaut, session=fake_session())
    result.save(tmp_path / "cut.png")
    assert result.to_bytes() == result.to_bytes("png") == (tmp_path / "cut.png").read_bytes()
    assert result.to_bytes("webp", quality=50)[8:12] == b"WEBP"
    with pytest.raises(OutputError, match="JPEG"):
        result.to_bytes("jpg")
