"""Networks with a known result: box means at any scale, with zeros beyond the picture."""

import numpy as np
from numpy.typing import NDArray

from mattebox.models.cards.card import Card, Licence
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.image_to_image import ImageToImageNetwork


def mean_network(
    scale: int, reach: int, multiple: int = 1, cut: int = 0, budget: int = 2000, fixed: int = 0
) -> ImageToImageNetwork:
    """Each pixel becomes the mean of the (2 reach + 1) squared around it, `scale` times over in each direction; where
    the network cuts, its rim is left off."""
    tiles = Tiles(scale=scale, reach=reach, multiple=multiple, cut=cut, bytes=budget, fixed=fixed)
    card = Card(
        name="mean", task="upscale" if scale > 1 else "restore", architecture="mean", summary="a mean", tiles=tiles,
        weights="mean.onnx", licence=Licence("none", commercial=True), sha256="0" * 64,
    )  # fmt: skip

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        assert x.shape[2] % multiple == x.shape[3] % multiple == 0
        assert not fixed or x.shape[2:] == (fixed, fixed)
        y = np.repeat(np.repeat(box(x, reach), scale, 2), scale, 3)
        inner = slice(cut * scale, -cut * scale or None)
        return np.ascontiguousarray(y[:, :, inner, inner])

    return ImageToImageNetwork(card, run, "cpu")


def box(x: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Means along the last two axes, zeros beyond."""
    for axis in (2, 3):
        pad = [(0, 0)] * 4
        pad[axis] = (reach, reach)
        wide, count = np.pad(x, pad), x.shape[axis]
        x = np.mean([wide.take(range(k, k + count), axis) for k in range(2 * reach + 1)], axis=0, dtype=np.float32)
    return x
