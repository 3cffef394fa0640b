"""The embedded cards are whole, names resolve, and other packages can add cards without breaking ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint

import msgspec
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards import registry
from mattebox.models.store import weight_store
from tests.fakes import FAKE


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], None]]:
    """Install a function as another package's entry point."""

    class Hook(EntryPoint):
        def load(self) -> object:
            return self.value

    def install(offer: object) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: [Hook("other", offer, group)])  # type: ignore[arg-type]
        registry._packaged_cards.cache_clear()

    yield install
    registry._packaged_cards.cache_clear()


def test_embedded_weights_are_what_their_cards_say() -> None:
    embedded = [card for card in registry.all_cards().values() if not card.url]
    assert embedded
    for card in embedded:
        assert weight_store.read_weights(card)
        assert card.licence.commercial
        assert all(f.command for f in card.figures)
        assert card.failures or card.task != "cutout"


@pytest.mark.parametrize("name", registry.MODEL_PRESETS)
def test_presets_resolve(name: str) -> None:
    assert registry.find_card(name).task == "cutout"


def test_presets_grow() -> None:
    seen = [registry.find_card(name).input for name in ("fast", "balanced", "best")]
    work = [spec.looks * spec.side**2 for spec in seen]
    assert work == sorted(set(work))


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(ModelError, match="did you mean balanced"):
        registry.find_card("ballanced")
    with pytest.raises(ModelError, match="choose fast, balanced, best or another"):
        registry.find_card("xyz")


def test_another_package_adds_a_card(hook: Callable[[object], None]) -> None:
    hook(lambda: [FAKE])
    assert registry.find_card("fake") is FAKE


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        (lambda: [msgspec.structs.replace(FAKE, name="balanced")], "second card named 'balanced'"),
        (lambda: [FAKE, FAKE], "second card named 'fake'"),
        (lambda: ["fake"], "offers a str as a card"),
        (lambda: 1 / 0, "division by zero; repair or uninstall"),
    ],
)
def test_a_bad_hook_is_named(hook: Callable[[object], None], offer: object, message: str) -> None:
    hook(offer)
    with pytest.raises(ModelError, match=message):
        registry.all_cards()


def test_an_unknown_model_for_a_task_is_answered_with_those_for_it() -> None:
    with pytest.raises(ModelError, match=r"choose .*detect-1.* or another") as raised:
        registry.find_card_for_task("detect", "nonsense")
    assert "balanced" not in raised.value.remedy


def test_a_detector_is_named_with_its_verifier() -> None:
    verification = registry.find_card("detect-1").detection.verification
    assert verification is not None
    assert registry.detector_names("detect-1") == ("detect-1", verification.model)
    assert registry.detector_names("yunet") == ("yunet",)
