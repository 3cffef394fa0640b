"""Cards: data that is checked, weights that are verified."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.card import load_card
from mattebox.models.store import weight_store
from tests.fakes import FAKE


def stored(folder: Path, content: bytes = b"weights", **changes: object) -> Path:
    facts = msgspec.to_builtins(FAKE) | {"weights": "w.onnx", "sha256": hashlib.sha256(content).hexdigest()} | changes
    (folder / "w.onnx").write_bytes(content)
    path = folder / "card.json"
    path.write_text(json.dumps(facts))
    return path


def test_weights_with_the_cards_hash_are_read(tmp_path: Path) -> None:
    assert weight_store.read_weights(load_card(stored(tmp_path))) == b"weights"


def test_other_weights_are_refused(tmp_path: Path) -> None:
    card = load_card(stored(tmp_path))
    (tmp_path / "w.onnx").write_bytes(b"Weights")
    with pytest.raises(ModelError, match=r"not the file its card describes.*restore the original"):
        weight_store.read_weights(card)


def test_missing_weights(tmp_path: Path) -> None:
    card = load_card(stored(tmp_path, weights="other.onnx"))
    with pytest.raises(ModelError, match="put the weights beside the card"):
        weight_store.read_weights(card)


@pytest.mark.parametrize("content", ["{", "{}", '{"name": 3}', "[]"])
def test_a_malformed_card_names_itself(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"bad\.json: not a model card"):
        load_card(path)


def test_unknown_fields_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="licens"):
        load_card(stored(tmp_path, licens="MIT"))


def test_a_variant_changes_its_input_only() -> None:
    card = msgspec.structs.replace(FAKE, variants={"fast": {"side": 64}})
    fast = card.variant("fast")
    assert (fast.name, fast.input.side, fast.input.mean) == ("fake@fast", 64, card.input.mean)
    with pytest.raises(ModelError, match="choose one of: fast"):
        card.variant("slow")
