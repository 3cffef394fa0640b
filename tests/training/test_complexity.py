"""Size and cost of networks: parameters and multiply-adds by hand. Needs torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")


def test_parameters_and_multiply_adds_by_hand() -> None:
    from mattebox.training.networks.complexity import count_multiply_adds, count_parameters

    net = torch.nn.Sequential()
    net.add_module("first", torch.nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False))
    net.add_module("side", torch.nn.Conv2d(4, 1, 1))
    assert count_parameters(net) == 3 * 4 * 9 + 4 + 1
    assert count_parameters(net, ("side.",)) == 3 * 4 * 9
    assert count_multiply_adds(net.train(), 8, 10) == 4 * 5 * (4 * 27 + 4)
    assert net.training
