"""The embedded network on the validation split: what its card says is what it does. Needs the shared material."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox.models.cards.registry import find_card
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.predictors import card_predictor


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_the_cards_figures_are_true(name: str, shared_data: Callable[[str], Path]) -> None:
    scores = evaluate_predictor(card_predictor(name), shared_data("data/cutout"))
    assert scores["pictures"] == 244
    assert scores["iou"] >= 0.80
    assert scores["max_f"] >= 0.89
    claimed = {f.what: f.value for f in find_card(name).figures}
    for what, key in (("validation IoU", "iou"), ("validation max-F", "max_f"), ("validation MAE", "mae")):
        assert scores[key] == pytest.approx(claimed[what], abs=0.002)
