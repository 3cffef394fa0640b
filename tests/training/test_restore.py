"""Training of the upscaling and restoring networks: degradation, scores, growing, runs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

from mattebox.training.data.patches import PatchSampler  # noqa: E402
from mattebox.training.data.tensors import picture_to_tensor  # noqa: E402
from mattebox.training.evaluate.psnr_ssim import luma, psnr  # noqa: E402
from mattebox.training.networks.net2net import grow_weights  # noqa: E402
from mattebox.training.networks.restoration import (  # noqa: E402
    RestorationShape,
    SuperResolutionNet,
    build_restoration_network,
)
from mattebox.training.tasks.restore import camera_noise, phase_refit, synthetic_degradation  # noqa: E402
from mattebox.training.tasks.restore.settings import RestorationSettings  # noqa: E402
from mattebox.training.tasks.restore.train import train_restoration  # noqa: E402

UP, RESTORE = RestorationShape(2, (8,), (1,)), RestorationShape(1, (8, 16), (1, 1))


def test_psnr_by_hand() -> None:
    one = torch.zeros(1, 3, 4, 4)
    assert psnr(one, one + 0.1) == pytest.approx(20, abs=1e-4)
    assert luma(torch.ones(1, 3, 1, 1)).item() == pytest.approx(235 / 255)


def test_shrinking_is_pillows_bicubic() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (24, 32, 3), np.uint8)
    ours = synthetic_degradation.downscale(picture_to_tensor(pixels), 2)[0].permute(1, 2, 0).numpy() * 255
    theirs = np.asarray(Image.fromarray(pixels).resize((16, 12), Image.Resampling.BICUBIC))
    assert np.abs(ours - theirs).max() <= 1


def test_noise_has_its_sigma() -> None:
    torch.manual_seed(0)
    grainy = synthetic_degradation.add_noise(torch.full((2, 3, 64, 64), 0.5), torch.tensor([10.0, 40.0]))
    assert [float(g.std() * 255) for g in grainy] == pytest.approx([10, 40], rel=0.05)


def test_fresh_networks_are_near_the_identity_and_see_no_further_than_they_say() -> None:
    for plan in (UP, RESTORE):
        net = build_restoration_network(plan).eval()
        picture = torch.rand(1, 3, 96, 96)
        moved = picture.clone()
        moved[0, :, 48, 48] += 1
        with torch.no_grad():
            changed = (net(moved) - net(picture)).abs().amax((0, 1)) > 0
        rows = torch.nonzero(changed.any(1)).flatten() / plan.scale
        assert rows.min() >= 48 - net.reach
        assert rows.max() <= 49 + net.reach


def trained(plan: RestorationShape) -> SuperResolutionNet:
    """A network whose weights are anything but what a fresh one has."""
    net = SuperResolutionNet(plan)
    for weights in net.parameters():
        torch.nn.init.normal_(weights, 0, 0.1)
    return net


@pytest.mark.parametrize(("widths", "depths"), [((12,), (1,)), ((8,), (3,)), ((12,), (3,))])
def test_a_grown_network_answers_as_the_small_one_and_learns_everywhere(widths: tuple[int], depths: tuple[int]) -> None:
    torch.manual_seed(0)
    small, large = trained(UP), SuperResolutionNet(RestorationShape(2, widths, depths))
    large.load_state_dict(grow_weights(small.state_dict(), large))
    picture = torch.rand(1, 3, 16, 16)
    assert torch.allclose(small(picture), large(picture), atol=1e-5)
    for _ in range(2):  # what nobody listens to has no gradient in the first step
        large.zero_grad()
        large(picture).square().mean().backward()
        with torch.no_grad():
            for weights in large.parameters():
                assert weights.grad is not None
                weights -= 0.1 * weights.grad
    assert all((p.grad != 0).any() for p in large.parameters())


def test_a_network_does_not_grow_into_a_smaller_one() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        grow_weights(
            trained(RestorationShape(2, (12,), (2,))).state_dict(), SuperResolutionNet(RestorationShape(2, (8,), (2,)))
        )
    with pytest.raises(ValueError, match="does not fit"):
        grow_weights(
            trained(RestorationShape(2, (8,), (3,))).state_dict(), SuperResolutionNet(RestorationShape(2, (8,), (2,)))
        )


def archive(path: Path, names: list[str]) -> None:
    rng = np.random.default_rng(2)
    with tarfile.open(path, "w") as tar:
        for name in names:
            target = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(target, "PNG")
            member = tarfile.TarInfo(name)
            member.size = target.tell()
            tar.addfile(member, io.BytesIO(target.getvalue()))


@pytest.mark.parametrize("plan", [UP, RESTORE])
def test_a_run_ends_with_a_network_that_loads_again(tmp_path: Path, plan: RestorationShape) -> None:
    archive(tmp_path / "train.tar", ["a.png", "b.png"])
    archive(tmp_path / "val.tar", ["Set5/a.png", "Set14/b.png", "CBSD68/c.png"])
    recipe = RestorationSettings(minutes=0.01, plan=plan.as_dict(), batch=2, side=32, judge_every=0.5)
    train_restoration(recipe, tmp_path, tmp_path / "run")
    best = torch.load(tmp_path / "run" / "best.pt", weights_only=True)
    again = build_restoration_network(RestorationShape(**best["plan"]))
    again.load_state_dict(best["average"])
    assert best["step"] > 0
    assert all(np.isfinite(v) for v in best["scores"].values())


def test_camera_noise_grows_with_light_is_correlated_and_has_no_mean() -> None:
    torch.manual_seed(0)
    dark, bright = (torch.full((1, 3, 128, 128), value) for value in (0.05, 0.6))
    noise = [torch.cat([camera_noise._add_camera_noise(x) - x for _ in range(8)]) for x in (dark**2.2, bright)]
    assert abs(float(noise[1].mean())) < 0.01
    neighbours = (noise[1][..., 1:] * noise[1][..., :-1]).mean() / (noise[1] ** 2).mean()
    assert neighbours > 0.2
    light = torch.tensor([0.05, 0.6]).view(2, 1, 1, 1).expand(2, 3, 128, 128)
    sensor = camera_noise._sensor_noise(light, 5 / 255)
    assert sensor[1].std() > 1.2 * sensor[0].std()


def test_demosaicking_keeps_flat_colours_and_the_sites() -> None:
    flat = torch.tensor([0.2, 0.5, 0.7]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    assert (camera_noise.demosaick(flat) - flat)[..., 1:-1, 1:-1].abs().max() < 1e-6
    picture = torch.rand(1, 3, 16, 16)
    filled = camera_noise.demosaick(picture)
    assert torch.equal(filled[0, 0, ::2, ::2], picture[0, 0, ::2, ::2])
    assert torch.equal(filled[0, 2, 1::2, 1::2], picture[0, 2, 1::2, 1::2])


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_the_tone_curve_is_undone(share: float) -> None:
    values = torch.rand(1, 3, 8, 8)
    there = camera_noise.apply_inverse_tone_curve(values, share)
    assert torch.allclose(camera_noise.apply_tone_curve(there, share), values, atol=1e-5)


def test_a_refitted_last_layer_prints_no_mesh() -> None:
    """A network that adds a mesh loses it, and keeps its other answers."""
    torch.manual_seed(0)
    net = SuperResolutionNet(RestorationShape(2, (8,), (1,))).eval()
    with torch.no_grad():
        net.tail.bias.view(3, 4).add_(torch.tensor([0.1, -0.05, 0, -0.05]))
    rng = np.random.default_rng(0)
    photographs = [rng.integers(0, 256, (192, 192, 3), np.uint8) // 4 + 96 for _ in range(2)]
    picture = torch.rand(1, 3, 64, 64) / 4 + 0.4
    before = net(picture).detach()
    phase_refit.refit_last_layer(net, PatchSampler(photographs, torch.device("cpu")), 4, 100)
    spreads = [float(torch.nn.functional.pixel_unshuffle(x, 2).mean((0, 2, 3)).view(3, 4).std(1).max()) for x in
               (before, net(picture).detach())]  # fmt: skip
    assert spreads[0] > 0.05
    assert spreads[1] < 0.1 * spreads[0]
    means = [torch.nn.functional.avg_pool2d(x, 2) for x in (before, net(picture).detach())]
    assert torch.allclose(*means, atol=1e-4)
