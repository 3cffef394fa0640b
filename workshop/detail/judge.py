"""PSNR as published tables have it: of luma with `scale` pixels shaved for enlarging, of all colours for denoising.

Noise is Gaussian of a fixed seed, not clipped. Set5 and Set14 enlarged, CBSD68 denoised, JPEG of quality 10 on Set14.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from workshop.detail.degrade import compressed, noisy, shrunk

Restore = Callable[[Tensor], Tensor]
SIGMAS = (15, 25, 50)


def psnr(one: Tensor, other: Tensor) -> float:
    """Decibels between two pictures of 0..1."""
    return -10 * math.log10(max(float(((one - other) ** 2).mean()), 1e-10))


def luma(picture: Tensor) -> Tensor:
    """ITU-R BT.601 luma in studio range, as the tables take it (MATLAB's rgb2ycbcr)."""
    weights = torch.tensor([65.481, 128.553, 24.966], device=picture.device) / 255
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True) + 16 / 255


def rounded(picture: Tensor) -> Tensor:
    return (picture.clamp(0, 1) * 255).round() / 255


def enlarging(enlarge: Restore, sets: dict[str, list[np.ndarray]], scale: int) -> dict[str, float]:
    """Set -> mean PSNR-Y."""
    return {name: _mean(_enlarged(enlarge, p, scale) for p in sets[name]) for name in ("Set5", "Set14")}


def denoising(restore: Restore, pictures: list[np.ndarray]) -> dict[str, float]:
    """sigma -> mean colour PSNR, not rounded (as published tables)."""
    return {f"sigma{s}": _mean(_denoised(restore, p, s, i) for i, p in enumerate(pictures)) for s in SIGMAS}


def unjpegging(restore: Restore, pictures: list[np.ndarray], quality: int = 10) -> dict[str, float]:
    """The gain in decibels over the JPEG itself, in all colours."""
    return {f"jpeg{quality}_gain": _mean(_unjpegged(restore, p, quality) for p in pictures)}


def _enlarged(enlarge: Restore, picture: np.ndarray, scale: int) -> float:
    whole = tensor(picture)
    whole = whole[:, :, : whole.shape[2] // scale * scale, : whole.shape[3] // scale * scale]
    made = rounded(enlarge(shrunk(whole, scale)))
    inner = (..., slice(scale, -scale), slice(scale, -scale))
    return psnr(luma(made)[inner], luma(whole)[inner])


def _denoised(restore: Restore, picture: np.ndarray, sigma: float, seed: int) -> float:
    torch.manual_seed(seed)
    whole = tensor(picture)
    return psnr(restore(noisy(whole, torch.tensor([sigma]))).clamp(0, 1), whole)


def _unjpegged(restore: Restore, picture: np.ndarray, quality: int) -> float:
    whole = tensor(picture)
    worn = compressed(whole, [quality])
    return psnr(rounded(restore(worn)), whole) - psnr(worn, whole)


def tensor(picture: np.ndarray) -> Tensor:
    """1 x 3 x H x W, 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255


def of_network(net: torch.nn.Module, multiple: int = 1, dtype: torch.dtype = torch.float32) -> Restore:
    """The network on a picture of any size, padded to a multiple by its own mirror image."""

    def restore(picture: Tensor) -> Tensor:
        height, width = picture.shape[2:]
        pad = [0, -width % multiple, 0, -height % multiple]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            made = net(F.pad(picture, pad, mode="reflect"))
        return made if made.shape[2] > picture.shape[2] + pad[3] else made[:, :, :height, :width]

    return restore


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)
