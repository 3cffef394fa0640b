"""PSD, OpenEXR and ZIP: what is written is what other programs read."""

import io
import zipfile
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from psd_tools import PSDImage

from mattebox.errors import OutputError
from mattebox.io import layered_formats
from mattebox.io.encoding import encode, encode_layers
from mattebox.io.writer import write
from mattebox.types import Layer, Picture
from tests.io.pictures import noise, rgb_profile

DTYPES = pytest.mark.parametrize("dtype", [np.uint8, np.uint16])


def stack(dtype: type) -> list[Layer]:
    size = (20, 30)
    back = Picture(noise((*size, 3), dtype, 1), profile=rgb_profile())
    front = Picture(noise((*size, 3), dtype, 2), noise(size, dtype, 3), rgb_profile())
    return [Layer("background", back), Layer("subject", front)]


@DTYPES
def test_psd_layers_come_back_bit_for_bit(dtype: type) -> None:
    layers, peak = stack(dtype), np.iinfo(dtype).max
    document = PSDImage.open(io.BytesIO(encode_layers(layers, "psd")))
    assert [layer.name for layer in document] == ["background", "subject"]
    assert (document.size, document.depth) == ((30, 20), 8 * np.dtype(dtype).itemsize)
    assert document.image_resources.get_data(1039) == rgb_profile()
    for found, layer in zip(document, layers, strict=True):
        values = np.rint(found.numpy() * peak).astype(dtype)
        assert (values[..., :3] == layer.picture.rgb).all()
        assert (values[..., 3] == (peak if layer.picture.alpha is None else layer.picture.alpha)).all()


@DTYPES
def test_exr_is_premultiplied_linear_light(dtype: type, tmp_path: Path) -> None:
    peak = int(np.iinfo(dtype).max)
    rgb = np.full((4, 5, 3), (peak, round(peak * 0.7353569830524495), 0), dtype)  # 1, 0.5 and 0 in light
    path = tmp_path / "a.exr"
    path.write_bytes(encode(Picture(rgb, np.full((4, 5), peak // 2, dtype)), "exr"))
    with OpenEXR.File(str(path)) as file:
        values = file.channels()["RGBA"].pixels
        assert values.dtype == np.float16
        assert values[2, 3] == pytest.approx([0.5, 0.25, 0, 0.5], abs=0.003)


def test_exr_with_straight_colours(tmp_path: Path) -> None:
    rgb, path = np.full((4, 5, 3), (255, 188, 0), np.uint8), tmp_path / "a.exr"
    path.write_bytes(encode(Picture(rgb, np.full((4, 5), 51, np.uint8)), "exr-straight"))
    with OpenEXR.File(str(path)) as file:
        assert file.channels()["RGBA"].pixels[2, 3] == pytest.approx([1, 0.503, 0, 0.2], abs=0.003)


def test_exr_parts_are_the_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    path.write_bytes(encode_layers(stack(np.uint8), "exr"))
    with OpenEXR.File(str(path)) as file:
        assert [part.name() for part in file.parts] == ["background", "subject"]


@DTYPES
def test_zip_holds_colour_and_alpha(dtype: type) -> None:
    picture = stack(dtype)[1].picture
    data = encode(picture, "zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        with Image.open(archive.open("alpha.png")) as alpha:
            assert np.abs(np.asarray(alpha).astype(int) - picture.alpha).max() == 0
        with Image.open(archive.open("color.jpg")) as colour:
            assert (colour.size, colour.mode, colour.info["icc_profile"]) == ((30, 20), "RGB", rgb_profile())
    assert encode(picture, "zip") == data


def test_what_has_no_layers_says_so() -> None:
    with pytest.raises(OutputError, match="choose psd, exr"):
        encode_layers(stack(np.uint8), "png")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(layered_formats, "import_module", absent)
    with pytest.raises(OutputError, match=r"pip install 'mattebox\[layers\]'"):
        encode(stack(np.uint8)[0].picture, "psd")


def test_layers_are_written_only_where_there_are_any(tmp_path: Path) -> None:
    layers = stack(np.uint8)
    write(layers[1].picture, tmp_path / "a.psd", layers=layers)
    write(layers[1].picture, tmp_path / "b.png", layers=layers)
    assert len(PSDImage.open(tmp_path / "a.psd")) == 2
    with Image.open(tmp_path / "b.png") as flat:
        assert flat.mode == "RGBA"
