"""The exported pixel kernels compute what their torch source does. Needs torch, which no lock installs."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.models.runtime import onnx_runtime

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")


@pytest.mark.parametrize(
    "name",
    [
        "colour_models",
        "colour_models_half",
        "decide",
        "fuse",
        "improve_motion",
        "project",
        "project_plate",
        "robust_models",
        "robust_models_half",
        "search_motion",
        "unmix",
    ],
)
def test_the_graph_matches_its_source(name: str) -> None:
    from mattebox.training.export.pixel_kernels import kernel_graphs

    graph, shapes = kernel_graphs()[name]
    rng = np.random.default_rng(1)
    inputs = {k: rng.random(shape, np.float32) for k, shape in shapes.items()}
    expected = graph(*(torch.from_numpy(v) for v in inputs.values())).numpy()
    np.testing.assert_allclose(onnx_runtime.run_kernel(name, **inputs), expected, rtol=2e-3, atol=2e-3)
