"""Two networks are mixed weight by weight, at both precisions; different architectures are refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import mattebox as mb
from mattebox.errors import ModelError, UsageError
from mattebox.models.cards.registry import WEIGHTS_FOLDER
from mattebox.models.runtime.onnx_runtime import create_session
from mattebox.models.runtime.weight_interpolation import interpolate_weights
from mattebox.types import Picture
from tests.models.onnx import colour_network

ONE, OTHER = np.diag([1.0, 0.5, 0.25]), np.full((3, 3), 0.3)


def answer(graph: bytes, x: np.ndarray) -> np.ndarray:
    made: np.ndarray = create_session(graph, "mixed", "cpu").run(["output"], {"input": x})[0]
    return made


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_result_is_a_network_of_the_mixed_weights(share: float) -> None:
    one, other = colour_network(ONE, sigmoid=False), colour_network(OTHER, sigmoid=False)
    x = np.random.default_rng(0).random((1, 3, 5, 4), np.float32)
    wanted = np.einsum("oc,nchw->nohw", ONE * (1 - share) + OTHER * share, x)
    np.testing.assert_allclose(answer(interpolate_weights(one, other, share), x), wanted, atol=1e-6)
    assert (
        answer(one, x).tobytes() == answer(interpolate_weights(one, other, 0), x).tobytes()
    )  # what was given stays as it was


def test_weights_in_float16_are_mixed_too() -> None:
    up4, real4 = ((WEIGHTS_FOLDER / f"{name}.onnx").read_bytes() for name in ("up4-1", "real4-2"))
    x = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
    said = [
        create_session(g, "mixed", "cpu").run(None, {"picture": x})[0]
        for g in (up4, interpolate_weights(up4, real4, 0.5), real4)
    ]
    assert np.abs(said[1] - said[0]).max() > 0.01
    assert np.abs(said[1] - said[2]).max() > 0.01
    assert interpolate_weights(up4, real4, 1.0) == real4
    assert interpolate_weights(up4, real4, 0.0) == up4


def test_different_architectures_are_refused() -> None:
    with pytest.raises(ModelError, match="cannot be mixed"):
        interpolate_weights(colour_network(ONE), colour_network(np.ones((1, 3))), 0.5)


def card(folder: Path, name: str, weights: str, **more: str) -> str:
    graph = (WEIGHTS_FOLDER / weights).read_bytes()
    (folder / f"{name}.onnx").write_bytes(graph)
    facts = {
        "name": name, "task": "upscale", "architecture": "x", "summary": "x", "weights": f"{name}.onnx",
        "sha256": hashlib.sha256(graph).hexdigest(), "licence": {"name": "none", "commercial": True},
        "tiles": {"scale": 4, "reach": 15}, **more,
    }  # fmt: skip
    path = folder / f"{name}.json"
    path.write_text(json.dumps(facts))
    return str(path)


def test_end_to_end(tmp_path: Path) -> None:
    twin = card(tmp_path, "keeps", "up4-1.onnx")
    model = card(tmp_path, "takes", "real4-2.onnx", twin=twin)
    picture = Picture(np.random.default_rng(0).integers(90, 160, (20, 24, 3), np.uint8))

    def made(model: str, **more: int) -> np.ndarray:
        return mb.upscale(picture, "4x", upscale_model=model, **more).picture.rgb.astype(int)

    np.testing.assert_array_equal(made(model, upscale_denoise=0), made(twin))
    np.testing.assert_array_equal(made(model, upscale_denoise=100), made(model))
    half = made(model, upscale_denoise=50)
    assert np.abs(half - made(model)).mean() > 0.5
    assert np.abs(half - made(twin)).mean() > 0.5
    with pytest.raises(UsageError, match="model up4-1 has no twin"):
        made("up4-1", upscale_denoise=50)
