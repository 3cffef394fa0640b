"""Cutout networks: a training step of each, published weights, pruning, other formats. Needs torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from mattebox.errors import UsageError
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.types import Picture
from tests.training.test_cutout_evaluation import material
from tests.training.test_train import TINY

LITE = {"stages": 6, "last": 1, "narrow": 16, "heads": [2], "decoder": [16, 8, 8, 4]}

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")

ROOT = Path(__file__).resolve().parents[2]
U2NETP = ROOT.parent / "shared/weights/u2netp.onnx"
SMALL = {"unet": {"width": 4}, "litenet": LITE, "deeplab-mobilenet": {"width": 16}, "deeplab-resnet18": {"width": 16}}


@pytest.mark.parametrize("name", ["cutnet", "litenet", "unet", "deeplab-mobilenet", "deeplab-resnet18", "u2netp"])
def test_every_network_learns(name: str) -> None:
    from mattebox.training.data.batch_sampler import TrainingBatch
    from mattebox.training.networks.registry import build_network
    from mattebox.training.tasks.cutout.losses import cutout_loss

    torch.manual_seed(0)
    net = build_network(name, SMALL.get(name, {})).train()
    batch = TrainingBatch(torch.rand(2, 3, 64, 96), torch.zeros(2, 1, 64, 96), torch.ones(2, 1, 64, 96), torch.ones(2))
    batch.alpha[..., 16:48, 32:64] = 1
    logits, sides = net(batch.rgb)
    assert logits.shape == (2, 1, 64, 96)
    assert sides
    before = cutout_loss(logits, sides, batch)
    before.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    with torch.no_grad():
        for p in net.parameters():
            p -= 1e-3 * p.grad
    assert cutout_loss(*net(batch.rgb), batch) < before
    assert net.eval()(batch.rgb[:1]).shape == (1, 1, 64, 96)


def test_unknown_names_and_shapes() -> None:
    from mattebox.training.networks.registry import build_network, trainable_network_name

    with pytest.raises(UsageError, match="no network 'resnet'.*cutnet"):
        build_network("resnet", {})
    with pytest.raises(UsageError, match="shape does not fit unet"):
        build_network("unet", {"depth": 3})
    assert trainable_network_name(find_card("u2net")) == "u2net"
    with pytest.raises(UsageError, match="modnet .* cannot be trained here"):
        trainable_network_name(find_card("modnet"))


@pytest.mark.skipif(not U2NETP.exists(), reason="the published weights are not at hand")
def test_published_weights_are_loaded(tmp_path: Path) -> None:
    import onnxruntime

    from mattebox.training.convert.onnx_to_torch import load_onnx_weights
    from mattebox.training.networks.u2net import U2Net

    card = tmp_path / "u2netp.toml"
    card.write_text((ROOT / "benchmarks/u2netp.toml").read_text())
    (tmp_path / "u2netp.onnx").symlink_to(U2NETP)
    torch.manual_seed(0)
    net = U2Net()
    load_onnx_weights(find_card(str(card)), net, torch.randn(2, 3, 64, 96))
    x = torch.randn(1, 3, 320, 320)
    published = onnxruntime.InferenceSession(str(U2NETP), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        ours = torch.sigmoid(net.eval()(x)).numpy()
    assert np.abs(ours - published.run(None, {"input": x.numpy()})[0]).max() < 1e-4


def test_int8_weights_are_dequantised() -> None:
    """The smallest network's graph holds its shape; loaded in float it gives nearly the card's output."""
    from mattebox.training.convert.onnx_to_torch import load_onnx_weights, read_network_shape
    from mattebox.training.networks.registry import build_network, trainable_network_name

    session = Session.open("fast", "cpu")
    torch.manual_seed(0)
    net = build_network(trainable_network_name(session.card), read_network_shape(session.card))
    x, _ = session.preprocess(Picture(skimage.data.astronaut()))
    load_onnx_weights(session.card, net, torch.from_numpy(x))
    with torch.no_grad():
        ours = torch.sigmoid(net.eval()(torch.from_numpy(x))).numpy()
    difference = np.abs(ours[:, 0] - session.run(x)[:, 0])
    assert difference.mean() < 0.02  # activations are not rounded here
    assert ((ours[:, 0] > 0.5) == (session.run(x)[:, 0] > 0.5)).mean() > 0.98
    assert read_network_shape(find_card("pair-4")) == {}  # an ensemble states none


@pytest.mark.parametrize(("name", "shape"), [("cutnet", TINY), ("litenet", LITE)])
def test_the_least_important_channels_are_pruned(
    name: str, shape: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import tomllib

    from mattebox.training.core import checkpoint
    from mattebox.training.export import pruning
    from mattebox.training.networks.registry import build_network

    torch.manual_seed(0)
    net = build_network(name, shape)
    for _, channels in pruning.prunable_blocks(net):
        torch.nn.init.ones_(list(channels.producers.values())[-1][1].weight)
        list(channels.producers.values())[-1][1].weight.data[::2] = (
            0  # every second channel is dead, and its bias with it
        )
    for block in net.modules():
        if isinstance(block, pruning.ResidualBlock):
            torch.nn.init.ones_(block.body[1][1].weight)
    x = torch.randn(1, 3, 64, 64)
    small, smaller = pruning.prune_network(net.eval(), name, shape, 0.5)
    with torch.no_grad():
        assert torch.allclose(small(x), net(x), atol=1e-5)
    assert sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in net.parameters())
    for share in (0, 1.5):
        with pytest.raises(UsageError, match=f"share of {share}"):
            pruning.prune_network(net, name, shape, share)
    checkpoint.write({"average": net.state_dict(), "net": name, "shape": shape}, tmp_path / "best.pt")
    data, out = str(material(tmp_path / "mine")), tmp_path / "small/best.pt"
    pruning.main([str(tmp_path / "best.pt"), "--data", data, "--keep", "0.5", "--out", str(out)])
    assert '"after"' in capsys.readouterr().out
    assert tomllib.loads((tmp_path / "small/recipe.toml").read_text())["shape"] == smaller
    build_network(name, smaller).load_state_dict(checkpoint.read(out, torch.device("cpu"))["average"])


def test_networks_without_blocks_are_not_pruned() -> None:
    from mattebox.training.export import pruning
    from mattebox.training.networks.registry import build_network

    with pytest.raises(UsageError, match="unet cannot be pruned; these can: cutnet, litenet"):
        pruning.prune_network(build_network("unet", {"width": 4}), "unet", {"width": 4}, 0.5)


def test_torchscript_gives_the_same_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from mattebox.training.core import checkpoint
    from mattebox.training.export import cutout
    from mattebox.training.networks.cutnet import CutNet, CutNetShape

    net = CutNet(CutNetShape(**{k: tuple(v) for k, v in TINY.items()}))
    checkpoint.write({"average": net.state_dict(), "net": "cutnet", "shape": TINY}, tmp_path / "best.pt")
    arguments = [str(tmp_path / "best.pt"), "--data", str(material(tmp_path / "mine")), "--name", "mine"]
    cutout.main([*arguments, "--out", str(tmp_path), "--steep", "2", "--also", "torchscript"])
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["file"] == "mine.pt"
    assert facts["largest difference"] < 0.01
    assert json.loads((tmp_path / "mine.json").read_text())["architecture"] == "CutNet"


@pytest.mark.timeout(180)  # three processes load torch
def test_several_processes_train_one_network(tmp_path: Path) -> None:
    """Two processes as torchrun starts them: one of them writes, and their weights stay equal."""
    data = material(tmp_path / "mine")
    shape = "\n".join(f"{k} = {v}" for k, v in TINY.items())
    (tmp_path / "r.toml").write_text(
        f"minutes = 0.02\nbatch = 4\npool_side = 32\nsides = [[0.0, 32]]\njudge_every = 0.5\n[shape]\n{shape}\n"
    )
    arguments = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
             "-m", "mattebox.training.tasks.cutout.train", str(data), "--out", str(tmp_path / "run"),
             "--recipe", str(tmp_path / "r.toml"), "--threads", "1"]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    outcome = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=170, cwd=ROOT)
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    assert outcome.stdout.count("multiply-adds") == 1
    assert torch.load(tmp_path / "run/best.pt", weights_only=True)["net"] == "cutnet"
    first, second = (ranked["torch"] for ranked in torch.load(tmp_path / "run/last.pt", weights_only=True)["rng"])
    assert not torch.equal(first, second)  # each draws samples of its own
