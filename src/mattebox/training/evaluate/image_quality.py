"""PSNR as published tables have it: of luma with `scale` pixels shaved for enlarging, of all colours for denoising.

    python -m mattebox.training.evaluate.image_quality DATA --card up4-1 [--card FILE.json ...] [--effort best]
        [--perceptual FILE.npz [--learned squeeze.pth]]

Noise is Gaussian of a fixed seed, not clipped. Set5 and Set14 enlarged, CBSD68 denoised, JPEG of quality 10 to 40 on
Set14.
SSIM is of luma, as Wang et al. (2004) have it. Cards run as the house runs them; each beside bicubic, or the input.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.enhancement.tiled_inference import plan_tile_spans
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.training.data.patches import read_photographs
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.tasks.restore.real_degradation import degrade_realistically
from mattebox.training.tasks.restore.synthetic_degradation import add_noise, compress_jpeg, downscale

RestoreFunction = Callable[[Tensor], Tensor]
NOISE_SIGMAS, JPEG_QUALITIES = (15, 25, 50), (10, 20, 30, 40)


def psnr(result: Tensor, reference: Tensor) -> float:
    """Decibels between two pictures of 0..1."""
    return -10 * math.log10(max(float(((result - reference) ** 2).mean()), 1e-10))


def luma(picture: Tensor) -> Tensor:
    """ITU-R BT.601 luma in studio range, as the tables take it (MATLAB's rgb2ycbcr)."""
    weights = torch.tensor([65.481, 128.553, 24.966], device=picture.device) / 255
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True) + 16 / 255


def round_to_8_bits(picture: Tensor) -> Tensor:
    return (picture.clamp(0, 1) * 255).round() / 255


def upscaling_scores(upscale: RestoreFunction, sets: dict[str, list[np.ndarray]], scale: int) -> dict[str, float]:
    """Set -> mean PSNR-Y."""
    return {name: _rounded_mean(_upscaling_psnr(upscale, p, scale) for p in sets[name]) for name in ("Set5", "Set14")}


def denoising_scores(restore: RestoreFunction, pictures: list[np.ndarray]) -> dict[str, float]:
    """sigma -> mean colour PSNR, not rounded (as published tables)."""
    return {
        f"sigma{s}": _rounded_mean(_denoising_psnr(restore, p, s, i) for i, p in enumerate(pictures))
        for s in NOISE_SIGMAS
    }


def jpeg_restoration_scores(
    restore: RestoreFunction, pictures: list[np.ndarray], quality: int = 10
) -> dict[str, float]:
    """The gain in decibels over the JPEG itself, in all colours."""
    return {f"jpeg{quality}_gain": _rounded_mean(_jpeg_psnr_gain(restore, p, quality) for p in pictures)}


def real_world_scores(
    upscale: RestoreFunction, pictures: list[np.ndarray], scale: int, perceptual: PerceptualDistance
) -> dict[str, float]:
    """PSNR-Y of photographs that lived (a fixed seed), and how near they look: minus ten perceptual distances."""
    torch.manual_seed(0)
    pairs = [
        (round_to_8_bits(upscale(degrade_realistically(whole, scale))), whole)
        for whole in (_crop_to_multiple(p, scale) for p in pictures)
    ]
    with torch.inference_mode():
        near = _rounded_mean(-10 * float(perceptual(a, b)) for a, b in pairs)
    return {"lived PSNR-Y": _rounded_mean(psnr(luma(a), luma(b)) for a, b in pairs), "lived nearness": near}


def _crop_to_multiple(picture: np.ndarray, scale: int) -> Tensor:
    whole = picture_to_tensor(picture)
    return whole[:, :, : whole.shape[2] // scale * scale, : whole.shape[3] // scale * scale]


def benchmark_scores(
    restore: RestoreFunction,
    scale: int,
    sets: dict[str, list[np.ndarray]],
    perceptual: PerceptualDistance | None = None,
) -> dict[str, float]:
    """All figures of a network, named as in tables."""
    if scale == 1:
        return _restoration_scores(restore, sets, perceptual)
    found = {}
    for name in ("Set5", "Set14"):
        pairs = [_upscaled_pair(restore, p, scale) for p in sets[name]]
        inner = (..., slice(scale, -scale), slice(scale, -scale))
        found[f"{name} PSNR-Y"] = _rounded_mean(psnr(luma(a)[inner], luma(b)[inner]) for a, b in pairs)
        found[f"{name} SSIM-Y"] = round(float(np.mean([ssim(luma(a)[inner], luma(b)[inner]) for a, b in pairs])), 4)
        if perceptual is not None:
            with torch.inference_mode():
                seen = [float(perceptual(a, b)) for a, b in pairs]
            found[f"{name} {perceptual.name}"] = round(float(np.mean(seen)), 4)
    return found


def _restoration_scores(
    restore: RestoreFunction, sets: dict[str, list[np.ndarray]], perceptual: PerceptualDistance | None
) -> dict[str, float]:
    """`table` of a network that restores: noise by PSNR, JPEG by its gain, and by SSIM and looks before and after."""
    found = {f"CBSD68 {name} PSNR": v for name, v in denoising_scores(restore, sets["CBSD68"]).items()}
    for quality in JPEG_QUALITIES:
        found[f"Set14 JPEG {quality} PSNR gain"] = jpeg_restoration_scores(restore, sets["Set14"], quality)[
            f"jpeg{quality}_gain"
        ]
    worn = [(compress_jpeg(picture_to_tensor(p), [10]), picture_to_tensor(p)) for p in sets["Set14"]]
    for what, pairs in (("JPEG 10", worn), ("JPEG 10 restored", [(round_to_8_bits(restore(a)), b) for a, b in worn])):
        found[f"Set14 {what} SSIM-Y"] = round(float(np.mean([ssim(luma(a), luma(b)) for a, b in pairs])), 4)
        if perceptual is not None:
            with torch.inference_mode():
                seen = [float(perceptual(a, b)) for a, b in pairs]
            found[f"Set14 {what} {perceptual.name}"] = round(float(np.mean(seen)), 4)
    return found


def ssim(result: Tensor, reference: Tensor) -> float:
    """Of luma 0..1, windows of 11 x 11 under a Gaussian of 1.5, inside only."""
    line = torch.exp(-0.5 * ((torch.arange(11.0) - 5) / 1.5) ** 2)
    window = (line[:, None] * line)[None, None] / line.sum() ** 2

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x, window)

    a, b = mean(result), mean(reference)
    va, vb, both = mean(result * result) - a * a, mean(reference * reference) - b * b, mean(result * reference) - a * b
    c1, c2 = 0.01**2, 0.03**2
    return float((((2 * a * b + c1) * (2 * both + c2)) / ((a * a + b * b + c1) * (va + vb + c2))).mean())


def _upscaled_pair(upscale: RestoreFunction, picture: np.ndarray, scale: int) -> tuple[Tensor, Tensor]:
    """What was made of the shrunk picture, and the picture."""
    whole = _crop_to_multiple(picture, scale)
    return round_to_8_bits(upscale(downscale(whole, scale))), whole


def _upscaling_psnr(upscale: RestoreFunction, picture: np.ndarray, scale: int) -> float:
    made, whole = _upscaled_pair(upscale, picture, scale)
    inner = (..., slice(scale, -scale), slice(scale, -scale))
    return psnr(luma(made)[inner], luma(whole)[inner])


def _denoising_psnr(restore: RestoreFunction, picture: np.ndarray, sigma: float, seed: int) -> float:
    torch.manual_seed(seed)
    whole = picture_to_tensor(picture)
    return psnr(restore(add_noise(whole, torch.tensor([sigma]))).clamp(0, 1), whole)


def _jpeg_psnr_gain(restore: RestoreFunction, picture: np.ndarray, quality: int) -> float:
    whole = picture_to_tensor(picture)
    worn = compress_jpeg(whole, [quality])
    return psnr(round_to_8_bits(restore(worn)), whole) - psnr(worn, whole)


def picture_to_tensor(picture: np.ndarray) -> Tensor:
    """1 x 3 x H x W, 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255


def network_restorer(net: torch.nn.Module, multiple: int = 1, dtype: torch.dtype = torch.float32) -> RestoreFunction:
    """The network on a picture of any size, padded to a multiple by its own mirror image."""

    def restore(picture: Tensor) -> Tensor:
        height, width = picture.shape[2:]
        pad = [0, -width % multiple, 0, -height % multiple]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            made = net(F.pad(picture, pad, mode="reflect"))
        return made if made.shape[2] > picture.shape[2] + pad[3] else made[:, :, :height, :width]

    return restore


def card_restorer(network: ImageToImageNetwork) -> RestoreFunction:
    """A card's network on a whole picture, padded as the house does it."""
    tiles = network.tiles

    def restore(picture: Tensor) -> Tensor:
        pads = []
        for side in picture.shape[:1:-1]:
            (only,) = plan_tile_spans(side, side * tiles.scale, tiles, side)
            pads += [-only.network_input.start, only.network_input.stop - side]
        made = torch.from_numpy(network.run(F.pad(picture, pads, mode="reflect").contiguous().numpy()))
        return made[:, :, : picture.shape[2] * tiles.scale, : picture.shape[3] * tiles.scale]

    return restore


def bicubic_upscaler(scale: int) -> RestoreFunction:
    def enlarge(picture: Tensor) -> Tensor:
        return F.interpolate(picture, scale_factor=scale, mode="bicubic")

    return enlarge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with val.tar")
    parser.add_argument("--card", action="append", required=True)
    parser.add_argument("--perceptual", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--learned", type=Path, help="LPIPS's own weights over it (squeeze.pth): true LPIPS")
    parser.add_argument("--effort", choices=["quick", "best"], default="quick")
    args = parser.parse_args()
    sets = read_photographs(args.data / "val.tar")
    look = PerceptualDistance(args.perceptual, args.learned) if args.perceptual else None
    told: set[int] = set()
    for name in args.card:
        imager = (
            add_self_ensemble(ImageToImageNetwork.open(name))
            if args.effort == "best"
            else ImageToImageNetwork.open(name)
        )
        scale = imager.tiles.scale
        if scale > 1 and scale not in told:
            print(f"bicubic x{scale}", benchmark_scores(bicubic_upscaler(scale), scale, sets, look))
            if look is not None:
                print(f"bicubic x{scale}", real_world_scores(bicubic_upscaler(scale), sets["Set14"], scale, look))
            told.add(scale)
        print(imager.card.name, benchmark_scores(card_restorer(imager), scale, sets, look))
        if scale > 1 and look is not None:
            print(imager.card.name, real_world_scores(card_restorer(imager), sets["Set14"], scale, look))


def _rounded_mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)


if __name__ == "__main__":
    main()
