"""The front door as a whole: every kind of source, every format, orientation, what is refused, what never leaks."""

from __future__ import annotations

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mattebox.errors import InputError, InputMissing, InputTooLarge, InputUnreadable, UsageError
from mattebox.io.reader import read
from mattebox.types import Picture
from tests.io import pictures
from tests.io.pictures import exif, saved, scene

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(pixels: np.ndarray, orientation: int) -> Image.Image:
    """The upright picture as a camera held that way stores it."""
    image = Image.fromarray(pixels)
    return image if orientation == 1 else image.transpose(TURNS[orientation])


def heic(pixels: np.ndarray) -> bytes:
    heif, target = pytest.importorskip("pillow_heif"), io.BytesIO()
    heif.from_pillow(Image.fromarray(pixels)).save(target, quality=95)
    return target.getvalue()


def test_every_kind_of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, path = saved(scene(), "PNG"), tmp_path / "photo.png"
    path.write_bytes(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    sources: list[Any] = ["-", str(path), path, content, bytearray(content), memoryview(content), io.BytesIO(content)]
    for source in sources:
        assert (read(source).rgb == scene()).all()
    with path.open("rb") as file:
        assert (read(file).rgb == scene()).all()


def test_pixels_may_be_changed() -> None:
    picture = read(saved(np.dstack([scene(), scene()[..., 0]]), "PNG"))
    assert picture.alpha is not None
    for plane in (picture.rgb, picture.alpha):
        assert plane.flags.c_contiguous
        plane[0, 0] = 7


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_eight_orientations_one_picture(format: str, orientation: int) -> None:
    rgba = np.dstack([scene(), 255 - scene()[..., 0]])
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    picture = read(saved(stored(rgba, orientation), format, exif=exif(orientation), **options))
    assert picture.alpha is not None
    assert (picture.rgb == rgba[..., :3]).all()
    assert (picture.alpha == rgba[..., 3]).all()
    assert picture.rgb.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
def test_eight_orientations_of_a_jpeg(orientation: int) -> None:
    picture = read(saved(stored(scene(), orientation), "JPEG", quality=95, subsampling=0, exif=exif(orientation)))
    assert picture.rgb.shape == scene().shape
    assert np.abs(picture.rgb.astype(int) - scene()).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("planar", [False, True])
def test_eight_orientations_at_sixteen_bits(orientation: int, planar: bool) -> None:
    pixels = pictures.noise((6, 9, 3))
    turned = np.dstack([np.asarray(stored(pixels[..., c].copy(), orientation)) for c in range(3)])
    picture = read(pictures.tiff(turned, tags={274: (3, [orientation])}, planar=planar))
    assert (picture.rgb == pixels).all()


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_heic_and_avif_stand_upright(orientation: int) -> None:
    image = stored(scene(), orientation)
    heif, target = pytest.importorskip("pillow_heif"), io.BytesIO()
    heif.from_pillow(image).save(target, quality=95, exif=exif(orientation))
    for content in (target.getvalue(), saved(image, "AVIF", quality=95, exif=exif(orientation))):
        picture = read(content)
        assert picture.rgb.shape == scene().shape
        assert np.abs(picture.rgb.astype(int) - scene()).mean() < 4


def test_orientation_is_applied_once() -> None:
    first = read(saved(stored(scene(), 6), "PNG", exif=exif(6)))
    assert first.metadata.exif is not None
    again = read(saved(first.rgb, "PNG", exif=first.metadata.exif))
    assert (again.rgb == scene()).all()


def test_missing_folder_and_nonsense(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"nowhere\.jpg"):
        read(tmp_path / "nowhere.jpg")
    with pytest.raises(InputUnreadable, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UsageError, match="int"):
        read(42)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="rb"):
        read(io.StringIO("text"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("content", "what"), [(b"", "empty"), (b"just text", "text"), (b"%PDF-1.4", "PDF")])
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(InputUnreadable, match=rf"photo\.jpg is .*{what}"):
        read(path)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIC"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_cut_off_file_is_an_error(format: str, part: float) -> None:
    noise = pictures.noise((64, 64, 3), np.uint8)
    content = heic(noise) if format == "HEIC" else saved(noise, format)
    with pytest.raises(InputUnreadable, match="download it again"):
        read(content[: int(len(content) * part)])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_cut_off_jpeg_of_other_colours_is_an_error(mode: str) -> None:
    content = saved(Image.fromarray(pictures.noise((64, 64, 3), np.uint8)).convert(mode), "JPEG")
    with pytest.raises(InputUnreadable):
        read(content[: len(content) // 2])


def test_harmless_bytes_behind_a_jpeg_are_forgiven_and_said() -> None:
    content = saved(scene(), "JPEG")
    clean, odd = read(content), read(content[:-2] + b"\0\0" + content[-2:])
    assert (odd.rgb == clean.rgb).all()
    assert clean.notes == ()
    assert "small faults" in odd.notes[0]


def test_the_limit_is_the_callers() -> None:
    content = saved(scene(), "PNG")
    assert read(content, max_pixels=64 * 48).shape == (48, 64)
    with pytest.raises(InputTooLarge, match="holiday"):
        read(content, max_pixels=64 * 48 - 1, name="holiday")


def test_more_than_pillow_allows_is_read_without_a_word() -> None:
    """Pillow warns from 89 megapixels on; our own limit is the one that counts."""
    content = saved(Image.new("1", (9500, 9500)), "TIFF", compression="group4")
    assert read(content).shape == (9500, 9500)


def test_frames_of_a_liar_are_refused() -> None:
    """A GIF whose first frame is larger than the canvas it declares."""
    content = bytearray(saved(scene(), "GIF"))
    content[6:10] = bytes([1, 0, 1, 0])
    with pytest.raises(InputTooLarge):
        read(bytes(content), max_pixels=1000)


def test_no_warning_leaks_and_the_filters_stay(recwarn: pytest.WarningsRecorder) -> None:
    block = bytearray(exif())
    block[30:60] = b"\xff" * 30
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    content = saved(scene(), "JPEG", exif=bytes(block))
    with ThreadPoolExecutor(4) as pool:
        for picture in pool.map(read, [content] * 16):
            assert picture.shape == (48, 64)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before
    assert not recwarn.list


def samples() -> dict[str, bytes]:
    small = scene(20, 24)
    rgba = np.dstack([small, small[..., 0]])
    grey = Image.fromarray(small).convert("L")
    return {
        "jpeg": saved(small, "JPEG", exif=exif(6, private=True)),
        "progressive": saved(small, "JPEG", progressive=True),
        "cmyk": saved(Image.fromarray(small).convert("CMYK"), "JPEG"),
        "png": saved(rgba, "PNG", icc_profile=pictures.rgb_profile()),
        "png16": pictures.png(pictures.noise((9, 7, 4)), 6, 16, filters=[0, 1, 2, 3, 4]),
        "palette": saved(Image.fromarray(small).quantize(16), "PNG", transparency=3),
        "webp": saved(rgba, "WEBP", exif=exif(3)),
        "tiff": saved(small, "TIFF", compression="tiff_lzw"),
        "tiff16": pictures.tiff(pictures.noise((9, 7, 3)), deflate=True, planar=True),
        "bmp": saved(small, "BMP"),
        "gif": saved(grey, "GIF", save_all=True, append_images=[grey.rotate(90)]),
        "avif": saved(small, "AVIF", exif=exif(8)),
    }


SAMPLES = samples()


@pytest.mark.parametrize("kind", list(SAMPLES))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutations_give_a_picture_or_an_input_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[kind])
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1, max_size=12)
    ):
        content[at] = value
    content = content[: data.draw(st.integers(len(content) // 3, len(content)) | st.just(len(content)))]
    for policy in ("safe", "all"):
        try:
            picture = read(bytes(content), max_pixels=2_000_000, metadata=policy)  # type: ignore[arg-type]
        except InputError:
            return
        assert isinstance(picture, Picture)
        assert picture.rgb.flags.c_contiguous
