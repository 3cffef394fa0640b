"""Self-ensemble: each of the eight orientations once, put back upright, with equal weight."""

import numpy as np
import skimage.data

from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.models.image_to_image import ImageToImageNetwork
from tests.enhancement.networks import mean_network


def biased(scale: int) -> tuple[ImageToImageNetwork, list[np.ndarray]]:
    """A network that darkens the left half of whatever it sees, and what it was shown."""
    visible: list[np.ndarray] = []
    plain = mean_network(scale, 0)

    def run(x: np.ndarray) -> np.ndarray:
        visible.append(x)
        y = plain.run(x)
        y[..., : y.shape[3] // 2] -= 0.5
        return y

    return ImageToImageNetwork(plain.card, run, "cpu"), visible


def test_a_directional_bias_is_averaged_out() -> None:
    x = np.random.default_rng(0).random((1, 3, 8, 12), np.float32)
    network, visible = biased(2)
    result = add_self_ensemble(network).run(x)
    np.testing.assert_allclose(result, mean_network(2, 0).run(x) - 0.25, atol=1e-6)
    assert len({s.tobytes() for s in visible}) == 8  # no position twice
    assert {s.shape[2:] for s in visible} == {(8, 12), (12, 8)}


def test_a_symmetric_network_is_unchanged() -> None:
    x = np.random.default_rng(1).random((1, 3, 9, 14), np.float32)
    np.testing.assert_allclose(add_self_ensemble(mean_network(3, 2)).run(x), mean_network(3, 2).run(x), atol=1e-6)


def test_it_makes_the_embedded_network_more_accurate() -> None:
    clean = skimage.data.astronaut()[:192, 120:312].astype(np.float32) / 255
    small = clean.reshape(96, 2, 96, 2, 3).mean((1, 3)).transpose(2, 0, 1)[None]
    network = ImageToImageNetwork.open("up2-1", "cpu")

    def error(result: np.ndarray) -> float:
        return float(np.mean((result[0].transpose(1, 2, 0) - clean) ** 2))

    assert error(add_self_ensemble(network).run(small)) < 0.99 * error(network.run(small))
