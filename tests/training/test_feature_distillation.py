"""Feature distillation: captured in training mode only, and learned from. Needs torch."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

from mattebox.errors import UsageError  # noqa: E402
from tests.training.test_detail_export import fake_squeezenet  # noqa: E402
from tests.training.test_train import TINY  # noqa: E402


def test_features_are_imitated_in_training_mode(tmp_path: Path) -> None:
    from mattebox.training.networks.registry import build_network
    from mattebox.training.tasks.cutout.feature_distillation import FeatureDistillation

    torch.manual_seed(0)
    net, x = build_network("cutnet", TINY), torch.rand(2, 3, 64, 64)
    distillation = FeatureDistillation(net, fake_squeezenet(tmp_path / "net.npz"))
    net.eval()(x)
    assert not distillation._student_features
    learner = torch.optim.Adam([*net.parameters(), *distillation.translate.parameters()], lr=1e-2)
    losses = []
    for _ in range(12):
        net.train()(x)
        loss = distillation.loss(x)
        learner.zero_grad()
        loss.backward()
        learner.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(weight.grad is None for weight in distillation.teacher.parameters())
    with pytest.raises(UsageError, match="only cutnet can imitate"):
        FeatureDistillation(build_network("unet", {}), tmp_path / "net.npz")
