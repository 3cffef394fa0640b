"""ESRGAN conversion: the weights say which network it is, and its ONNX graph gives its output."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from mattebox.errors import ModelError  # noqa: E402
from mattebox.models.runtime.onnx_runtime import create_session  # noqa: E402
from mattebox.training.convert import esrgan  # noqa: E402
from mattebox.training.convert.esrgan import RRDBNet, SRVGGNetCompact  # noqa: E402

NETWORKS = {
    "four times": lambda: RRDBNet(16, 8, 2, 1),
    "twice": lambda: RRDBNet(16, 8, 2, 2),
    "compact": lambda: SRVGGNetCompact(12, 3, 4),
}
SCALES = {"four times": 4, "twice": 2, "compact": 4}


def saved(state: object) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def as_safetensors(state: dict[str, torch.Tensor]) -> bytes:
    header, data = {}, b""
    for name, value in state.items():
        content = value.numpy().tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("wrapped", ["params_ema", "params", None, "safetensors"])
def test_converted_graph_gives_the_networks_output(kind: str, wrapped: str | None) -> None:
    torch.manual_seed(0)
    net = NETWORKS[kind]().eval()
    state = net.state_dict()
    content = as_safetensors(state) if wrapped == "safetensors" else saved({wrapped: state} if wrapped else state)
    session = create_session(esrgan.convert_to_onnx(content), kind, "cpu")
    x = torch.rand(1, 3, 24, 36)
    (result,) = session.run(None, {"picture": x.numpy()})
    with torch.no_grad():
        expected = net(x).numpy()
    assert result.shape == (1, 3, 24 * SCALES[kind], 36 * SCALES[kind])
    assert np.abs(result - expected).max() < 2e-3


def test_legacy_names_are_known() -> None:
    state = RRDBNet(16, 8, 2, 1).state_dict()

    def first(name: str) -> str:
        parts = name.split(".")
        if name.startswith("body."):
            return f"model.1.sub.{parts[1]}.RDB{parts[2][-1]}.conv{parts[3][-1]}.0.{parts[4]}"
        layers = {"conv_first": "model.0", "conv_body": "model.1.sub.2", "conv_up1": "model.3", "conv_up2": "model.6",
                  "conv_hr": "model.8", "conv_last": "model.10"}  # fmt: skip
        return f"{layers[parts[0]]}.{parts[1]}"

    net = esrgan.network_from_weights({first(name): value for name, value in state.items()})
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in state.items())


class Trap:
    """A malicious pickle that runs code when it is loaded."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return Path.touch, (Path("sprung"),)  # type: ignore[return-value]


@pytest.mark.parametrize("write", [pickle.dumps, saved])
def test_no_pickle_is_run(write: Callable[[object], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="read safely"):
        esrgan.convert_to_onnx(write(Trap()))
    assert not Path("sprung").exists()


@pytest.mark.parametrize("state", [{"a.weight": torch.zeros(3)}, {"body.0.weight": torch.zeros(4, 3, 3, 3)}])
def test_another_familys_weights_are_refused(state: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ModelError, match="not of the ESRGAN family"):
        esrgan.convert_to_onnx(saved(state))


@pytest.mark.parametrize(("file", "convolutions"), [("general-x4v3", 32), ("animevideov3-x4", 16)])
def test_the_published_compact_networks_are_ours(
    file: str, convolutions: int, shared_data: Callable[[str], Path]
) -> None:
    """Weights of their ONNX files in our definition give the output of those files."""
    path = shared_data(f"weights/realesr-{file}.onnx")
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer]
    net = SRVGGNetCompact(64, convolutions, 4).eval()
    filters = [w for w in weights if w.ndim == 4]
    slopes = [w for w in weights if w.size == 64 and w.ndim == 3]
    biases = [w for w in weights if w.ndim == 1 and w.size in (64, 48)]
    if (len(filters), len(slopes), len(biases)) != (convolutions + 2, convolutions + 1, convolutions + 2):
        pytest.skip("its weights are laid out in another way")
    with torch.no_grad():
        convs = [m for m in net.body if isinstance(m, torch.nn.Conv2d)]
        for conv, w, b in zip(convs, filters, biases, strict=True):
            conv.weight.copy_(torch.from_numpy(w.copy()))
            conv.bias.copy_(torch.from_numpy(b.copy()))
        for slope, w in zip((m for m in net.body if isinstance(m, torch.nn.PReLU)), slopes, strict=True):
            slope.weight.copy_(torch.from_numpy(w.reshape(-1).copy()))
        x = torch.rand(1, 3, 32, 40)
        result = net(x).numpy()
    session = create_session(path.read_bytes(), file, "cpu")
    (expected,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.abs(result - expected).max() < 1e-3
