"""Every card states licence, source, data and hash of its weights."""

from __future__ import annotations

import msgspec
import pytest

from mattebox.errors import ModelError, UsageError
from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import Session, open_session
from mattebox.models.store import settings

CARDS = registry.all_cards()
PULLED = {name: card for name, card in CARDS.items() if card.url}


def faults(card: Card) -> list[str]:
    """Faults of a card."""
    spec, lacks = card.input, []
    if not (
        card.summary
        and card.architecture
        and card.name
        and card.weights.endswith(".pth" if card.converter else ".onnx")
    ):
        lacks.append("documentation")
    if not card.licence.name:
        lacks.append("licence")
    if not (len(card.sha256) == 64 or len(card.md5) == 32):
        lacks.append("hash")
    if card.tiles is None and not (spec.side >= 64 or (spec.height >= 64 and spec.width >= 64)):
        lacks.append("geometry")
    files = [card, *([card.decoder] if card.decoder else [])]
    if card.url and not (card.source.startswith("https://") and all(f.url.startswith("https://") for f in files)):
        lacks.append("address")
    if card.url and not all(f.bytes > 0 for f in files) and "size" not in card.notes and not card.sha256:
        lacks.append("size")
    if card.url and not card.licence.url.startswith("https://"):
        lacks.append("licence's address")
    if not all(f.command or f.source for f in card.figures):
        lacks.append("source of a figure")
    return lacks


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_complete(name: str) -> None:
    assert faults(CARDS[name]) == []
    for variant in CARDS[name].variants:
        assert faults(CARDS[name].variant(variant)) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"summary": ""}, "documentation"),
        ({"licence": {"name": "", "url": "https://x", "commercial": True}}, "licence"),
        ({"licence": {"name": "MIT", "commercial": True}}, "licence's address"),
        ({"bytes": 0, "sha256": ""}, "size"),
        ({"url": "http://example.org/u2net.onnx"}, "address"),
        ({"input": {"side": 3}}, "geometry"),
    ],
)
def test_faults_are_detected(changes: dict[str, object], fault: str) -> None:
    facts = msgspec.to_builtins(CARDS["u2net"]) | changes
    assert faults(msgspec.convert(facts, Card)) == [fault]


def test_no_two_pulls_share_a_file_or_hash() -> None:
    files = [file for card in PULLED.values() for file in (card, card.decoder) if file]
    for field in ("weights", "sha256", "url"):
        values = [getattr(file, field) for file in files]
        assert len(set(values)) == len(values), field


@pytest.mark.parametrize("name", PULLED)
def test_a_pulled_file_is_named_after_its_card(name: str) -> None:
    suffix = "pth" if PULLED[name].converter else "onnx"
    assert PULLED[name].weights == f"{name}.{suffix}"
    assert (registry.CARDS_FOLDER / f"{name}.toml").is_file()
    if (decoder := PULLED[name].decoder) is not None:
        assert decoder.weights == f"{name}.decoder.{suffix}"
        assert len(decoder.sha256) == 64


def test_a_card_without_any_hash_is_no_card() -> None:
    facts = msgspec.to_builtins(CARDS["u2net"])
    for hashes in ({"md5": "", "sha256": ""}, {"md5": "ab", "sha256": ""}, {"sha256": "xyz"}):
        with pytest.raises(msgspec.ValidationError, match="give the sha256"):
            msgspec.convert(facts | hashes, Card)


def test_only_non_commercial_weights_are_gated() -> None:
    gated = {"rmbg-1.4", "rmbg-2.0", "segformer-clothes", "segformer-ade", "codeformer"}
    assert {n for n, c in CARDS.items() if c.licence.must_be_accepted} == gated


def test_commercial_refuses_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.COMMERCIAL_VARIABLE, "1")
    for use in (registry.find_card, Session.open, open_session, lambda name: Session.open(CARDS[name])):
        with pytest.raises(ModelError, match=r"model rmbg-2\.0 may not be used commercially \(CC-BY-NC-4\.0\); choose"):
            use("rmbg-2.0")
    assert registry.find_card("u2net").licence.commercial
    monkeypatch.setenv(settings.COMMERCIAL_VARIABLE, "sure")
    with pytest.raises(UsageError, match="MATTEBOX_COMMERCIAL=sure; set it to 1 or 0"):
        registry.find_card("u2net")


@pytest.mark.parametrize("name", registry.template_cards())
def test_templates_have_no_weights(name: str) -> None:
    shape = registry.template_cards()[name]
    assert shape.is_template
    assert shape.source.startswith("https://")
    assert shape.output.has_classes or shape.task == "depth"
    assert shape.input.side >= 64
    assert len(set(shape.output.classes)) == len(shape.output.classes)
    assert name not in registry.all_cards()
    with pytest.raises(ModelError, match="is a template without weights"):
        Session.open(shape)


def test_classes_are_distinct_and_as_many_as_published() -> None:
    many = {"maskrcnn": 81, "segformer-ade": 150, "segformer-clothes": 18}
    assert {name: len(registry.find_card(name).output.classes) for name in many} == many
    many = {"maskrcnn-torchvision": 91, "mask2former-panoptic": 133, "mask2former-coco": 80, "deeplabv3-voc": 21}
    assert {name: len(registry.find_template_or_card(name).output.classes) for name in many} == many
    for card in CARDS.values():
        assert len(set(card.output.classes)) == len(card.output.classes)
        assert not [c for c in card.output.classes if "+" in c or "," in c]  # what a pick is parted by
