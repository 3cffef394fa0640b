"""Synthetic degradation of photographs: downscaling, noise, blur, JPEG.

N x 3 x H x W float32, 0..1, in and out. Downscaling is antialiased bicubic (a = -0.5, as MATLAB's imresize), rounded to
8 bits: the convention of super-resolution benchmarks.
"""

from __future__ import annotations

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from mattebox.training.data.blur import gaussian_blur


def downscale(pictures: Tensor, scale: int) -> Tensor:
    """Downscale by a factor that divides the sides."""
    size = (pictures.shape[2] // scale, pictures.shape[3] // scale)
    small = F.interpolate(pictures, size, mode="bicubic", antialias=True)
    return (small.clamp(0, 1) * 255).round() / 255


def add_noise(pictures: Tensor, sigma: Tensor) -> Tensor:
    """Add Gaussian noise, of a standard deviation in 8-bit levels for each picture; not clipped, as in benchmarks."""
    return pictures + torch.randn_like(pictures) * (sigma.to(pictures.device).view(-1, 1, 1, 1) / 255)


def compress_jpeg(pictures: Tensor, qualities: list[int]) -> Tensor:
    """JPEG artefacts, at a quality for each picture, with 4:2:0 chroma subsampling."""
    pixels = (pictures.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    decoded = [_jpeg_round_trip(picture, quality) for picture, quality in zip(pixels, qualities, strict=True)]
    return (torch.from_numpy(np.stack(decoded)).permute(0, 3, 1, 2).float() / 255).to(pictures.device)


def _jpeg_round_trip(pixels: np.ndarray, quality: int) -> np.ndarray:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=quality)
    return np.asarray(Image.open(target))


def degrade_for_restoration(pictures: Tensor, max_noise_sigma: float = 55.0) -> Tensor:
    """Input for blind restoration: mostly noise, some JPEG, some blur, noise and JPEG, some clean."""
    count = len(pictures)
    kind = torch.rand(count)
    out = pictures.clone()
    noisy = kind < 0.5
    out[noisy] = add_noise(pictures[noisy], torch.rand(int(noisy.sum())) * max_noise_sigma)
    jpeg = (kind >= 0.5) & (kind < 0.8)
    if jpeg.any():
        out[jpeg] = compress_jpeg(pictures[jpeg], (5 + 90 * torch.rand(int(jpeg.sum())) ** 2).int().tolist())
    for index in torch.nonzero((kind >= 0.8) & (kind < 0.96)).flatten().tolist():
        out[index : index + 1] = _add_blur_noise_jpeg(pictures[index : index + 1])
    return out


def _add_blur_noise_jpeg(picture: Tensor) -> Tensor:
    """A little blur, then noise, then JPEG, as in a forwarded photograph of a phone."""
    blurred = gaussian_blur(picture, 0.3 + 1.2 * float(torch.rand(())))
    noisy = add_noise(blurred, torch.rand(1) * 20)
    return compress_jpeg(noisy, [int(torch.randint(20, 95, ()))])
