"""Arrays as users have them become the same pixels, and what is no picture is refused with the remedy."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.core.array_conversion import pixels_from_array
from mattebox.errors import UsageError

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    "array",
    [
        RGB,
        np.asfortranarray(RGB),
        np.repeat(RGB, 2, axis=1)[:, ::2],
        RGB[::-1].copy()[::-1],
        RGB[..., ::-1].copy()[..., ::-1],
        np.dstack([RGB, RGB[..., :1]])[..., :3],
        np.frombuffer(RGB.tobytes(), np.uint8).reshape(RGB.shape),  # read-only
    ],
)
def test_strides_and_order_do_not_matter(array: np.ndarray) -> None:
    rgb, alpha = pixels_from_array(array)
    assert alpha is None
    assert rgb.flags.c_contiguous
    assert (rgb == RGB).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floating_point_becomes_sixteen_bits(dtype: type) -> None:
    rgb, _ = pixels_from_array((RGB / 255).astype(dtype))
    assert rgb.dtype == np.uint16
    assert np.abs(rgb.astype(int) - RGB.astype(int) * 257).max() <= (32 if dtype is np.float16 else 0)


def test_other_dtypes() -> None:
    assert (pixels_from_array(RGB > 127)[0] == (RGB > 127) * 255).all()
    deep = RGB.astype(np.uint16) * 257
    for array in (deep, deep.astype(">u2"), deep.astype("<u2")):
        rgb, _ = pixels_from_array(array)
        assert rgb.dtype == np.uint16
        assert rgb.dtype.isnative
        assert (rgb == deep).all()


def test_channels() -> None:
    for grey in (RGB[..., 0], RGB[..., :1]):
        rgb, alpha = pixels_from_array(grey)
        assert alpha is None
        assert (rgb == RGB[..., :1]).all()
    rgb, alpha = pixels_from_array(np.dstack([RGB, RGB[..., 1]]))
    assert (rgb == RGB).all()
    assert (alpha == RGB[..., 1]).all()
    assert alpha is not None
    assert alpha.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (RGB.transpose(2, 0, 1), r"channels first; give height x width x channels: array.transpose"),
        (RGB[None], r"a batch of pictures; give one at a time"),
        (RGB.ravel(), r"array.tobytes"),
        (np.zeros(()), r"height x width x channels"),
        (RGB[..., :2], r"2 channels; .* 3 \(RGB\)"),
        (RGB[:0], "without pixels"),
        (RGB.astype(int), r"int64; give uint8"),
        (RGB.astype(object), r"object; give uint8"),
        (RGB.astype(np.float32), r"from 0 to 255; divide it by 255"),
        (RGB / 100 - 1, r"scale or clip"),
        (np.where(RGB > 250, np.nan, 0.5), r"NaN\); replace"),
        (np.where(RGB > 250, np.inf, 0.5), "infinite"),
        (RGB.tolist(), "not a NumPy array but list; give a NumPy array"),
    ],
)
def test_refused_with_the_remedy(array: object, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        pixels_from_array(array)


def test_a_tensor_is_told_how_to_become_an_array() -> None:
    tensor = type("Tensor", (), {"__module__": "torch", "__array__": lambda self: RGB})()
    with pytest.raises(UsageError, match=r"torch\.Tensor; give tensor\.detach\(\)\.cpu\(\)\.numpy\(\)"):
        pixels_from_array(tensor)


def test_rounding_noise_of_floats_is_clipped() -> None:
    rgb, _ = pixels_from_array(np.array([[-1e-6, 1 + 1e-6]]))
    assert rgb[0, :, 0].tolist() == [0, 65535]
