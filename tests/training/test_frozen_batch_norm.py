"""Frozen batch statistics: outputs as before, and gradients as PyTorch's own. Needs torch."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

from mattebox.training.networks.frozen_batch_norm import DepthwiseConvolution, freeze_batch_norm  # noqa: E402
from mattebox.training.networks.litenet import LiteNet  # noqa: E402


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
@pytest.mark.parametrize(("dtype", "max_error"), [("float32", 1e-5), ("bfloat16", 0.005)])
def test_depthwise_gradients_are_those_of_pytorch(kernel: int, stride: int, dtype: str, max_error: float) -> None:
    torch.manual_seed(0)
    operands = [torch.randn(2, 24, 16, 12), 0.2 * torch.randn(24, 1, kernel, kernel), torch.randn(24)]
    operands = [t.bfloat16().float() for t in operands]
    expected = [t.clone().requires_grad_() for t in operands]
    y = F.conv2d(*expected, stride, kernel // 2, 1, 24)
    gradient = torch.randn_like(y).bfloat16().float()
    y.backward(gradient)
    actual = [t.clone().to(getattr(torch, dtype)).requires_grad_() for t in operands]
    DepthwiseConvolution.apply(*actual, stride).backward(gradient.to(actual[0].dtype))
    for a, b in zip(actual, expected, strict=True):
        assert float((a.grad.float() - b.grad).norm() / b.grad.norm()) < max_error


def test_output_and_state_dict_stay_and_statistics_are_kept() -> None:
    torch.manual_seed(0)
    net = LiteNet(size=0, stages=6, last=2, narrow=32, heads=(2,), decoder=(16, 16, 8, 8)).train()
    net(torch.randn(4, 3, 64, 64))  # statistics other than the initial ones
    frozen, x = copy.deepcopy(net), torch.randn(1, 3, 64, 96)
    freeze_batch_norm(frozen, ["encoder.stem"])
    torch.testing.assert_close(frozen.eval()(x), net.eval()(x), atol=1e-4, rtol=1e-3)
    assert frozen.state_dict().keys() == net.state_dict().keys()
    before = {name: buffer.clone() for name, buffer in frozen.named_buffers()}
    logits, _ = frozen.train()(x)
    logits.sum().backward()
    assert all(torch.equal(buffer, before[name]) for name, buffer in frozen.named_buffers())
    untrained = {name for name, p in frozen.named_parameters() if not p.requires_grad}
    assert untrained == {name for name, _ in net.named_parameters() if name.startswith("encoder.stem")}
    assert frozen.encoder.stages[0][0].depth[1].weight.grad.abs().sum() > 0  # scale of a depthwise layer's norm


def test_a_folded_convolution_keeps_its_dilation() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=2, dilation=2, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    net = nn.Sequential(layers).eval()
    picture = torch.rand(1, 3, 12, 16)
    with torch.no_grad():
        expected = net(picture)
        freeze_batch_norm(net)
        torch.testing.assert_close(net(picture), expected, atol=1e-5, rtol=1e-5)
