"""Fit the learned illuminant estimator: photographs taken for neutral are relit, and the light is predicted.

    python -m mattebox.training.tasks.white_balance.train DATA --out src/mattebox/enhancement/weights

Log-chroma histogram filters (Barron 2015, convolutional colour constancy), in about three minutes on one processor.
DATA holds tar shards of photographs: restore/train.tar, matte/background-*.tar, matte/unlabelled-*.tar; of the latter
only sets that share no picture with the benchmark's are taken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.enhancement import illuminant, learned_illuminant
from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.light_sample import sample_light
from mattebox.training.data.tar_shards import open_tar_image
from mattebox.types import Picture

MAX_PHOTOGRAPHS_BY_SET = {"houses_bg": 900, "caltech_bg_google": 300, "imagenet_samples_unl": 1000, "clothing_unl": 300,
        "caltech101_unl": 700, "ccp_unlabelled": 150}  # fmt: skip
ROUGHNESS_WEIGHT = 1e-6  # of the penalty on filters that are not smooth
LIGHTS_PER_PHOTOGRAPH = 8
SIDE_PIXELS = 256
BIN_CENTRES = (
    torch.arange(learned_illuminant.BINS_PER_AXIS) - learned_illuminant.BINS_PER_AXIS / 2 + 0.5
) * learned_illuminant.BIN_WIDTH_LOG_CHROMATICITY
HISTOGRAM_SHAPE = (learned_illuminant.BINS_PER_AXIS, learned_illuminant.BINS_PER_AXIS)
COLOUR_SPACE = colour_space_of(Picture(np.zeros((1, 1, 3), np.uint8)))
Float64Array = NDArray[np.float64]


def stream_photographs(data: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Set and pixels, H x W x 3 uint8, of every colour photograph to learn from."""
    remaining = dict(MAX_PHOTOGRAPHS_BY_SET)
    shards = [data / "restore/train.tar", *sorted((data / "cutout").glob("[bu]*.tar"))]
    for shard in shards:
        with tarfile.open(shard) as tar:
            for member in tar:
                kind = member.name.split("/")[0] if "/" in member.name else "bsd"
                if not member.isfile() or not (kind == "bsd" or remaining.get(kind, 0) > 0):
                    continue
                image = open_tar_image(tar, member)
                if image.mode != "RGB":
                    continue
                image.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
                rgb = np.asarray(image)
                if np.ptp(rgb.astype(int), axis=-1).mean() > 6:
                    remaining[kind] = remaining.get(kind, 0) - 1
                    yield kind, rgb


def random_illuminant(rng: np.random.Generator) -> Float64Array:
    """Linear RGB with green 1: neutral for a fifth of the photographs, else near the daylight locus or anywhere."""
    chance = rng.random()
    if chance < 0.2:
        return np.ones(3)
    if chance < 0.65:
        daylight = illuminant.light_from_kelvin(1e6 / rng.uniform(50, 420), COLOUR_SPACE)
        return np.asarray(daylight * np.exp([0, rng.normal(0, 0.06), 0]))
    return np.asarray(np.exp([rng.normal(0, 0.25), 0, rng.normal(0, 0.35)]))


def relight(rgb: NDArray[np.uint8], illuminant_rgb: Float64Array, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The photograph under a light, in 8 bits: at equal luminance, or exposed so that little is clipped."""
    linear = decode_srgb(rgb.astype(np.float32) / 255)
    gain = illuminant_rgb / (illuminant_rgb @ (0.2126, 0.7152, 0.0722) if rng.random() < 0.5 else illuminant_rgb.max())
    return np.rint(encode_srgb(linear * gain * rng.uniform(0.7, 1.0)) * 255).astype(np.uint8)


def build_examples(data: Path, seed: int) -> tuple[Tensor, Tensor]:
    """Log-chroma histograms N x PLANES x BINS x BINS, and log chromaticities of the lights N x 2."""
    rng, planes, casts = np.random.default_rng(seed), [], []
    limit = learned_illuminant.BINS_PER_AXIS * learned_illuminant.BIN_WIDTH_LOG_CHROMATICITY / 2 - 0.1
    for _, rgb in stream_photographs(data):
        for _ in range(LIGHTS_PER_PHOTOGRAPH):
            light = random_illuminant(rng)
            pixels = sample_light(Picture(relight(rgb, light, rng)), side=SIDE_PIXELS)
            histograms = learned_illuminant.log_chroma_histograms(pixels)
            cast = np.log(light[[0, 2]] / light[1])
            if histograms is not None and np.abs(cast).max() < limit:
                planes.append(histograms)
                casts.append(cast)
    return torch.from_numpy(np.stack(planes)), torch.from_numpy(np.stack(casts)).float()


def fit_filters(planes: Tensor, casts: Tensor, epochs: int, rate: float = 0.05) -> tuple[Tensor, Tensor]:
    """Fit the filters, PLANES x BINS x BINS, and the prior, BINS x BINS, by Adam on cross entropy and distance."""
    filters = torch.zeros(learned_illuminant.HISTOGRAM_COUNT, *HISTOGRAM_SHAPE, requires_grad=True)
    prior = torch.zeros(HISTOGRAM_SHAPE, requires_grad=True)
    optimiser = torch.optim.Adam([filters, prior], rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(planes)).split(256):
            loss = _loss(planes[batch], casts[batch], filters, prior)
            optimiser.zero_grad()
            (loss + _roughness(filters, prior)).backward()
            optimiser.step()
            total += loss.item() * len(batch)
        schedule.step()
        print(f"epoch {epoch + 1}: {total / len(planes):.4f}", flush=True)
    return filters.detach(), prior.detach()


def score_bins(planes: Tensor, filters: Tensor, prior: Tensor) -> Tensor:
    spectrum = torch.fft.rfft2(planes) * torch.fft.rfft2(filters)
    scores: Tensor = torch.fft.irfft2(spectrum.sum(1), s=HISTOGRAM_SHAPE) + prior
    return scores


def _loss(planes: Tensor, casts: Tensor, filters: Tensor, prior: Tensor) -> Tensor:
    logs = score_bins(planes, filters, prior).flatten(1).log_softmax(1)
    mean = _mean_chromaticity(logs.exp())
    squared_distance = (BIN_CENTRES[None, :, None] - casts[:, 0, None, None]) ** 2 + (
        BIN_CENTRES[None, None] - casts[:, 1, None, None]
    ) ** 2
    soft_target = (-squared_distance / (2 * 0.05**2)).flatten(1).softmax(1)
    loss: Tensor = (
        0.1 * -(soft_target * logs).sum(1).mean() + 10 * ((mean - casts).square().sum(1) + 1e-5).sqrt().mean()
    )
    return loss


def _mean_chromaticity(probabilities: Tensor) -> Tensor:
    """Expected log chromaticities N x 2 of probabilities of the bins, N x BINS^2."""
    share = probabilities.view(-1, *HISTOGRAM_SHAPE)
    return torch.stack([(share.sum(2) * BIN_CENTRES).sum(1), (share.sum(1) * BIN_CENTRES).sum(1)], 1)


def _roughness(filters: Tensor, prior: Tensor) -> Tensor:
    """Penalty on differences of neighbouring bins, against overfitting."""
    total = torch.zeros(())
    for x, weight in ((filters, ROUGHNESS_WEIGHT), (prior[None], ROUGHNESS_WEIGHT)):
        total = total + weight * ((x - x.roll(1, 1)).square().sum() + (x - x.roll(1, 2)).square().sum())
        total = total + 0.1 * weight * x.square().sum()
    return total


def angular_errors_degrees(planes: Tensor, casts: Tensor, filters: Tensor, prior: Tensor) -> tuple[float, float]:
    """Mean and median angle in degrees between predicted and true lights."""
    errors = []
    for piece, truth in zip(planes.split(512), casts.split(512), strict=True):
        mean = _mean_chromaticity(score_bins(piece, filters, prior).flatten(1).softmax(1))
        predicted, true = (F.normalize(F.pad(c.exp(), (1, 0), value=1)) for c in (mean, truth))
        errors.append(torch.rad2deg(torch.acos((predicted * true).sum(1).clamp(max=1))))
    degrees = torch.cat(errors)
    return degrees.mean().item(), degrees.median().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    planes, casts = build_examples(arguments.data, 1)
    is_held_out = torch.arange(len(planes)) // LIGHTS_PER_PHOTOGRAPH % 10 == 9  # whole photographs
    filters, prior = fit_filters(planes[~is_held_out], casts[~is_held_out], arguments.epochs)
    mean, median = angular_errors_degrees(planes[is_held_out], casts[is_held_out], filters, prior)
    write_weights(arguments.out / learned_illuminant.WEIGHTS_PATH.name, filters, prior, len(planes), (mean, median))


def write_weights(
    path: Path, filters: Tensor, prior: Tensor, count: int, mean_and_median_error: tuple[float, float]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, filters=filters.numpy().astype(np.float16), prior=prior.numpy().astype(np.float16))
    card = {
        "name": path.stem,
        "summary": "log-chroma patterns that tell the colour of the light, fitted by the mattebox training code",
        "weights": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "licence": {
            "name": "Apache-2.0",
            "commercial": True,
            "notes": "The weights are ours. The photographs they were learned from belong to others; see data.",
        },
        "data": [
            "BSD, 399 training photographs",
            *(f"{name}, at most {limit}" for name, limit in MAX_PHOTOGRAPHS_BY_SET.items()),
        ],
        "figures": [
            {"what": "examples, a tenth of the photographs held out", "value": count},
            {"what": "mean degrees on those held out", "value": round(mean_and_median_error[0], 2)},
            {"what": "median degrees on those held out", "value": round(mean_and_median_error[1], 2)},
        ],
        "command": "python -m mattebox.training.tasks.white_balance.train DATA --out src/mattebox/enhancement/weights",
    }
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n")
    mean, median = mean_and_median_error
    print(f"{path}: {path.stat().st_size} bytes; {mean:.2f} degrees (median {median:.2f})")


if __name__ == "__main__":
    main()
