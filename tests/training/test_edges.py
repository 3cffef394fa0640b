"""Training of the edge network: synthetic mattes, scenes, runs, and the exported graph."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from mattebox.models.matte_refiner import MatteRefiner  # noqa: E402
from mattebox.training.export import edges  # noqa: E402
from mattebox.training.networks.edge_candidates import mix_candidates  # noqa: E402
from mattebox.training.networks.edge_features import FEATURE_COUNT, PYRAMID_PLANES, flatten_pyramid  # noqa: E402
from mattebox.training.networks.edge_network import EdgeNet, TileRefiner  # noqa: E402
from mattebox.training.tasks.edges import scenes, train, train_shapes  # noqa: E402
from mattebox.training.tasks.edges.synthetic_mattes import draw_matte  # noqa: E402


def photographs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (220, 260, 3), np.uint8) for _ in range(2)]


def a_run(rng: np.random.Generator, folder: Path, count: int) -> None:
    """Trained for a moment on so many drawn scenes."""
    for split in ("train", "val"):
        made = [scenes.build_sample(rng, scenes.draw_scene(rng, photographs())) for _ in range(count)]
        np.save(folder / f"{split}-0-000.npy", np.stack(made))
    train.train_edges(train.EdgeSettings(steps=20, width=8, pixels=50, batch=64), folder, folder / "run")


@pytest.mark.parametrize("step", [1, 8])
def test_mattes_have_an_edge_near_the_middle(step: int) -> None:
    rng = np.random.default_rng(step)
    for _ in range(2):
        alpha = draw_matte(rng, 240, step)
        assert alpha.shape == (240, 240)
        assert 0 <= alpha.min() <= alpha.max() <= 1
        assert alpha[40:200, 40:200].std() > 0.05


def test_a_scene_is_its_composite_and_a_sample_holds_the_truth() -> None:
    rng = np.random.default_rng(3)
    scene = scenes.draw_scene(rng, photographs())
    assert scene.rgb.shape == (*scene.alpha.shape, 3)
    assert scene.coarse_alpha.shape == tuple(s // scene.step for s in scene.alpha.shape)
    sample = scenes.build_sample(rng, scene)
    assert sample.shape == (FEATURE_COUNT + 1, scenes.SAMPLE_SIDE_PIXELS, scenes.SAMPLE_SIDE_PIXELS)
    assert (
        np.abs(sample[3].astype(int) - sample[FEATURE_COUNT]).mean() < 60
    )  # the spoiled matte is still about this one


def test_pixels_by_themselves_and_pictures_agree_and_without_evidence_nothing_changes() -> None:
    x = torch.rand(2, FEATURE_COUNT, 16, 24)
    net = EdgeNet(4)
    by_themselves = (
        net.predict_pixel_weights(flatten_pyramid(x).permute(0, 2, 3, 1).reshape(-1, PYRAMID_PLANES))
        .reshape(2, 16, 24, -1)
        .permute(0, 3, 1, 2)
    )
    assert torch.allclose(net.predict_weights(x), by_themselves, atol=1e-5)
    x[:, 11] = 0
    made = mix_candidates(net.predict_weights(x), x)
    assert torch.allclose(made, ((x[:, 3:4] - 0.1) / 0.8).clamp(0, 1))


def test_a_run_and_its_graph(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a_run(rng, tmp_path, 3)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in log if "learned" in row] == list(range(2, 21, 2))

    card = edges.export_edges(tmp_path / "run" / "best.pt", "edges-x", tmp_path)
    tile, prior = rng.random((60, 90, 3), np.float32), rng.random((60, 90), np.float32)
    patch = rng.random((1, 27, 14, 20), np.float32)
    common = rng.random((60, 90), np.float32)
    given = (torch.from_numpy(v) for v in (tile, prior, patch, common))
    source = (
        TileRefiner(edges.load_edge_network(tmp_path / "run" / "best.pt"))(
            *given, torch.tensor(2), torch.tensor([6, 9])
        )
        .detach()
        .numpy()
    )
    np.testing.assert_allclose(
        MatteRefiner.open(str(card)).run(tile, prior, patch, common, 2, (6, 9)), source, atol=2e-2
    )


def test_shapes_have_no_effect_at_first_and_learn_and_go_on(tmp_path: Path) -> None:
    a_run(np.random.default_rng(0), tmp_path, 2)
    recipe, first = train_shapes.EdgeShapeSettings(minutes=0.02, shapes=(4, 4, 4), batch=1), tmp_path / "run/best.pt"
    x = torch.rand(1, FEATURE_COUNT, 16, 24)
    assert torch.equal(
        train_shapes.add_shape_network(recipe, first).eval().predict_weights(x),
        edges.load_edge_network(first).predict_weights(x),
    )
    train_shapes.train_edge_shapes(recipe, tmp_path, tmp_path / "out", first)
    step = torch.load(tmp_path / "out/last.pt", weights_only=True)["step"]
    assert step > 0
    train_shapes.train_edge_shapes(recipe, tmp_path, tmp_path / "out", first)  # the minutes are spent
    assert torch.load(tmp_path / "out/last.pt", weights_only=True)["step"] == step
    net = edges.load_edge_network(tmp_path / "out/best.pt")
    edges.write_onnx(net, tmp_path / "shapes.onnx")
    assert (tmp_path / "shapes.onnx").stat().st_size > 0
