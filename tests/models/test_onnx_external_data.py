"""External data is found wherever a graph can hide it, and refused unless the card names it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import Session
from mattebox.models.runtime.onnx_external_data import list_external_files
from mattebox.models.store import weight_store
from mattebox.types import Picture
from tests.fakes import FAKE
from tests.models.onnx import colour_network, entry, external, message, model, node, value

SECRET = external("weights", (1, 3, 1, 1), "../../secret")
INSIDE = external("weights", (1, 3, 1, 1), "w.data")


def conv(tensor: bytes) -> bytes:
    nodes = [node("Conv", ["input", "weights"], ["output"])]
    return model(nodes, [value("input", 4)], [value("output", 4)], [tensor])


def stored(folder: Path, content: bytes, **changes: object) -> Card:
    (folder / "w.onnx").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return msgspec.structs.replace(FAKE, weights="w.onnx", sha256=sha256, folder=str(folder), **changes)


@pytest.mark.parametrize(
    "content",
    [
        conv(SECRET),
        message((7, message((15, message((1, SECRET)))))),  # a sparse initialiser
        message((7, message((1, node("Constant", [], ["c"], message((1, "value"), (5, SECRET))))))),
        message((7, message((1, node("If", [], ["c"], message((6, message((5, SECRET))))))))),  # a branch
        message((7, message((1, node("Constant", [], ["c"], message((10, SECRET))))))),
        message((7, message((1, node("Loop", [], ["c"], message((11, message((5, SECRET))))))))),
        message((25, message((7, node("Constant", [], ["c"], message((5, SECRET))))))),  # a function
        message((20, message((1, message((5, SECRET)))))),  # training
        message((7, message((5, message((13, message((2, "../../secret"), (1, "location")))))))),  # in another order
    ],
)
def test_external_data_is_found_everywhere(content: bytes) -> None:
    assert list_external_files(content) == {"../../secret"}


def test_a_network_without_external_data() -> None:
    assert list_external_files(colour_network(np.ones((1, 3)))) == set()
    assert list_external_files(message((2, "location, location"))) == set()


def test_a_doubled_key_hides_nothing() -> None:
    twice = message((13, message((1, "offset"), (1, "location"), (2, "a"), (2, "../../secret"))))
    assert list_external_files(message((7, message((5, twice))))) == {"../../secret"}


def test_garbage_is_refused() -> None:
    for garbage in (b"location" + b"\xff" * 40, message((7, b"\x0a\x7flocation"))):
        with pytest.raises(ModelError, match="valid ONNX file"):
            list_external_files(garbage)


def test_data_outside_the_models_folder_is_never_read(tmp_path: Path) -> None:
    for place in ("../secret", "/etc/hostname", "w.data", "sub/w.data"):
        card = stored(tmp_path, conv(external("weights", (1, 3, 1, 1), place)))
        with pytest.raises(ModelError, match=f"refers to '{place}', which its card does not name"):
            Session.open(card)


def test_a_card_can_name_files_beside_it_only() -> None:
    facts = msgspec.to_builtins(FAKE)
    for name in ("../w.data", "/w.data", "a/w.data", "..", "a\\w.data", ""):
        with pytest.raises(msgspec.ValidationError, match="without folders"):
            msgspec.convert(facts | {"parts": {name: "0" * 64}}, Card)


def test_named_parts_are_verified_and_used(tmp_path: Path) -> None:
    data = np.array([1, 0, 0], np.float32).tobytes()
    (tmp_path / "w.data").write_bytes(data)
    card = stored(tmp_path, conv(INSIDE), parts={"w.data": hashlib.sha256(data).hexdigest()})
    session = Session.open(card, "cpu")
    x, geometry = session.preprocess(Picture(np.full((8, 8, 3), (51, 0, 255), np.uint8)))
    np.testing.assert_allclose(session.postprocess(session.run(x), geometry), 0.2, atol=1e-6)
    (tmp_path / "w.data").write_bytes(data[::-1])
    with pytest.raises(ModelError, match=r"w\.data is not the file its card describes"):
        weight_store.read_weights(card)


def test_entries_of_external_data_are_read() -> None:
    assert list_external_files(message((7, message((5, message((13, entry("location", "x")))))))) == {"x"}
