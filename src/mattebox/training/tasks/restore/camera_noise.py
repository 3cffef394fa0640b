"""Simulation of camera noise: Poisson-Gaussian on a Bayer mosaic, demosaicked, developed and compressed.

A picture is taken back to the sensor's linear light (Brooks et al., Unprocessing images for learned raw denoising, CVPR
2019): tone curve, gamma and the gains of white balance are undone. Noise of variance a x + b (Foi et al., Practical
Poissonian-Gaussian noise modeling, IEEE TIP 2008) is drawn there, one value for each site of the mosaic, and goes
through the camera again: bilinear demosaicking, gains, colour matrix, gamma, the camera's own smoothing and sharpening,
JPEG. So it depends on the signal, is correlated between pixels and channels, and has little left at the finest scale.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import gaussian_blur
from mattebox.training.tasks.restore.synthetic_degradation import compress_jpeg

MAX_ENLARGEMENT = 2.5  # of the photograph: cameras' pixels are softer than those of reduced photographs
NOISE_RANGE_LEVELS = (0.7, 22.0)  # standard deviation at middle grey, of 255, before the camera's smoothing
NOISELESS_SHARE = 0.1
JPEG_SHARE, MIN_JPEG_QUALITY = 0.85, 55
GAMMA, MIDDLE_GREY = 2.2, 0.2
LUMA_WEIGHTS = (0.299, 0.587, 0.114)


def degrade_as_camera(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Degrade pictures by camera noise, each at random.

    Parameters
    ----------
    pictures : Tensor, N x 3 x H x W
        Clean pictures, 0..1; even sides.

    Returns
    -------
    degraded, clean : Tensor, N x 3 x H x W
        The clean pictures are enlarged parts of the given ones.
    """
    clean = torch.cat([_enlarge_part(picture[None]) for picture in pictures])
    return torch.cat([_degrade_picture(picture[None]) for picture in clean]), clean


def _enlarge_part(picture: Tensor) -> Tensor:
    """A part of the picture, enlarged to its size."""
    height, width = picture.shape[2:]
    factor = random_between(1, MAX_ENLARGEMENT) if random_chance(0.7) else 1.0
    rows, columns = round(height / factor), round(width / factor)
    top, left = (int(torch.randint(n + 1, ())) for n in (height - rows, width - columns))
    part = picture[:, :, top : top + rows, left : left + columns]
    return F.interpolate(part, (height, width), mode="bicubic", align_corners=False).clamp(0, 1)


def _degrade_picture(clean: Tensor) -> Tensor:
    noisy = clean if random_chance(NOISELESS_SHARE) else _add_camera_noise(clean)
    if random_chance(JPEG_SHARE):
        return compress_jpeg(noisy, [int(torch.randint(MIN_JPEG_QUALITY, 99, ()))])
    return (noisy.clamp(0, 1) * 255).round() / 255


def _add_camera_noise(clean: Tensor) -> Tensor:
    low, high = NOISE_RANGE_LEVELS
    level = low * (high / low) ** float(torch.rand(())) / 255
    curve = random_between(0.0, 0.8)  # share of an S-shaped tone curve
    light = apply_inverse_tone_curve(clean, curve) ** GAMMA
    gains = torch.tensor([random_between(1.2, 2.4), 1.0, random_between(1.2, 2.4)]).view(1, 3, 1, 1)
    noise = _sensor_noise(light / gains, level)
    noise = torch.einsum("ij,njhw->nihw", _random_colour_matrix(), demosaick(noise) * gains)
    developed = apply_tone_curve((light + noise).clamp(0, 1) ** (1 / GAMMA), curve)
    return (clean + _smooth_in_camera(developed - clean)).clamp(0, 1)


def _sensor_noise(light: Tensor, level: float) -> Tensor:
    """Noise of variance a x + b, of about `level` in encoded values at middle grey; b's share is random."""
    slope = MIDDLE_GREY ** (1 / GAMMA - 1) / GAMMA  # of the encoded value over light
    variance = (level / slope) ** 2
    read_share = 0.5 * float(torch.rand(())) ** 2
    return torch.randn_like(light) * (variance * ((1 - read_share) * light / MIDDLE_GREY + read_share)).sqrt()


def demosaick(planes: Tensor) -> Tensor:
    """Keep the sites of a Bayer mosaic (RGGB) of N x 3 x H x W planes, and fill the others bilinearly."""
    red, green, blue = (torch.zeros(2, 2) for _ in range(3))
    red[0, 0] = blue[1, 1] = green[0, 1] = green[1, 0] = 1
    height, width = planes.shape[2:]
    sites = torch.stack([red, green, blue]).repeat(1, height // 2, width // 2)[None]
    wide = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    cross = torch.tensor([[0.0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    kernels = torch.stack([wide, cross, wide])[:, None]
    return F.conv2d(F.pad(planes * sites, [1] * 4, mode="reflect"), kernels, groups=3)


def _random_colour_matrix() -> Tensor:
    """From the camera's colours to sRGB's: rows sum to 1, with up to a half taken from the other channels."""
    mixing = 0.5 * torch.rand(3, 3) * (1 - torch.eye(3))
    return torch.eye(3) * (1 + mixing.sum(1, keepdim=True)) - mixing


def _smooth_in_camera(noise: Tensor) -> Tensor:
    """The camera's own noise reduction, stronger on colour, and its sharpening."""
    luma = torch.einsum("c,nchw->nhw", torch.tensor(LUMA_WEIGHTS), noise)[:, None]
    chroma = noise - luma
    if random_chance(0.6):
        luma = gaussian_blur(luma, random_between(0.3, 1.2))
    if random_chance(0.7):
        chroma = gaussian_blur(chroma, random_between(0.5, 3.0))
    if random_chance(0.4):
        luma = luma + random_between(0.2, 1.0) * (luma - gaussian_blur(luma, 1.0))
    return luma + chroma


def apply_tone_curve(values: Tensor, share: float) -> Tensor:
    """A share of the S curve 3 x^2 - 2 x^3, on values 0..1."""
    return values + share * (3 * values**2 - 2 * values**3 - values)


def apply_inverse_tone_curve(values: Tensor, share: float) -> Tensor:
    """The inverse of `apply_tone_curve`, by a table."""
    table = torch.linspace(0, 1, 1025)
    curve = apply_tone_curve(table, share)
    upper = torch.searchsorted(curve, values.contiguous()).clamp(1, len(table) - 1)
    step = (values - curve[upper - 1]) / (curve[upper] - curve[upper - 1])
    return table[upper - 1] + step * (table[upper] - table[upper - 1])


def random_between(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))


def random_chance(share: float) -> bool:
    return float(torch.rand(())) < share
