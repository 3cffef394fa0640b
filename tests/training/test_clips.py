"""The clip network: what it is told, how its training samples are made, its graph. Needs torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_cutout_evaluation import material
from tests.training.test_networks import LITE

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")


def squares(count: int = 8):  # type: ignore[no-untyped-def]
    """Mattes of a square with a hole, N x 1 x 64 x 96."""
    alpha = torch.zeros(count, 1, 64, 96)
    alpha[..., 12:52, 24:72] = 1
    alpha[..., 28:36, 40:50] = 0
    return alpha


def test_without_a_prior_it_is_the_litenet_of_its_weights() -> None:
    from mattebox.training.networks.clipnet import ClipNet
    from mattebox.training.networks.litenet import LiteNet

    torch.manual_seed(0)
    plain, net = LiteNet(**LITE).eval(), ClipNet(**LITE).eval()
    missing = net.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing
    assert all(name.startswith("prior.") for name in missing)
    picture, prior = torch.rand(1, 3, 64, 96), squares(1)
    with torch.no_grad():
        expected = plain(picture)
        for told in (picture, torch.cat([picture, prior], 1)):  # an untrained prior has no effect
            torch.testing.assert_close(net(told), expected)
        for convolution in net.prior:
            convolution.weight.fill_(0.1)
        torch.testing.assert_close(net(torch.cat([picture, 0 * prior], 1)), expected)
        assert (net(torch.cat([picture, prior], 1)) - expected).abs().mean() > 0.01


def test_priors_are_moved_and_mistaken_mattes() -> None:
    from mattebox.training.tasks.clips.prior_mattes import add_mistakes, disturb_mattes, move_mattes

    torch.manual_seed(0)
    alpha = squares(64)
    assert torch.equal(move_mattes(alpha, 0.0) > 0.5, alpha > 0.5)
    is_mistaken = (add_mistakes(alpha) - alpha).abs().amax((1, 2, 3)) > 0.2
    assert 0.2 < is_mistaken.float().mean() < 0.7  # the others stay as they are
    prior = disturb_mattes(alpha)
    assert prior.shape == alpha.shape
    assert float(prior.min()) >= 0
    assert float(prior.max()) <= 1
    error = (prior - alpha).abs().mean((1, 2, 3))
    assert 0.005 < float(error.median()) < 0.1


def test_a_prior_says_which_of_two_subjects_is_meant() -> None:
    from mattebox.training.data.batch_sampler import TrainingBatch
    from mattebox.training.tasks.clips.clip_batches import add_priors

    torch.manual_seed(1)
    alpha = squares(16)
    rgb = torch.lerp(torch.full((16, 3, 64, 96), 0.3), torch.full((16, 3, 64, 96), 0.9), alpha)
    batch = add_priors(TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(16)), second_share=0.6)
    assert int((~batch.has_prior).sum()) >= 1
    is_changed = (batch.alpha - alpha).abs().mean((1, 2, 3)) > 0.01
    assert is_changed.sum() > 2
    known = batch.has_prior.nonzero().flatten()
    overlap = (batch.prior * batch.alpha).sum((1, 2, 3)) / batch.alpha.sum((1, 2, 3))
    assert overlap[known].median() > 0.6
    assert torch.equal(squares(16), alpha)  # the cutout batch stays as it was


def test_a_clip_network_is_trained_exported_and_run(tmp_path: Path) -> None:
    import onnxruntime as ort

    from mattebox.training.core.trainer import Trainer
    from mattebox.training.export.clips import write_clip_onnx
    from mattebox.training.export.cutout import load_cutout_network
    from mattebox.training.tasks.clips.settings import ClipSettings
    from mattebox.training.tasks.clips.task import ClipTrainingTask

    settings = ClipSettings(
        steps=2, batch=4, pool_side=32, sides=[[0.0, 64]], shape=LITE, judge_every=1.0, warmup=1,
        freeze_statistics=True, second=0.5, repeated=0.5,
    )  # fmt: skip
    Trainer(ClipTrainingTask(settings, material(tmp_path / "mine")), tmp_path / "run").run()
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert {"iou", "iou_alone", "iou_of_prior"} <= rows[-1].keys()
    net, name, shape = load_cutout_network(tmp_path / "run/best.pt")
    assert name == "clipnet"
    write_clip_onnx(net, tmp_path / "clip.onnx", shape)
    session = ort.InferenceSession(str(tmp_path / "clip.onnx"), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 64, 96), dtype=np.float32)
    answers = [
        session.run(None, {"picture": picture, "prior": np.zeros(size, np.float32)})[0]
        for size in ((1, 1, 64, 96), (1, 1, 1, 1))
    ]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)
    with torch.no_grad():
        expected = net(torch.from_numpy(picture)).sigmoid().numpy()
    np.testing.assert_allclose(answers[0], expected, atol=2e-3)  # weights in float16
