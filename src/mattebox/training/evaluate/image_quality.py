"""Benchmark of super-resolution and restoration networks: PSNR, SSIM and perceptual distance on published test sets.

    python -m mattebox.training.evaluate.image_quality DATA --card up4-1 [--card FILE.json ...] [--effort best]
        [--perceptual FILE.npz [--learned squeeze.pth]]

Super-resolution on Set5 and Set14, of luma, without `scale` pixels along the edges; denoising on CBSD68, of all
colours, with Gaussian noise of a fixed seed, not clipped; restoration of JPEG at qualities 10 to 40 on Set14. Cards run
in sessions; super-resolution is compared with bicubic interpolation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.training.data.patches import read_photographs
from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.evaluate.psnr_ssim import luma, psnr, round_to_8_bits, ssim
from mattebox.training.evaluate.restorers import RestoreFunction, bicubic_upscaler, card_restorer
from mattebox.training.tasks.restore.camera_noise import degrade_as_camera
from mattebox.training.tasks.restore.real_degradation import degrade_realistically
from mattebox.training.tasks.restore.synthetic_degradation import add_noise, compress_jpeg, downscale

NOISE_SIGMAS, JPEG_QUALITIES = (15, 25, 50), (10, 20, 30, 40)
MAX_COUNTED_PSNR = 50.0  # dB: gains beyond it are not seen
UPSCALING_SETS = ("Set5", "Set14")

PicturePair = tuple[Tensor, Tensor]
"""A result and its reference, 1 x 3 x H x W, 0..1."""


def upscaling_scores(upscale: RestoreFunction, sets: dict[str, list[np.ndarray]], scale: int) -> dict[str, float]:
    """Mean PSNR of luma of the pictures of each set, downscaled and upscaled."""
    return {
        name: _rounded_mean(psnr(*_luma_without_edges(_upscaled_pair(upscale, p, scale), scale)) for p in sets[name])
        for name in UPSCALING_SETS
    }


def denoising_scores(restore: RestoreFunction, pictures: list[np.ndarray]) -> dict[str, float]:
    """Mean PSNR of all colours by sigma of the noise; results are not rounded, as in published tables."""
    return {
        f"sigma{sigma}": _rounded_mean(_denoising_psnr(restore, p, sigma, seed) for seed, p in enumerate(pictures))
        for sigma in NOISE_SIGMAS
    }


def jpeg_restoration_scores(
    restore: RestoreFunction, pictures: list[np.ndarray], quality: int = 10
) -> dict[str, float]:
    """Mean gain of PSNR of all colours over the JPEG itself."""
    return {f"jpeg{quality}_gain": _rounded_mean(_jpeg_psnr_gain(restore, p, quality) for p in pictures)}


def camera_noise_scores(restore: RestoreFunction, pictures: list[np.ndarray]) -> dict[str, float]:
    """Mean gain of PSNR of all colours over pictures with simulated camera noise, drawn with fixed seeds."""
    return {"camera_gain": _rounded_mean(_camera_psnr_gain(restore, p, seed) for seed, p in enumerate(pictures))}


def real_world_scores(
    upscale: RestoreFunction, pictures: list[np.ndarray], scale: int, perceptual: PerceptualDistance
) -> dict[str, float]:
    """Scores after realistic degradation with a fixed seed: PSNR of luma, and minus ten perceptual distances."""
    torch.manual_seed(0)
    references = [_crop_to_multiple(p, scale) for p in pictures]
    pairs = [(round_to_8_bits(upscale(degrade_realistically(r, scale))), r) for r in references]
    with torch.inference_mode():
        nearness = _rounded_mean(-10 * float(perceptual(a, b)) for a, b in pairs)
    return {"lived PSNR-Y": _rounded_mean(psnr(luma(a), luma(b)) for a, b in pairs), "lived nearness": nearness}


def benchmark_scores(
    restore: RestoreFunction,
    scale: int,
    sets: dict[str, list[np.ndarray]],
    perceptual: PerceptualDistance | None = None,
) -> dict[str, float]:
    """All benchmark scores of a network.

    Parameters
    ----------
    restore : callable
        The network on a picture.
    scale : int
        Its scale; 1 for restoration.
    sets : dict
        Pictures, H x W x 3 uint8, by test set.
    perceptual : PerceptualDistance, optional
        Adds perceptual distances.

    Returns
    -------
    dict
        Scores by their names in tables.
    """
    if scale == 1:
        return _restoration_scores(restore, sets, perceptual)
    scores = {}
    for name in UPSCALING_SETS:
        pairs = [_upscaled_pair(restore, p, scale) for p in sets[name]]
        inner = [_luma_without_edges(pair, scale) for pair in pairs]
        scores[f"{name} PSNR-Y"] = _rounded_mean(psnr(a, b) for a, b in inner)
        scores[f"{name} SSIM-Y"] = _rounded_mean((ssim(a, b) for a, b in inner), 4)
        scores |= _perceptual_score(name, pairs, perceptual)
    return scores


def _restoration_scores(
    restore: RestoreFunction, sets: dict[str, list[np.ndarray]], perceptual: PerceptualDistance | None
) -> dict[str, float]:
    """PSNR of denoising; of JPEG, the gain of PSNR, and SSIM and perceptual distance before and after restoration."""
    scores = {f"CBSD68 {name} PSNR": v for name, v in denoising_scores(restore, sets["CBSD68"]).items()}
    scores["CBSD68 camera noise PSNR gain"] = camera_noise_scores(restore, sets["CBSD68"])["camera_gain"]
    for quality in JPEG_QUALITIES:
        gain = jpeg_restoration_scores(restore, sets["Set14"], quality)[f"jpeg{quality}_gain"]
        scores[f"Set14 JPEG {quality} PSNR gain"] = gain
    compressed = [(compress_jpeg(picture_to_tensor(p), [10]), picture_to_tensor(p)) for p in sets["Set14"]]
    restored = [(round_to_8_bits(restore(a)), b) for a, b in compressed]
    for name, pairs in (("Set14 JPEG 10", compressed), ("Set14 JPEG 10 restored", restored)):
        scores[f"{name} SSIM-Y"] = _rounded_mean((ssim(luma(a), luma(b)) for a, b in pairs), 4)
        scores |= _perceptual_score(name, pairs, perceptual)
    return scores


def _perceptual_score(name: str, pairs: list[PicturePair], perceptual: PerceptualDistance | None) -> dict[str, float]:
    """Mean perceptual distance under a set's name; nothing without a measure."""
    if perceptual is None:
        return {}
    with torch.inference_mode():
        return {f"{name} {perceptual.name}": _rounded_mean((float(perceptual(a, b)) for a, b in pairs), 4)}


def _luma_without_edges(pair: PicturePair, scale: int) -> PicturePair:
    inner = (..., slice(scale, -scale), slice(scale, -scale))
    return luma(pair[0])[inner], luma(pair[1])[inner]


def _upscaled_pair(upscale: RestoreFunction, picture: np.ndarray, scale: int) -> PicturePair:
    """The picture downscaled and upscaled, and the picture."""
    reference = _crop_to_multiple(picture, scale)
    return round_to_8_bits(upscale(downscale(reference, scale))), reference


def _crop_to_multiple(picture: np.ndarray, scale: int) -> Tensor:
    x = picture_to_tensor(picture)
    return x[:, :, : x.shape[2] // scale * scale, : x.shape[3] // scale * scale]


def _denoising_psnr(restore: RestoreFunction, picture: np.ndarray, sigma: float, seed: int) -> float:
    torch.manual_seed(seed)
    reference = picture_to_tensor(picture)
    return psnr(restore(add_noise(reference, torch.tensor([sigma]))).clamp(0, 1), reference)


def _jpeg_psnr_gain(restore: RestoreFunction, picture: np.ndarray, quality: int) -> float:
    reference = picture_to_tensor(picture)
    compressed = compress_jpeg(reference, [quality])
    return psnr(round_to_8_bits(restore(compressed)), reference) - psnr(compressed, reference)


def _camera_psnr_gain(restore: RestoreFunction, picture: np.ndarray, seed: int) -> float:
    torch.manual_seed(seed)
    noisy, reference = degrade_as_camera(_crop_to_multiple(picture, 2))
    before, after = (min(psnr(x, reference), MAX_COUNTED_PSNR) for x in (noisy, round_to_8_bits(restore(noisy))))
    return after - before


def _rounded_mean(values: Iterable[float], digits: int = 3) -> float:
    return round(float(np.mean(list(values))), digits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with val.tar")
    parser.add_argument("--card", action="append", required=True)
    parser.add_argument("--perceptual", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--learned", type=Path, help="LPIPS's own weights over it (squeeze.pth): true LPIPS")
    parser.add_argument("--effort", choices=["quick", "best"], default="quick")
    args = parser.parse_args()
    sets = read_photographs(args.data / "val.tar")
    perceptual = PerceptualDistance(args.perceptual, args.learned) if args.perceptual else None
    compared_scales: set[int] = set()
    for name in args.card:
        network = ImageToImageNetwork.open(name)
        network = add_self_ensemble(network) if args.effort == "best" else network
        scale = network.tiles.scale
        if scale > 1 and scale not in compared_scales:
            _print_scores(f"bicubic x{scale}", bicubic_upscaler(scale), scale, sets, perceptual)
            compared_scales.add(scale)
        _print_scores(network.card.name, card_restorer(network), scale, sets, perceptual)


def _print_scores(
    name: str,
    restore: RestoreFunction,
    scale: int,
    sets: dict[str, list[np.ndarray]],
    perceptual: PerceptualDistance | None,
) -> None:
    print(name, benchmark_scores(restore, scale, sets, perceptual))
    if scale > 1 and perceptual is not None:
        print(name, real_world_scores(restore, sets["Set14"], scale, perceptual))


if __name__ == "__main__":
    main()
