"""Upscaling: exact sizes, both depths, no fringe under transparency, and strength."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mattebox.enhancement import tiled_inference, upscaling
from mattebox.errors import UsageError
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import ImageShape, Picture
from tests.enhancement.networks import mean_network


@pytest.mark.parametrize(
    ("to", "size", "result"),
    [
        ("none", (30, 40), (30, 40)),
        ("2", (30, 40), (60, 80)),
        ("2x", (30, 40), (60, 80)),
        ("1.5 X", (31, 40), (46, 60)),
        ("100px", (30, 40), (75, 100)),
        ("20px", (30, 40), (30, 40)),
        ("1x", (30, 40), (30, 40)),
    ],
)
def test_target_sizes(to: str, size: ImageShape, result: ImageShape) -> None:
    assert upscaling.target_size(to, size) == result


@pytest.mark.parametrize("to", ["", "x", "0x", "0.5x", "-2", "2y", "17x", "nan", "2x2", "0px"])
def test_invalid_targets_are_refused(to: str) -> None:
    with pytest.raises(UsageError, match=";"):
        upscaling.parse_target(to)


@pytest.mark.parametrize(("to", "size"), [("1000px", (4, 4)), ("16x", (4000, 3000))])
def test_too_large_targets_are_refused(to: str, size: ImageShape) -> None:
    with pytest.raises(UsageError, match="at most"):
        upscaling.target_size(to, size)


@pytest.mark.parametrize(
    ("factor", "scales", "chain"),
    [(1.2, [2, 4], [2]), (2, [2, 4], [2]), (3, [2, 4], [4]), (4, [2, 4], [4]), (8, [2, 4], [4, 2]),
     (16, [2, 4], [4, 4]), (2, [4], [4]), (5, [4], [4, 4]), (1, [2, 4], [])],
)  # fmt: skip
def test_passes(factor: float, scales: list[int], chain: list[int]) -> None:
    assert upscaling.plan_passes(factor, scales) == chain


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_flat_stays_flat_to_the_last_level(kind: type[np.uint8] | type[np.uint16]) -> None:
    rgb = np.full((20, 30, 3), 12345 % np.iinfo(kind).max, kind)
    result = upscaling.upscale_picture(Picture(rgb), (47, 71), [mean_network(2, 0), mean_network(2, 0)])
    assert result.shape == (47, 71)
    assert result.rgb.dtype == kind
    assert (result.rgb == rgb[0, 0, 0]).all()


def test_sixteen_bits_are_more_than_eight() -> None:
    ramp = np.linspace(0, 65535, 64 * 4).astype(np.uint16)
    rgb = np.repeat(np.repeat(ramp[None, :, None], 8, 0), 3, 2)
    result = upscaling.upscale_picture(Picture(rgb), (16, 512), [mean_network(2, 1)])
    assert len(np.unique(result.rgb)) > 256


def test_no_detail_is_plain_lanczos(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(90, 160, (40, 50, 3), np.uint8)
    monkeypatch.setattr(tiled_inference, "tile_side", lambda *_: 17)
    result = upscaling.upscale_picture(Picture(pixels), (80, 100), [mean_network(2, 2)], detail=0)
    expected = np.asarray(Image.fromarray(pixels).resize((100, 80), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(result.rgb - expected).max() <= 1


@pytest.mark.parametrize(
    "network", [[mean_network(2, 3)], [mean_network(4, 1)], [mean_network(2, 1), mean_network(2, 1)]]
)
def test_no_rim_of_what_is_hidden(network: list[ImageToImageNetwork]) -> None:
    """A light disc with black hidden around it: what can be seen stays light."""
    y, x = np.mgrid[:60, :60]
    distance = np.hypot(y - 30, x - 30)
    alpha = (np.clip(20 - distance, 0, 1) * 255).astype(np.uint8)
    rgb = np.where(alpha[..., None] > 0, 230, 0).astype(np.uint8).repeat(3, 2)
    result = upscaling.upscale_picture(Picture(rgb, alpha), (150, 150), network)
    assert result.alpha is not None
    assert result.rgb[result.alpha > 12].min() >= 229


def test_opaque_stays_opaque_and_empty_empty() -> None:
    """A network that is a little off at the ends of the range does not make glass of a table."""

    class Dim(ImageToImageNetwork):
        def run(self, x: np.ndarray) -> np.ndarray:
            return 0.02 + 0.96 * super().run(x)

    network = mean_network(2, 1)
    dim = Dim(network.card, network._run, "cpu")
    alpha = np.zeros((30, 30), np.uint8)
    alpha[8:22, 8:22] = 255
    result = upscaling.upscale_picture(Picture(np.full((30, 30, 3), 128, np.uint8), alpha), (60, 60), [dim]).alpha
    assert result is not None
    assert (result[20:40, 20:40] == 255).all()
    assert (result[:10] == 0).all()
    assert (result[46:50, 10:50] == 0).all()


def test_progress_ends_at_all_of_it() -> None:
    reported: list[float] = []
    picture = Picture(np.zeros((90, 90, 3), np.uint8), np.zeros((90, 90), np.uint8))
    upscaling.upscale_picture(
        picture,
        (360, 360),
        [mean_network(2, 1, budget=10**9), mean_network(2, 1, budget=10**9)],
        on_progress=reported.append,
    )
    assert reported == sorted(reported)
    assert len(reported) > 8
    assert reported[-1] == pytest.approx(1)


def test_real_restores_what_faithful_only_enlarges(astronaut: Picture) -> None:
    """A photograph that was blurred, shrunk and compressed comes nearer to itself."""
    whole = Image.fromarray(astronaut.rgb[:, 100:356])
    small = whole.filter(ImageFilter.GaussianBlur(1.2)).resize((64, 128), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=55)
    visible = Picture(np.array(Image.open(file)))

    def error(model: str) -> float:
        result = upscaling.upscale_picture(visible, (512, 256), [ImageToImageNetwork.open(model, "cpu")]).rgb
        return float(np.mean((result.astype(float) - np.asarray(whole)) ** 2))

    assert error("real4-2") < 0.97 * error("up4-1")


def phase_spread(rgb: np.ndarray, period: int) -> float:
    """Deviation of the mean levels of the pixels at each place of a mesh."""
    grey = rgb.mean(2)
    return float(np.std([grey[y::period, x::period].mean() for y in range(period) for x in range(period)]))


@pytest.mark.parametrize("name", ["real4-2", "up4-1"])
def test_no_mesh_of_the_pixel_shuffle_shows(name: str, astronaut: Picture) -> None:
    """Against bicubic enlargement, whose places have the photograph's own means."""
    small = Picture(np.ascontiguousarray(astronaut.rgb[64:192, 160:288]))
    large = upscaling.upscale_picture(small, (512, 512), [ImageToImageNetwork.open(name, "cpu")]).rgb
    plain = np.asarray(Image.fromarray(small.rgb).resize((512, 512), Image.Resampling.BICUBIC))
    assert phase_spread(large.astype(float) - plain, 4) < 0.25
