"""Reading of weights: only what hashes to its card is loaded, and the first verification is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.registry import find_card
from mattebox.models.store import weight_files, weight_store
from mattebox.models.store.pull import pull_weights
from tests.models.weight_server import CONTENT, SHA256, WeightServer


def test_a_flipped_byte_on_the_disk_is_never_loaded_and_is_pulled_again(server: WeightServer) -> None:
    path = pull_weights(server.card())
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(ModelError, match="mattebox models pull sold` in a terminal; nothing was loaded"):
        weight_store.read_weights(server.card())
    with pytest.raises(ModelError, match="not the file its card describes"):
        weight_store.verify_weights(server.card())
    assert pull_weights(server.card()).read_bytes() == CONTENT
    assert weight_store.read_weights(server.card()) == CONTENT


def test_missing_weights_name_the_pull(server: WeightServer) -> None:
    with pytest.raises(ModelError) as refused:
        weight_store.read_weights(server.card(name="birefnet-general@small"))
    assert str(refused.value) == (
        "model birefnet-general is not installed; run `mattebox models pull birefnet-general` in a terminal"
    )


def test_a_file_copied_by_hand_is_verified_and_recorded(server: WeightServer) -> None:
    path = weight_files.weights_path(server.card())
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert weight_store.verify_weights(server.card())["sha256"] == SHA256
    assert not weight_files.record_path(path).exists()
    assert weight_store.verify_and_record(server.card())["sha256"] == SHA256
    assert json.loads(weight_files.record_path(path).read_bytes())["sha256"] == SHA256


def test_the_recorded_sha256_is_verified(server: WeightServer) -> None:
    path = pull_weights(server.card())
    facts = json.loads(weight_files.record_path(path).read_bytes())
    weight_files.record_path(path).write_text(json.dumps(facts | {"sha256": "0" * 64}))
    with pytest.raises(ModelError, match="sha256"):
        weight_store.read_weights(server.card())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sha256": "00"}'])
def test_a_broken_record_is_ignored(server: WeightServer, content: str) -> None:
    path = pull_weights(server.card())
    weight_files.record_path(path).write_text(content)
    assert weight_store.read_weights(server.card()) == CONTENT


def test_required_weights_that_are_missing(server: WeightServer, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="model sold is not installed; run `mattebox models pull sold"):
        weight_store.require_installed(server.card())
    with pytest.raises(ModelError, match=r"sold\.onnx is missing; put the weights beside the card"):
        weight_store.require_installed(server.card(url="", folder=str(tmp_path)))
    pull_weights(server.card())
    weight_store.require_installed(server.card())


def test_all_models_that_are_missing_are_named_at_once(home: Path) -> None:
    cards = [find_card(name) for name in ("yunet", "fast", "gfpgan")]
    with pytest.raises(ModelError) as refused:
        weight_store.require_all_installed(cards)
    assert str(refused.value) == (
        "the models yunet and gfpgan are not installed; run `mattebox models pull yunet gfpgan` in a terminal"
    )
    weight_store.require_all_installed([find_card("fast")])
