"""int8 of the embedded network: smaller, with nearly the same output. Needs onnx, which no lock installs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mattebox as mb
from mattebox.errors import ModelError
from mattebox.models.cards.card import load_card
from mattebox.models.matte_session import Session
from tests.fakes import FLOAT, OURS
from tests.training.test_cutout_evaluation import material

onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")


@pytest.fixture(scope="module")
def int8_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Path, Path]:
    """A session of the network in float, the pictures for calibration, and the graph in int8."""
    from mattebox.training.export.quantisation import quantise_card

    folder = tmp_path_factory.mktemp("quantised")
    session, data, out = Session.open(f"{FLOAT}@fast", "cpu"), material(folder / "mine", 20), folder / "small.onnx"
    quantise_card(session, data, out, 6)
    return session, data, out


def test_int8_is_smaller_and_near(int8_network: tuple[Session, Path, Path]) -> None:
    from mattebox.training.export.quantisation import measure_quantisation

    session, data, out = int8_network
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in onnx.load(out).graph.node}
    measured = measure_quantisation(session, data, out)
    assert measured["bytes"][1] < 0.6 * measured["bytes"][0]
    assert abs(measured["cost"]["mae"]) < 0.05
    assert measured["cost"]["mae"] == pytest.approx(measured["int8"]["mae"] - measured["float"]["mae"], abs=2e-4)


def test_int8_is_not_quantised_again(tmp_path: Path) -> None:
    from mattebox.training.export.quantisation import quantise_card

    with pytest.raises(ModelError, match="is int8 already") as caught:
        quantise_card(Session.open(OURS, "cpu"), tmp_path, tmp_path / "small.onnx", 6)
    assert caught.value.remedy == f"take the one in float: {FLOAT}"


def test_the_int8_card_is_usable(int8_network: tuple[Session, Path, Path]) -> None:
    """The card beside the graph has the provenance of the one in float; all weights have 7 bits."""
    from mattebox.training.export.quantisation import write_int8_card

    session, data, out = int8_network
    card = load_card(write_int8_card(session.card, data, out))
    assert (card.name, card.input.side, card.licence) == ("small", session.card.input.side, session.card.licence)
    assert [f.what for f in card.figures] == [f.what for f in session.card.figures]
    assert f"int8 of {FLOAT}@fast" in card.notes
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(out).graph.initializer if t.data_type == 3]
    assert max(int(np.abs(w.astype(int)).max()) for w in weights if w.size > 1) <= 64
    result = mb.cut(data / "images/p0.png", model=str(out.with_suffix(".json")), empty="keep")
    assert result.model == "small"
