"""spandrel conversion: graphs give the output of the published networks, on squares of one size."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")
pytest.importorskip("spandrel", reason="spandrel is not part of the test lock", exc_type=ImportError)

from spandrel.architectures.NAFNet import NAFNet  # noqa: E402
from spandrel.architectures.SCUNet import SCUNet  # noqa: E402
from spandrel.architectures.SwinIR import SwinIR  # noqa: E402

from mattebox.errors import ModelError  # noqa: E402
from mattebox.models.cards.registry import all_cards  # noqa: E402
from mattebox.models.runtime.onnx_runtime import create_session  # noqa: E402
from mattebox.training.convert import spandrel  # noqa: E402

SWINIR = {"upscale": 4, "window_size": 8, "depths": [2], "embed_dim": 12, "num_heads": [2], "mlp_ratio": 2}
NETWORKS = {
    "swinir": lambda: SwinIR(**SWINIR, upsampler="nearest+conv", resi_connection="1conv"),
    "scunet": lambda: SCUNet(in_nc=3, config=[1] * 7, dim=64),
    "nafnet": lambda: NAFNet(img_channel=3, width=8, middle_blk_num=1, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1]),
}


def saved(state: object) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_graph_gives_the_networks_output(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spandrel, "INPUT_SIDE_PIXELS", 64)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about meshgrid, in spandrel's code
        net = NETWORKS[kind]().eval()
    session = create_session(spandrel.convert_to_onnx(saved({"params": net.state_dict()})), kind, "cpu")
    x = torch.rand(1, 3, 64, 64)
    (result,) = session.run(None, {"picture": x.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(result, net(x).numpy(), atol=2e-3)  # weights are stored in float16


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="of no network that is known"):
        spandrel.convert_to_onnx(saved({"params": {"weight": torch.zeros(3)}}))


def test_cards_know_the_square() -> None:
    squares = {c.tiles.fixed for c in all_cards().values() if c.converter == "spandrel" and c.tiles is not None}
    assert squares == {spandrel.INPUT_SIDE_PIXELS}
