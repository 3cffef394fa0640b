"""Eight answers for one: every position is asked once, put back, and counted alike."""

import numpy as np
import skimage.data

from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.models.image_to_image import ImageToImageNetwork
from tests.enhancement.networks import imager


def biased(scale: int) -> tuple[ImageToImageNetwork, list[np.ndarray]]:
    """A network that darkens the left half of whatever it sees, and what it was shown."""
    seen: list[np.ndarray] = []
    plain = imager(scale, 0)

    def run(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        y = plain.run(x)
        y[..., : y.shape[3] // 2] -= 0.5
        return y

    return ImageToImageNetwork(plain.card, run, "cpu"), seen


def test_what_leans_one_way_is_evened_out() -> None:
    x = np.random.default_rng(0).random((1, 3, 8, 12), np.float32)
    network, seen = biased(2)
    made = add_self_ensemble(network).run(x)
    np.testing.assert_allclose(made, imager(2, 0).run(x) - 0.25, atol=1e-6)
    assert len({s.tobytes() for s in seen}) == 8  # no position twice
    assert {s.shape[2:] for s in seen} == {(8, 12), (12, 8)}


def test_what_leans_no_way_stays() -> None:
    x = np.random.default_rng(1).random((1, 3, 9, 14), np.float32)
    np.testing.assert_allclose(add_self_ensemble(imager(3, 2)).run(x), imager(3, 2).run(x), atol=1e-6)


def test_it_brings_the_embedded_network_nearer() -> None:
    clean = skimage.data.astronaut()[:192, 120:312].astype(np.float32) / 255
    small = clean.reshape(96, 2, 96, 2, 3).mean((1, 3)).transpose(2, 0, 1)[None]
    network = ImageToImageNetwork.open("up2-1", "cpu")

    def error(made: np.ndarray) -> float:
        return float(np.mean((made[0].transpose(1, 2, 0) - clean) ** 2))

    assert error(add_self_ensemble(network).run(small)) < 0.99 * error(network.run(small))
