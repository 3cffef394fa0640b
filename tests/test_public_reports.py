"""Faults that users of other tools reported in public, tried here; docs/reports.md lists what came of each."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import mattebox as mb
from mattebox.errors import InputMissing, UsageError
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Picture
from tests.cli.conftest import Run, photo, run, save  # noqa: F401  fixtures
from tests.fakes import composite, disc, fake_session
from tests.io.pictures import rgb_profile

RED, BLUE = (220, 60, 20), (20, 60, 220)
SIZE = (120, 160)


def encode_image(image: Image.Image, format: str = "png", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)  # type: ignore[arg-type]
    return file.getvalue()


def soft_photo() -> Picture:
    return composite(disc(SIZE, 6), RED, BLUE)


def test_rembg_304_a_turned_photograph_comes_out_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(soft_photo().rgb)))
    result = mb.cut(encode_image(stored, "jpeg", exif=exif, quality=95), session=fake_session())
    assert result.size == (160, 120)
    assert 0x0112 not in Image.open(io.BytesIO(encode_image(result.to_pil()))).getexif()


def test_rembg_491_what_was_transparent_stays_transparent() -> None:
    rgba = np.full((*SIZE, 4), (*RED, 0), np.uint8)  # hidden pixels that look like the subject
    rgba[40:80, 60:100, 3] = 255
    result = mb.cut(encode_image(Image.fromarray(rgba)), session=fake_session(), empty="keep")
    assert result.picture.alpha is not None
    assert not result.picture.alpha[rgba[..., 3] == 0].any()
    assert (result.picture.alpha[45:75, 65:95] == 255).all()


@pytest.mark.parametrize("edges", ["colour", "network", "auto"])
def test_rembg_266_transparent_input_is_refined(edges: str) -> None:
    rgba = np.dstack([soft_photo().rgb, np.full(SIZE, 255, np.uint8)])
    rgba[:20, :, 3] = 0
    result = mb.cut(rgba, session=fake_session(), edges=edges)  # type: ignore[arg-type]
    assert result.picture.alpha is not None
    assert result.picture.alpha[60, 80] == 255
    assert not result.picture.alpha[:20].any()


def test_rembg_716_a_background_leaves_nothing_transparent() -> None:
    result = mb.cut(soft_photo(), session=fake_session(), background=(255, 255, 255))
    assert result.picture.alpha is None
    assert Image.open(io.BytesIO(encode_image(result.to_pil()))).mode == "RGB"


def test_rembg_474_soft_edges_have_no_dark_halo() -> None:
    result = mb.cut(soft_photo(), session=fake_session()).picture
    assert result.alpha is not None
    edge = (result.alpha > 60) & (result.alpha < 200)
    assert edge.sum() > 50
    assert np.abs(result.rgb[edge].mean(0) - RED).max() < 25  # not premultiplied, not mixed with blue


@pytest.mark.parametrize("format", ["jpg", "bmp"])
def test_rembg_564_no_black_background_where_a_format_has_no_alpha(format: str, tmp_path: Path) -> None:
    result = mb.cut(soft_photo(), session=fake_session())
    with pytest.raises(mb.MatteboxError, match="has no transparency; choose png"):
        result.save(tmp_path / f"cut.{format}")
    assert not list(tmp_path.iterdir())


def test_rembg_448_threads_are_always_explicit() -> None:
    """ONNX Runtime sets no affinity then, which containers and job schedulers refuse."""
    assert onnx_runtime._session_options(1, None).intra_op_num_threads == 1


def test_upscayl_881_transparency_is_enlarged_smoothly() -> None:
    alpha = disc((60, 80))
    rgba = np.dstack([np.full((60, 80, 3), RED, np.uint8), np.rint(alpha * 255).astype(np.uint8)])
    result = mb.upscale(rgba, 2).picture
    assert result.alpha is not None
    assert np.abs(result.alpha / 255 - disc(SIZE, 2)).mean() < 0.01
    assert len(np.unique(result.alpha)) > 20  # not steps
    assert np.abs(result.rgb[result.alpha > 0].astype(int) - RED).max() < 12  # no black from hidden pixels


@pytest.mark.parametrize("format", ["png", "jpeg", "tiff"])
def test_upscayl_1374_resolution_and_profile_are_kept(format: str, tmp_path: Path) -> None:
    profile = rgb_profile()
    source = encode_image(Image.fromarray(soft_photo().rgb), format, dpi=(300, 300), icc_profile=profile)
    results = (mb.upscale(source, 2, upscale_detail=0), mb.cut(source, session=fake_session(), background="white"))
    for result in results:
        target = tmp_path / f"large.{format}"
        result.save(target)
        with Image.open(target) as image:
            assert image.info["icc_profile"] == profile
            assert np.allclose(tuple(map(float, image.info["dpi"])), 300, atol=0.1)


def test_upscayl_496_palettes_keep_their_transparency() -> None:
    indices = np.zeros((60, 80), np.uint8)
    indices[20:40, 20:60], indices[40:50, 20:60] = 1, 2
    image = Image.fromarray(indices).convert("P")
    image.putpalette([0, 0, 0, *RED, *RED])
    file = encode_image(image, transparency=bytes([0, 255, 128]))
    for source in (file, Image.open(io.BytesIO(file))):
        result = mb.upscale(source, 2, upscale_detail=0).picture
        assert result.alpha is not None
        assert [int(result.alpha[y, 80]) for y in (10, 60, 90)] == [0, 255, 128]


@pytest.mark.parametrize("name", ["IMAGE1.JPG", "IMAGE2.JPEG", "IMAGE3.WEBP", "IMAGE4.PNG"])
def test_upscayl_687_suffixes_in_capitals(name: str, run: Run, tmp_path: Path) -> None:  # noqa: F811
    save(soft_photo(), tmp_path / "in" / name)
    assert run("cut", "in", "-o", "out").code == 0
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".png"]


@pytest.mark.parametrize("folder", ["テスト ♥", "lámpara", "żółw", "with 'quotes' & $signs", "-dash"])
def test_upscayl_802_any_names(folder: str, run: Run, tmp_path: Path) -> None:  # noqa: F811
    save(soft_photo(), tmp_path / folder / f"{folder}.png")
    assert run("cut", f"./{folder}", "-o", "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{folder}.png"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_libheif_227_heic_is_turned_once(orientation: int) -> None:
    heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = orientation
    rgb = np.zeros((64, 96, 3), np.uint8)
    rgb[:20, :30] = 255
    file = io.BytesIO()
    heif.from_pillow(Image.fromarray(rgb)).save(file, quality=95, exif=exif.tobytes())
    expected = mb.read(file.getvalue())
    given = Picture.from_pil(heif.HeifImageFile(io.BytesIO(file.getvalue())))
    turned = np.rot90(rgb, {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
    for picture in (expected, given):
        assert picture.rgb.shape == turned.shape
        assert np.abs(picture.rgb.astype(int) - turned).mean() < 12


def test_backgroundremover_89_other_files_are_named() -> None:
    with pytest.raises(mb.MatteboxError, match="PDF"):
        mb.cut(b"%PDF-1.7\n" + bytes(100))


@pytest.mark.parametrize("is_international", [False, True])
def test_pillow_8363_long_texts_do_not_keep_a_png_from_being_read(is_international: bool) -> None:
    texts = PngInfo()
    texts.add_text("Title", "a disc")
    if is_international:
        texts.add_itxt("workflow", "x" * 3_000_000, zip=True)
    else:
        texts.add_text("workflow", "x" * 3_000_000, zip=True)
    photograph = soft_photo()
    read = mb.read(encode_image(Image.fromarray(photograph.rgb), pnginfo=texts))
    assert (read.rgb == photograph.rgb).all()
    assert read.notes == ("a text of more than a megabyte in the file was left out",)


def test_rembg_116_a_trimap_without_foreground_is_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"the trimap marks no certain subject \(white\); paint some of it"):
        mb.cut(soft_photo(), trimap=np.full(SIZE, 128, np.uint8))


def test_transparent_background_3_transparent_pictures_take_a_background() -> None:
    photograph = soft_photo()
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:20] = 0
    result = mb.cut(Picture(photograph.rgb, alpha), session=fake_session(), background="white")
    assert result.picture.alpha is None
    assert result.picture.rgb[:20].min() == 255


def test_transparent_background_96_an_address_as_background_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputMissing, match="URLs are not fetched; download it first"):
        mb.cut(soft_photo(), session=fake_session(), background="https://example.org/beach.jpg")


def test_thumbor_1716_avif_is_turned_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(soft_photo().rgb)))
    assert mb.read(encode_image(stored, "avif", exif=exif)).size == (160, 120)


def test_pymatting_81_the_certain_subject_of_a_trimap_stays_opaque() -> None:
    trimap = np.full(SIZE, 128, np.uint8)
    trimap[:10] = 0
    trimap[40:80, 60:100] = 255
    result = mb.cut(soft_photo(), trimap=trimap)
    assert result.picture.alpha is not None
    assert result.picture.alpha[40:80, 60:100].min() == 255


def test_upscayl_646_a_batch_heeds_the_scale_and_the_format(run: Run, tmp_path: Path) -> None:  # noqa: F811
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(encode_image(Image.fromarray(soft_photo().rgb[:40, :60])))
    words = ("--to", "3x", "--format", "jpeg", "--quality", "70", "-o", "out/")
    assert run("upscale", "a.png", "b.png", *words).code == 0
    for path in (tmp_path / "out").iterdir():
        with Image.open(path) as made:
            assert (made.format, made.size) == ("JPEG", (180, 120))
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_rembg_789_a_folder_gives_what_single_files_give(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"{number}.png").write_bytes(
            encode_image(Image.fromarray(np.roll(soft_photo().rgb, number, axis=1)))
        )
    assert run("cut", "in", "-o", "out/").code == 0
    for number in range(3):
        assert run("cut", f"in/{number}.png", "-o", f"{number}.png").code == 0
        assert (tmp_path / f"{number}.png").read_bytes() == (tmp_path / "out" / f"{number}.png").read_bytes()


def test_webui_rembg_52_a_generators_text_does_not_cost_the_transparency() -> None:
    texts = PngInfo()
    texts.add_text("parameters", "a disc, masterpiece " * 5000)
    result = mb.cut(encode_image(Image.fromarray(soft_photo().rgb), pnginfo=texts), session=fake_session())
    assert result.picture.alpha is not None
    assert (result.picture.alpha == 0).mean() > 0.3


def test_pillow_heif_86_a_turned_heic_has_the_size_that_is_shown() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(soft_photo().rgb)))
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    pillow_heif.from_pillow(stored).save(file, exif=exif.tobytes(), quality=90)
    assert mb.read(file.getvalue()).size == (160, 120)
