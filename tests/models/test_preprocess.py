"""A picture becomes what each family's network expects: size, padding, order of channels and axes, values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mattebox.models.cards import registry
from mattebox.models.cards.tensor_spec import Input
from mattebox.models.preprocess import input_geometry, prepare_input
from mattebox.types import Picture


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_sams_longer_side(height: int, width: int) -> None:
    place = input_geometry(Input(side=1024, fit="pad"), (height, width))
    assert place.input_shape == (1024, 1024)
    assert max(place.content_shape) == 1024
    assert abs(min(place.content_shape) - max(1, min(height, width) * 1024 / max(height, width))) <= 0.5


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_mask_rcnns_input_is_within_its_limits(height: int, width: int) -> None:
    """The shorter side is 800 where the longer one allows it."""
    place = input_geometry(registry.find_card("maskrcnn").input, (height, width))
    assert place.content_shape[0] <= 960
    assert place.content_shape[1] <= 1280
    assert all(w % 32 == 0 and 0 <= w - i < 32 for w, i in zip(place.input_shape, place.content_shape, strict=True))
    assert min(place.content_shape) == 800 or place.content_shape[0] == 960 or place.content_shape[1] == 1280


def test_mask_rcnns_input_by_hand() -> None:
    """BGR less the means, axes CHW, black of the mean's value nowhere: padding is 0."""
    x, place = prepare_input(
        registry.find_card("maskrcnn").input, Picture(np.full((90, 120, 3), (200, 100, 50), np.uint8))
    )
    assert x.shape == (3, 800, 1088)
    assert place.content_shape == (800, 1067)
    np.testing.assert_allclose(x[:, 400, 500], (50 - 102.9801, 100 - 115.9465, 200 - 122.7717), atol=1e-4)
    assert not x[:, :, 1067:].any()


def test_sams_input_is_that_of_its_authors(chelsea: Picture) -> None:
    """Their resizing is bilinear with antialiasing; ours averages and filters: within 2 of 255 on average."""
    x, place = prepare_input(registry.find_card("sam").input, chelsea)
    height, width = place.content_shape
    small = np.array(Image.fromarray(chelsea.rgb).resize((width, height), Image.Resampling.BILINEAR), np.float32)
    wanted = (small - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)
    assert x.shape == (1, 3, 1024, 1024)
    assert np.abs(x[0, :, :height, :width].transpose(1, 2, 0) - wanted).mean() < 2 / 57
    assert not x[0, :, height:].any()


def test_mobile_sams_input_is_bytes_in_hwc() -> None:
    x, place = prepare_input(
        registry.find_card("mobile-sam").input, Picture(np.full((50, 100, 3), (200, 100, 50), np.uint8))
    )
    assert x.shape == (1024, 1024, 3)
    assert place.content_shape == (512, 1024)
    assert x[100, 100].tolist() == [200, 100, 50]
    assert not x[512:].any()


@pytest.mark.parametrize("name", ["sam2-tiny", "segformer-ade", "inspyrenet"])
def test_other_models_squash_and_normalise(name: str) -> None:
    spec = registry.find_card(name).input
    x, place = prepare_input(spec, Picture(np.full((50, 100, 3), (255, 0, 51), np.uint8)))
    assert place.content_shape == place.input_shape == (spec.side, spec.side)
    np.testing.assert_allclose(x[0, :, 9, 9], (2.2489083, -2.0357141, -0.9155556), atol=1e-5)
