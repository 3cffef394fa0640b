"""Outputs become alpha as their cards say: of any kind, at the input's size, without padding."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Output
from mattebox.models.postprocess import crop_alpha, enlarge_output, output_to_alpha
from mattebox.types import LetterboxGeometry

CLASSES = ("background", "person", "dog")
PIXEL = np.array([0.2, 0.5, 0.3], np.float32).reshape(1, 3, 1, 1)  # a probability of each class


@pytest.mark.parametrize(
    ("spec", "y", "alpha"),
    [
        (Output("alpha"), PIXEL[:, :1], 0.2),
        (Output("logits"), np.zeros((1, 1, 1, 1), np.float32), 0.5),
        (Output("shares", classes=CLASSES, subject=("person", "dog")), PIXEL, 0.8),
        (Output("classes", classes=CLASSES, subject=("person",)), PIXEL, 1),
        (Output("classes", classes=CLASSES, subject=("dog",)), PIXEL, 0),
    ],
)
def test_each_kind_of_values(spec: Output, y: np.ndarray, alpha: float) -> None:
    np.testing.assert_allclose(output_to_alpha(spec, y), np.full((1, 1, 1, 1), alpha), atol=1e-6)


def test_a_smaller_output_is_enlarged() -> None:
    y = np.full((1, 1, 8, 16), 0.25, np.float32)
    enlarged = enlarge_output(Output(scale=4), y, (32, 64), "m")
    assert enlarged.shape == (1, 1, 32, 64)
    np.testing.assert_allclose(enlarged, 0.25, atol=1e-6)
    with pytest.raises(ModelError, match=r"model m gave \(1, 1, 8, 16\); it must give \(1, 1, 16, 32\)"):
        enlarge_output(Output(scale=2), y, (32, 64), "m")


def test_padding_is_cut_off_and_values_are_clipped() -> None:
    y = np.full((1, 2, 32, 32), 1.5, np.float32)
    alpha = crop_alpha(y, LetterboxGeometry((20, 30), (32, 32), (21, 32)))
    assert alpha.shape == (21, 32)
    assert alpha.max() == 1
