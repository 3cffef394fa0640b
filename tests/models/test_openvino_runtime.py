"""OpenVINO in onnxruntime's place: the same answers within what bfloat16 costs, from threads too, and no socket.

Most of it needs the package, which no lock holds; the rest says what happens without it.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mattebox.errors import DeviceError, ModelError
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.models.runtime import devices, onnx_runtime, openvino_runtime
from mattebox.types import Picture

needs_it = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="needs openvino, in no lock")

SILENT = """
import sys
def hook(event, arguments):
    assert not event.startswith("socket."), (event, arguments)
sys.addaudithook(hook)
from mattebox.models.runtime import onnx_runtime
onnx_runtime.create_session(next(onnx_runtime.KERNELS_FOLDER.glob("*.onnx")).read_bytes(), "x", "openvino")
"""


def test_without_it_the_error_has_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_runtime, "is_installed", lambda: False)
    with pytest.raises(DeviceError, match=r"openvino is not available here; pip install 'mattebox\[openvino\]'"):
        devices.select_provider("openvino")


def test_auto_never_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It computes in bfloat16, which must be requested."""
    monkeypatch.setattr(openvino_runtime, "is_installed", lambda: True)
    assert devices.device_name(devices.select_provider("auto")[0]) == "cpu"
    assert devices.select_provider("openvino") == ("OpenVINO", {})
    assert devices.device_name("OpenVINO") == "openvino"


@needs_it
def test_the_embedded_network_finds_the_same_subject(astronaut: Picture) -> None:
    one, other = (Session.open("balanced", d, 2) for d in ("cpu", "openvino"))
    assert other.device == "openvino"
    alphas = [s.predict_alpha(astronaut) for s in (one, other)]
    assert np.abs(alphas[0] - alphas[1]).mean() < 0.02  # bfloat16; and int8 is rounded otherwise on some processors
    assert ((alphas[0] > 0.5) != (alphas[1] > 0.5)).mean() < 0.015
    assert segment(astronaut, other).confidence == pytest.approx(segment(astronaut, one).confidence, abs=0.05)


@needs_it
def test_threads_may_share_it(astronaut: Picture, chelsea: Picture) -> None:
    session = Session.open("fast", "openvino", 1)
    pictures = [astronaut, chelsea] * 4
    inputs = [session.preprocess(p)[0] for p in pictures]
    wanted = [session.run(x) for x in inputs[:2]]
    with ThreadPoolExecutor(4) as pool:
        for i, y in enumerate(pool.map(session.run, inputs)):
            assert np.abs(y - wanted[i % 2]).max() < 0.01


@needs_it
def test_it_opens_no_socket() -> None:
    done = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr


@needs_it
def test_a_broken_graph_is_an_error() -> None:
    with pytest.raises(ModelError, match="cannot be loaded by OpenVINO"):
        onnx_runtime.create_session(b"no graph", "model x", "openvino")
