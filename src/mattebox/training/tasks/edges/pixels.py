"""Pixels along edges as training data for the edge network: features, candidates and true alpha of each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.errors import InputMissing
from mattebox.training.networks.edge_candidates import alpha_candidates, refinement_weight
from mattebox.training.networks.edge_features import FEATURE_COUNT, flatten_pyramid, stretch_levels

SAMPLES_PER_GROUP = 10  # processed at a time
HALF_SIZE_GROUP_INTERVAL = 3  # every third group is seen at half size, as large pictures are


class PixelSamples(NamedTuple):
    """N pixels: features, candidate alphas, levelled prior, refinement weight, true alpha."""

    features: Tensor
    candidates: Tensor
    levelled_prior: Tensor
    weight: Tensor
    truth: Tensor

    def errors(self, weights: Tensor) -> Tensor:
        """Error of alpha where the candidates have these weights, N x 8."""
        mixed = (weights * self.candidates).sum(1)
        return self.levelled_prior + self.weight * (mixed - self.levelled_prior) - self.truth

    def select(self, indices: Tensor) -> PixelSamples:
        return PixelSamples(*(part[indices] for part in self))

    def to(self, device: torch.device) -> PixelSamples:
        return PixelSamples(*(part.to(device) for part in self))


def sample_files(folder: Path, split: str) -> list[Path]:
    """The files of a split; InputMissing if there is none."""
    if files := sorted(folder.glob(f"{split}-*.npy")):
        return files
    command = f"python -m mattebox.training.tasks.edges.scenes DATA {folder} --split {split}"
    raise InputMissing(f"{folder}: no {split}-*.npy", f"make them with {command}")


def sample_pixels(folder: Path, split: str, count: int, seed: int) -> PixelSamples:
    """At most `count` pixels of each sample of a split."""
    rng, groups = np.random.default_rng(seed), []
    for path in sample_files(folder, split):
        samples = np.load(path)
        for number, start in enumerate(range(0, len(samples), SAMPLES_PER_GROUP)):
            batch = torch.from_numpy(samples[start : start + SAMPLES_PER_GROUP]).float() / 255
            at_half_size = number % HALF_SIZE_GROUP_INTERVAL == HALF_SIZE_GROUP_INTERVAL - 1
            groups.append(_sample_group_pixels(rng, batch, count, at_half_size))
    return PixelSamples(*(torch.cat(parts) for parts in zip(*groups, strict=True)))


def _sample_group_pixels(rng: np.random.Generator, batch: Tensor, count: int, at_half_size: bool) -> PixelSamples:
    x, truth = batch[:, :FEATURE_COUNT], batch[:, FEATURE_COUNT]
    level, weight = stretch_levels(x[:, 3]), refinement_weight(x)[:, 0]
    if at_half_size:
        planes = F.interpolate(flatten_pyramid(F.avg_pool2d(x, 2)), scale_factor=2.0, mode="bilinear")
    else:
        planes = flatten_pyramid(x)
    places = [_choose_places(rng, mask.nonzero(), count, n) for n, mask in enumerate(weight > 0)]
    n, row, column = torch.cat(places).unbind(1)
    features, candidates = planes[n, :, row, column].half(), alpha_candidates(x)[n, :, row, column]
    return PixelSamples(features, candidates, level[n, row, column], weight[n, row, column], truth[n, row, column])


def _choose_places(rng: np.random.Generator, places: Tensor, count: int, sample_index: int) -> Tensor:
    """At most `count` of a sample's places: sample, row, column."""
    chosen = places[torch.from_numpy(rng.permutation(len(places))[:count])]
    return F.pad(chosen, (1, 0), value=sample_index)
