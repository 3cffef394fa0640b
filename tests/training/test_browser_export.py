"""Networks for the browser: int8 graphs become float graphs that answer nearly the same; one network at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is in no lock: pip install onnx")

from mattebox.errors import ModelError  # noqa: E402
from mattebox.models.cards.registry import find_card  # noqa: E402
from mattebox.models.matte_session import Session  # noqa: E402
from mattebox.training.export.browser import export_for_browser  # noqa: E402
from mattebox.types import Picture  # noqa: E402


def test_an_int8_network_in_float(tmp_path: Path, astronaut: Picture) -> None:
    (tmp_path / "former.json").write_text("{}")
    (tmp_path / "former.onnx").write_bytes(b"")
    path = export_for_browser(find_card("fast-4"), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fast-4-half.json", "fast-4-half.onnx"]
    model = onnx.load(path.with_suffix(".onnx"))
    assert not {"QuantizeLinear", "DequantizeLinear"} & {node.op_type for node in model.graph.node}
    types = {t.data_type for t in model.graph.initializer if np.prod(t.dims) >= 64}
    assert onnx.TensorProto.FLOAT16 in types
    assert onnx.TensorProto.FLOAT not in types
    alpha, exact = (Session.open(card, "cpu").predict_alpha(astronaut) for card in (str(path), "fast-4"))
    assert np.abs(alpha - exact).mean() < 0.02  # int8 rounds its activations
    assert find_card(str(path)).calibration == find_card("fast-4").calibration


def test_other_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot run in the page"):
        export_for_browser(find_card("up2-1"), tmp_path)
    assert not list(tmp_path.iterdir())
