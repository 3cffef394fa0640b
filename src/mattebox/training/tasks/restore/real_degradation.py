"""Degradation of photographs as on the web: blur, resizing, noise and JPEG, in two rounds.

In the manner of Real-ESRGAN (Wang et al. 2021), with weaker extremes. N x 3 x H x W float32, 0..1, in and out; every
picture is degraded by itself.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import anisotropic_blur
from mattebox.training.tasks.restore.synthetic_degradation import compress_jpeg

INTERPOLATION_MODES = ("area", "bilinear", "bicubic")


def degrade_realistically(pictures: Tensor, scale: int) -> Tensor:
    """Degrade and downscale pictures at random.

    Parameters
    ----------
    pictures : Tensor, N x 3 x H x W
        Clean pictures, 0..1; `scale` divides their sides.
    scale : int
        Factor of the downscaling.

    Returns
    -------
    Tensor, N x 3 x H/scale x W/scale
        Degraded pictures, 0..1.
    """
    size = pictures.shape[2] // scale, pictures.shape[3] // scale
    return torch.cat([_degrade_picture(picture[None], size) for picture in pictures])


def _degrade_picture(picture: Tensor, size: tuple[int, int]) -> Tensor:
    if _random_chance(0.9):
        picture = anisotropic_blur(
            picture, _random_between(0.2, 1.8), _random_between(0.2, 1.8), _random_between(0, math.pi)
        )
    ratio = _random_between(0.4, 1.1)
    intermediate = max(size[0], round(picture.shape[2] * ratio)), max(size[1], round(picture.shape[3] * ratio))
    picture = _compress_randomly(_add_random_noise(resize_randomly(picture, intermediate), 12), 50)
    if _random_chance(0.5):
        picture = anisotropic_blur(
            picture, _random_between(0.2, 0.9), _random_between(0.2, 0.9), _random_between(0, math.pi)
        )
    picture = _add_random_noise(resize_randomly(picture, size), 6)
    return _compress_randomly(picture, 40) if _random_chance(0.8) else (picture.clamp(0, 1) * 255).round() / 255


def resize_randomly(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize by a random interpolation."""
    mode = INTERPOLATION_MODES[int(torch.randint(3, ()))]
    smooth = {} if mode == "area" else {"antialias": _random_chance(0.7), "align_corners": False}
    return F.interpolate(picture, size, mode=mode, **smooth).clamp(0, 1)


def _add_random_noise(picture: Tensor, max_sigma: float) -> Tensor:
    """Gaussian noise of up to `max_sigma` 8-bit levels; grey in two of five cases, none in one of four."""
    if _random_chance(0.25):
        return picture
    noise = torch.randn_like(picture[:, : 1 if _random_chance(0.4) else 3])
    return (picture + noise * (_random_between(0, max_sigma) / 255)).clamp(0, 1)


def _compress_randomly(picture: Tensor, min_quality: int) -> Tensor:
    return compress_jpeg(picture, [int(torch.randint(min_quality, 96, ()))])


def _random_between(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))


def _random_chance(share: float) -> bool:
    return float(torch.rand(())) < share
