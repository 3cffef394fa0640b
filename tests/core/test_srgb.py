"""The sRGB curve: known values, exact round trips, one arithmetic per float type."""

import numpy as np
import pytest

from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.types import BitDepth


@pytest.mark.parametrize(("value", "light"), [(0, 0), (0.04045, 0.0031308), (0.5, 0.21404), (1, 1), (2, 1), (-1, 0)])
def test_known_values(value: float, light: float) -> None:
    assert float(decode_srgb(np.array(value))) == pytest.approx(light, abs=1e-5)
    assert float(encode_srgb(np.array(light))) == pytest.approx(np.clip(value, 0, 1), abs=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_float_type_is_kept(dtype: type) -> None:
    values = np.linspace(0, 1, 100, dtype=dtype)
    assert decode_srgb(values).dtype == encode_srgb(values).dtype == dtype


@pytest.mark.parametrize("depth", list(BitDepth))
def test_every_pixel_value_survives_the_round_trip(depth: BitDepth) -> None:
    values = np.arange(depth.peak + 1, dtype=depth.dtype)
    np.testing.assert_array_equal(encode_srgb_pixels(decode_srgb_pixels(values), depth), values)
