"""The output has the mean and deviation of the style picture, channel by channel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.adain import AdainNetwork, Float32Array
from mattebox.models.cards.registry import STYLE_MODEL, find_card
from mattebox.models.multi_style import MultiStyleNetwork
from tests.fakes import OURS


class Copy:
    """A network that returns its input."""

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="given")]

    def run(self, _: None, inputs: dict[str, Float32Array]) -> list[Float32Array]:
        return [inputs["given"]]


def noise(mean: float, deviation: float, seed: int, size: int) -> Float32Array:
    drawn = np.random.default_rng(seed).normal(mean, deviation, (1, 3, size, size))
    return drawn.astype(np.float32)


def test_output_has_the_statistics_of_the_style() -> None:
    painter = AdainNetwork(find_card("adain"), Copy(), Copy())
    content, model = noise(0.3, 0.02, 0, 64), noise(0.6, 0.05, 1, 40)
    made = painter.run(content, painter.style_statistics(model))
    assert np.allclose(made.mean((2, 3)), model.mean((2, 3)), atol=1e-3)
    assert np.allclose(made.std((2, 3)), model.std((2, 3)), rtol=0.02)
    for before, after in zip(content[0], made[0], strict=True):  # and what it shows stays where it was
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.999


def test_a_pictures_own_statistics_change_nothing() -> None:
    painter = AdainNetwork(find_card("adain"), Copy(), Copy())
    content = noise(0.5, 0.1, 2, 32)
    assert np.abs(painter.run(content, painter.style_statistics(content)) - content.clip(0, 1)).max() < 1e-5


def test_flat_pictures_do_not_divide_by_zero() -> None:
    painter = AdainNetwork(find_card("adain"), Copy(), Copy())
    flat = np.full((1, 3, 32, 32), 0.5, np.float32)
    assert np.allclose(painter.run(flat, painter.style_statistics(noise(0.2, 0.01, 3, 32))).std(), 0, atol=0.01)


@pytest.mark.parametrize(
    ("opener", "model", "problem"),
    [
        (AdainNetwork, STYLE_MODEL, "has styles of its own"),
        (AdainNetwork, OURS, "is for cutout"),
        (MultiStyleNetwork, "adain", "has no styles"),
    ],
)
def test_other_kinds_of_model_are_refused(opener: Any, model: str, problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        opener.open(model)
