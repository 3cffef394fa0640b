"""Colours against values worked out from the primaries, not by the library under test."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from mattebox.errors import InputUnreadable, UsageError
from mattebox.io import colour
from mattebox.io.colour import colour_from_srgb, is_srgb, parse_colour, to_srgb
from mattebox.io.reader import read
from mattebox.types import BitDepth
from tests.io.pictures import P3, SRGB, cmyk_profile, grey_profile, noise, png, rgb_profile, saved, scene, tiff


def linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encode_srgb(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def p3_to_srgb(rgb: np.ndarray) -> np.ndarray:
    """By the primaries: light -> XYZ -> light -> encoded."""
    xyz = linear(rgb / 255) @ np.array(P3)
    return encode_srgb(xyz @ np.linalg.inv(np.array(SRGB))) * 255


def test_display_p3_is_kept_and_understood() -> None:
    profile = rgb_profile()
    picture = read(saved(scene(), "PNG", icc_profile=profile))
    assert picture.profile == profile
    assert (picture.rgb == scene()).all()
    seen = to_srgb(picture.rgb, picture.profile)
    assert np.abs(seen - p3_to_srgb(scene())).max() <= 1.5
    assert np.abs(seen.astype(int) - scene()).max() > 10


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "AVIF"])
def test_profiles_are_kept_in_every_format(format: str) -> None:
    assert read(saved(scene(), format, icc_profile=rgb_profile())).profile == rgb_profile()


def test_sixteen_bits_keep_their_profile() -> None:
    content = rgb_profile()
    tags = {34675: (1, list(content))}
    picture = read(tiff(noise((4, 4, 3)), tags=tags))
    assert picture.profile == content
    assert (picture.rgb == noise((4, 4, 3))).all()


def test_what_is_srgb() -> None:
    assert is_srgb(None)
    assert is_srgb(rgb_profile(SRGB))
    assert is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not is_srgb(rgb_profile(P3))
    pixels = scene()
    assert to_srgb(pixels, rgb_profile(SRGB)) is pixels


@pytest.mark.parametrize("wanted", [(255, 0, 0), (12, 200, 99), (255, 255, 255), (0, 0, 0)])
def test_from_srgb_is_the_way_back(wanted: tuple[int, int, int]) -> None:
    made = colour_from_srgb(wanted, rgb_profile())
    expected = encode_srgb(linear(np.array(wanted) / 255) @ np.array(SRGB) @ np.linalg.inv(np.array(P3))) * 255
    assert np.abs(np.array(made) - expected).max() <= 1
    assert colour_from_srgb(wanted, None) == wanted
    assert colour_from_srgb(wanted, None, BitDepth.SIXTEEN) == tuple(v * 257 for v in wanted)
    assert colour_from_srgb(wanted, rgb_profile(), BitDepth.SIXTEEN) == tuple(v * 257 for v in made)


def test_red_in_display_p3() -> None:
    assert colour_from_srgb((255, 0, 0), rgb_profile()) == pytest.approx((234, 51, 35), abs=1)


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_with_a_gamma_becomes_srgb(bits: int) -> None:
    peak = 2**bits - 1
    grey = np.linspace(0, peak, 64).round().astype(np.uint8 if bits == 8 else np.uint16).reshape(8, 8)
    profile = grey_profile(1.8)
    tags = {34675: (1, list(profile))}
    picture = read(tiff(grey, photometric=1, tags=tags))
    expected = encode_srgb((grey / peak) ** 1.8) * peak
    assert picture.profile is None
    assert picture.bit_depth == bits
    assert np.abs(picture.rgb[..., 1] - expected).max() <= peak / 255 * 0.6
    assert (picture.rgb[..., 0] == picture.rgb[..., 2]).all()
    if bits == 16:
        assert np.abs(picture.rgb[..., 1] - expected).max() < 40


def test_grey_with_an_rgb_profile_keeps_it() -> None:
    grey = scene()[..., 0]
    picture = read(saved(grey, "PNG", icc_profile=rgb_profile()))
    assert picture.profile == rgb_profile()
    assert (picture.rgb == grey[..., None]).all()


def test_lab_becomes_srgb() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(scene()), srgb, lab, outputMode="LAB")
    assert image is not None
    picture = read(saved(image, "TIFF"))
    assert picture.profile is None
    error = np.abs(picture.rgb.astype(int) - scene())  # 8-bit Lab is coarse where colours are strong
    assert error.mean() < 1
    assert error.max() < 16
    assert picture.notes == ("Lab colours converted to sRGB",)


def lab_to_srgb(lab: tuple[float, float, float]) -> np.ndarray:
    """CIE 15: Lab under D50 -> XYZ -> sRGB."""
    y = (lab[0] + 16) / 116
    f = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * (0.9642, 1.0, 0.8249)
    return encode_srgb(xyz @ np.linalg.inv(np.array(SRGB))) * 255


def odd_inks() -> np.ndarray:
    """Inks unlike any real ones: the full cyan plate prints ochre; black is black whatever is below."""
    lab = np.zeros((2, 2, 2, 2, 3))
    lab[0, 0, 0, 0], lab[1, :, :, 0], lab[0, 1, :, 0], lab[0, 0, 1, 0] = (
        (100, 0, 0),
        (60, 20, 40),
        (40, 30, -20),
        (80, -30, 20),
    )
    return lab


@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_inks_with_a_profile_become_what_it_says(format: str) -> None:
    lab = odd_inks()
    plates = {(0, 0, 0, 0): lab[0, 0, 0, 0], (255, 0, 0, 0): lab[1, 0, 0, 0], (0, 255, 0, 0): lab[0, 1, 0, 0]}
    plates |= {(0, 0, 255, 0): lab[0, 0, 1, 0], (0, 0, 0, 255): lab[0, 0, 0, 1]}
    for inks, wanted in plates.items():
        image = Image.new("CMYK", (16, 16), inks)
        options = {"quality": 100} if format == "JPEG" else {}
        picture = read(saved(image, format, icc_profile=cmyk_profile(lab), **options))
        assert picture.profile is None
        assert picture.notes == ("CMYK colours converted to sRGB",)
        assert np.abs(picture.rgb[8, 8] - lab_to_srgb(wanted)).max() <= 3


def test_plain_inks() -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255], [0, 0, 0, 128]]], np.uint8)
    expected = [[255, 255, 255], [0, 255, 255], [255, 0, 0], [0, 0, 0], [127, 127, 127]]
    assert colour.naive_cmyk_to_rgb(inks).tolist() == [expected]


@pytest.mark.parametrize("profile", [b"junk", rgb_profile()[:200], rgb_profile()[:128] + bytes(400)])
def test_a_broken_profile_does_not_lose_the_picture(profile: bytes) -> None:
    picture = read(saved(scene(), "PNG", icc_profile=profile))
    assert (picture.rgb == scene()).all()
    assert picture.profile is None
    assert picture.notes == ("its colour profile is broken and was ignored",)
    with pytest.raises(InputUnreadable, match="broken"):
        to_srgb(scene(), profile)


def test_a_profile_for_other_colours_is_ignored_and_said() -> None:
    picture = read(saved(scene(), "PNG", icc_profile=grey_profile(2.2)))
    assert picture.profile is None
    assert "was ignored" in picture.notes[0]
    content = saved(Image.fromarray(scene()).convert("CMYK"), "TIFF", icc_profile=rgb_profile())
    assert any("was ignored" in note for note in read(content).notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("white", (255, 255, 255)),
        ("RebeccaPurple", (102, 51, 153)),
        ("#abc", (170, 187, 204)),
        (" #0a141e ", (10, 20, 30)),
        ("1, 2,255", (1, 2, 255)),
        ("rgb(1, 2, 255)", (1, 2, 255)),
        ("oklch(62.8% 0.2577 29.23)", (255, 0, 0)),
        ("transparent", None),
    ],
)
def test_colours_as_users_write_them(text: str, expected: tuple[int, int, int] | None) -> None:
    assert parse_colour(text) == expected


@pytest.mark.parametrize(
    "text", ["bleu", "", "#12345", "#12345678", "256,0,0", "1,2", "rgb(1,2)", "oklch(1)", "1,2,-3", "#٣٣٣"]
)
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(UsageError, match="not a colour"):
        parse_colour(text)


def test_png_grey_of_sixteen_bits_without_profile_is_replicated() -> None:
    grey = noise((5, 5))
    assert (read(png(grey, 0, 16)).rgb == grey[..., None]).all()
