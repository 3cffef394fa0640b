"""AdaIN conversion: the weights say which network they are of, and the graphs give the published results."""

from __future__ import annotations

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from torch import nn  # noqa: E402

from mattebox.errors import ModelError  # noqa: E402
from mattebox.models.adain import AdainNetwork  # noqa: E402
from mattebox.models.cards.registry import find_card  # noqa: E402
from mattebox.models.runtime.onnx_runtime import create_session  # noqa: E402
from mattebox.training.convert import adain  # noqa: E402

WIDTHS = (4, 6, 8, 12)  # for 64, 128, 256, 512


def layers(plan: str, widths: tuple[int, ...]) -> nn.Sequential:
    """Layers by letters: c convolution with padding and ReLU, p pooling, u upsampling, e the last convolution."""
    layers: list[nn.Module] = []
    before, *after = widths
    for letter in plan:
        if letter == "p":
            layers.append(nn.MaxPool2d(2, 2, ceil_mode=True))
        elif letter == "u":
            layers.append(nn.UpsamplingNearest2d(scale_factor=2))
        elif letter == "x":
            layers.append(nn.Conv2d(3, 3, 1))
        else:
            width = after.pop(0)
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(before, width, 3), *([nn.ReLU()] if letter == "c" else [])]
            before = width
    return nn.Sequential(*layers).eval()


def vgg() -> nn.Sequential:
    """The published encoder, of which the first 31 layers are used."""
    a, b, c, d = WIDTHS
    return layers("xccpccpccccpcc", (3, a, a, b, b, c, c, c, c, d, d))


def decoder() -> nn.Sequential:
    a, b, c, d = WIDTHS
    return layers("cuccccuccuce", (d, c, c, c, c, b, b, a, a, 3))


def saved(net: nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file.getvalue()


def test_converted_networks_match_the_published_program() -> None:
    torch.manual_seed(0)
    encoder, paints = vgg(), decoder()
    graphs = [create_session(adain.convert_to_onnx(saved(net)), "adain", "cpu") for net in (encoder, paints)]
    imitator = AdainNetwork(find_card("adain"), *graphs)
    content, style = torch.rand(1, 3, 48, 64), torch.rand(1, 3, 32, 40) ** 3
    result = imitator.run(content.numpy(), imitator.style_statistics(style.numpy()))
    with torch.no_grad():
        content_features, style_features = encoder[:31](content), encoder[:31](style)
        moments = [
            (x.mean((2, 3), keepdim=True), (x.var((2, 3), keepdim=True) + 1e-5).sqrt())
            for x in (content_features, style_features)
        ]
        (mean, deviation), (new_mean, new_deviation) = moments
        expected = paints((content_features - mean) / deviation * new_deviation + new_mean).clamp(0, 1).numpy()
    assert result.shape == (1, 3, 48, 64)
    assert np.abs(result - expected).max() < 5e-3


def test_layer_numbers_are_those_published() -> None:
    assert [int(n.split(".")[0]) for n in vgg().state_dict() if "weight" in n][:10] == list(adain.ENCODER_LAYERS)
    assert [int(n.split(".")[0]) for n in decoder().state_dict() if "weight" in n] == list(adain.DECODER_LAYERS)


def test_other_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="are not of adaptive instance normalisation"):
        adain.convert_to_onnx(saved(nn.Sequential(nn.Conv2d(3, 4, 3))))
