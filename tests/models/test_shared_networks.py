"""Equal arguments share one open network, and a forbidden model stays forbidden while it is open."""

from __future__ import annotations

import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.registry import all_cards
from mattebox.models.shared_networks import share_networks


class FakeNetwork:
    pass


def test_arguments_decide_however_they_are_given() -> None:
    @share_networks(2)
    def open_network(model: str = "fast", device: str = "auto") -> FakeNetwork:
        return FakeNetwork()

    network = open_network()
    assert open_network("fast", device="auto") is network
    assert open_network(device="auto", model="fast") is network
    assert open_network("fast", "cpu") is not network
    open_network.clear()
    assert open_network() is not network


def test_it_is_documented_as_the_function_it_wraps() -> None:
    @share_networks()
    def open_network(model: str) -> FakeNetwork:
        """Open it."""
        return FakeNetwork()

    assert (open_network.__name__, open_network.__doc__) == ("open_network", "Open it.")  # type: ignore[attr-defined]


def test_the_licence_is_checked_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    @share_networks()
    def open_network(model: str) -> FakeNetwork:
        return FakeNetwork()

    model = next(card.name for card in all_cards().values() if not card.licence.commercial)
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "0")
    open_network(model)
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "1")
    with pytest.raises(ModelError, match="may not be used commercially"):
        open_network(model)
