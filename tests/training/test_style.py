"""Training of the style network: drawn pictures, normalisation by style, resumed runs, the exported card."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from mattebox.models.runtime.onnx_runtime import create_session  # noqa: E402
from mattebox.training.export import style  # noqa: E402
from mattebox.training.networks.squeezenet import SqueezeNetFeatures  # noqa: E402
from mattebox.training.networks.style_network import StyledConvolution, StyleNet  # noqa: E402
from mattebox.training.tasks.style import style_images  # noqa: E402
from mattebox.training.tasks.style import task as style_task  # noqa: E402
from mattebox.training.tasks.style.settings import StyleSettings  # noqa: E402
from mattebox.training.tasks.style.style_images import SIDE_PIXELS, STYLE_PAINTERS, draw_style_image  # noqa: E402
from mattebox.training.tasks.style.train import train_style  # noqa: E402
from tests.training.test_detail_export import fake_squeezenet  # noqa: E402


@pytest.mark.parametrize("name", ["ink", "glass"])
def test_pictures_are_drawn_alike_each_time(name: str) -> None:
    one = draw_style_image(name)
    assert one.shape == (SIDE_PIXELS, SIDE_PIXELS, 3)
    assert one.std() > 20
    np.testing.assert_array_equal(one, draw_style_image(name))


def test_normalised_to_the_style_s_own_mean_and_deviation() -> None:
    layer = StyledConvolution(3, 4, 2)
    with torch.no_grad():
        layer.scale.weight.copy_(torch.tensor([[1.0, 3.0]] * 4))
        layer.move.weight.copy_(torch.tensor([[0.0, 5.0]] * 4))
    x = torch.rand(1, 3, 32, 32)
    for number, mean, deviation in ((0, 0, 1), (1, 5, 3)):
        y = layer(x, torch.eye(2)[number : number + 1])
        assert torch.allclose(y.mean((2, 3)), torch.full((1, 4), float(mean)), atol=1e-3)
        assert torch.allclose(y.std((2, 3)), torch.full((1, 4), float(deviation)), rtol=0.02)


def test_the_network_keeps_the_size() -> None:
    net = StyleNet(3).eval()
    assert net(torch.rand(1, 3, 36, 44), torch.eye(3)[:1]).shape == (1, 3, 36, 44)


def test_a_run_its_resumption_and_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_task, "SHEET_SIDE_PIXELS", 64)
    monkeypatch.setattr(style_images, "SIDE_PIXELS", 128)
    rng = np.random.default_rng(0)
    with tarfile.open(tmp_path / "train.tar", "w") as tar:
        for number in range(3):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (320, 320, 3), np.uint8)).save(file, "PNG")
            member = tarfile.TarInfo(f"{number}.png")
            member.size = file.tell()
            tar.addfile(member, io.BytesIO(file.getvalue()))
    look = SqueezeNetFeatures(fake_squeezenet(tmp_path / "net.npz"))
    train_style(StyleSettings(steps=1, batch=1, side=64), tmp_path, tmp_path / "run", look)
    first = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    train_style(StyleSettings(steps=3, batch=1, side=64), tmp_path, tmp_path / "run", look)
    again = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert 0 < first["step"] < again["step"]
    with Image.open(tmp_path / "run" / "sheet.png") as sheet:
        assert sheet.width == 64 * (1 + len(STYLE_PAINTERS))
    card = style.export_style(tmp_path / "run" / "last.pt", "tiny", tmp_path / "out", ("glass", "swirl"))
    session = create_session(card.with_suffix(".onnx").read_bytes(), "tiny")
    net = StyleNet(len(STYLE_PAINTERS)).eval()
    net.load_state_dict(again["average"])
    x, glass = torch.rand(1, 3, 40, 48), list(STYLE_PAINTERS).index("glass")
    with torch.no_grad():
        expected = net(x, torch.eye(len(STYLE_PAINTERS))[glass : glass + 1]).numpy()
    (made,) = session.run(None, {"picture": x.numpy(), "style": np.array([[1, 0]], np.float32)})
    assert np.abs(made - expected).max() < 0.02
