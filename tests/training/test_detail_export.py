"""Export of restoration networks: the ONNX file gives the network's output, whole and in tiles; image quality."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from mattebox.models.image_to_image import ImageToImageNetwork  # noqa: E402
from mattebox.training.core import checkpoint  # noqa: E402
from mattebox.training.data.blur import anisotropic_blur  # noqa: E402
from mattebox.training.evaluate import image_quality  # noqa: E402
from mattebox.training.evaluate.lpips import PerceptualDistance  # noqa: E402
from mattebox.training.evaluate.psnr_ssim import ssim  # noqa: E402
from mattebox.training.evaluate.restorers import card_restorer  # noqa: E402
from mattebox.training.export import restoration  # noqa: E402
from mattebox.training.networks.restoration import RestorationShape, build_restoration_network  # noqa: E402
from mattebox.training.networks.squeezenet import FIRE_LAYERS  # noqa: E402
from mattebox.training.tasks.restore.real_degradation import degrade_realistically  # noqa: E402


def stirred(plan: RestorationShape) -> torch.nn.Module:
    """A network with random weights, unlike the identity it starts as."""
    torch.manual_seed(0)
    net = build_restoration_network(plan)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    return net.eval()


def sets(folder: Path) -> None:
    rng = np.random.default_rng(0)
    with tarfile.open(folder / "val.tar", "w") as tar:
        for name in ("Set5/a.png", "Set14/a.png", "CBSD68/a.png"):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (48, 56, 3), np.uint8)).save(file, "PNG")
            member = tarfile.TarInfo(name)
            member.size = file.tell()
            tar.addfile(member, io.BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    "plan", [RestorationShape(2, (8,), (1,)), RestorationShape(4, (8,), (2,)), RestorationShape(1, (8, 16), (1, 1))]
)
def test_a_card_gives_the_output_of_its_network(plan: RestorationShape, tmp_path: Path) -> None:
    net = stirred(plan)
    sets(tmp_path)
    checkpoint.write({"average": net.state_dict(), "plan": plan.as_dict()}, tmp_path / "best.pt")
    card = restoration.export_restoration(tmp_path / "best.pt", tmp_path, "tiny", tmp_path / "out")
    imager = ImageToImageNetwork.open(str(card), "cpu")
    assert imager.card.task == ("restore" if plan.scale == 1 else "upscale")
    x = torch.rand(1, 3, 32, 48)
    with torch.no_grad():
        expected = net(x).numpy()
    assert np.abs(imager.run(x.numpy()) - expected).max() < 0.02  # weights at 16 bits
    figures = {f.what: f.value for f in imager.card.figures}
    restore = card_restorer(imager)
    with tarfile.open(tmp_path / "val.tar") as tar:
        member = tar.extractfile("Set14/a.png")
        assert member is not None
        picture = np.asarray(Image.open(io.BytesIO(member.read())))
    if plan.scale > 1:
        assert (
            figures["Set14 PSNR-Y"]
            == image_quality.upscaling_scores(restore, {"Set5": [picture], "Set14": [picture]}, plan.scale)["Set14"]
        )
    else:
        assert (
            figures["Set14 JPEG 10 PSNR gain"]
            == image_quality.jpeg_restoration_scores(restore, [picture])["jpeg10_gain"]
        )


def test_ssim_of_a_picture_with_itself_and_with_noise() -> None:
    luma = torch.rand(1, 1, 40, 40)
    assert ssim(luma, luma) == pytest.approx(1)
    assert ssim(luma, torch.rand(1, 1, 40, 40)) < 0.2


def fake_squeezenet(path: Path) -> Path:
    """Random weights in SqueezeNet 1.1's shapes."""
    rng, inputs = np.random.default_rng(0), 64
    weights = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,)}
    for layer, squeezed in zip(FIRE_LAYERS, (16, 16, 32, 32, 48, 48, 64, 64), strict=True):
        shapes = {
            "squeeze": (squeezed, inputs, 1, 1),
            "expand1x1": (4 * squeezed, squeezed, 1, 1),
            "expand3x3": (4 * squeezed, squeezed, 3, 3),
        }
        for part, shape in shapes.items():
            weights |= {f"features.{layer}.{part}.weight": shape, f"features.{layer}.{part}.bias": shape[:1]}
        inputs = 8 * squeezed
    np.savez(path, **{name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in weights.items()})
    return path


def test_perceptual_distance_grows_with_difference(tmp_path: Path) -> None:
    distance = PerceptualDistance(fake_squeezenet(tmp_path / "net.npz"))
    a_picture = torch.rand(2, 3, 64, 64)
    near, far = (distance(a_picture, (a_picture + s * torch.randn_like(a_picture)).clamp(0, 1)) for s in (0.02, 0.3))
    assert distance(a_picture, a_picture).abs().max() < 1e-6
    assert (near < far).all()
    assert (near > 0).all()


def test_lpips_uses_its_learned_channel_weights(tmp_path: Path) -> None:
    widths = (64, 128, 256, 384, 384, 512, 512)
    names = [f"lin{i}.model.1.weight" for i in range(len(widths))]
    once = {name: torch.ones(1, w, 1, 1) for name, w in zip(names, widths, strict=True)}
    last = {**{name: 0 * value for name, value in once.items()}, names[-1]: 3 * once[names[-1]]}
    file, a_picture, another = fake_squeezenet(tmp_path / "net.npz"), torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    distances = {}
    for what, state in {"once": once, "last": last}.items():
        torch.save(state, tmp_path / what)
        distances[what] = float(PerceptualDistance(file, tmp_path / what)(a_picture, another))
    assert distances["once"] == pytest.approx(float(PerceptualDistance(file)(a_picture, another)), rel=1e-5)
    a, b = (PerceptualDistance(file)._unit_features(x)[-1] for x in (a_picture, another))
    assert distances["last"] == pytest.approx(3 * float(((a - b) ** 2).sum(1).mean()), rel=1e-5)


def test_realistic_degradation_stays_near_the_picture() -> None:
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
    clean = torch.stack([x, y, (x + y) / 2])[None].repeat(4, 1, 1, 1)
    degraded = degrade_realistically(clean, 4)
    assert degraded.shape == (4, 3, 16, 16)
    assert 0 <= float(degraded.min()) <= float(degraded.max()) <= 1
    expected = torch.nn.functional.avg_pool2d(clean, 4)
    assert 0.001 < float((degraded - expected).abs().mean()) < 0.05
    assert len({float(s.mean()) for s in degraded}) == 4  # each is degraded by itself


def test_a_blur_keeps_the_mean() -> None:
    flat = torch.full((1, 3, 16, 16), 0.3)
    assert torch.allclose(anisotropic_blur(flat, 1.5, 0.4, 0.7), flat, atol=1e-6)
