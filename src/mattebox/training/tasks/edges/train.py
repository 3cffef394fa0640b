"""Train the edge network on samples that mattebox.training.tasks.edges.scenes has laid up.

    python -m mattebox.training.tasks.edges.train runs/edges-2.toml POOL OUT

Every layer looks at single pixels (what is around them is in their features), so pixels are drawn from all samples
once, where colours may have a say, and training takes half a minute of one processor. The loss is the absolute and the
squared error of alpha. OUT/best.pt is what did best on POOL's validation samples. Knows nothing of export.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.core import checkpoint, schedule
from mattebox.training.networks.edge_network import (
    CANDIDATE_COUNT,
    FEATURE_COUNT,
    EdgeNet,
    alpha_candidates,
    flatten_pyramid,
    refinement_weight,
    stretch_levels,
)

SAMPLES_PER_GROUP = 10  # samples treated at a time
EVALUATION_COUNT = 10  # times


@dataclass(frozen=True)
class EdgeSettings:
    """A run, as its TOML file has it. `seconds` are of the processor's own time; `pixels` are those of one sample."""

    seconds: float
    width: int = 48
    pixels: int = 700
    batch: int = 4096
    rate: float = 3e-3
    decay: float = 1e-3
    seed: int = 0

    def learning_rate_at(self, progress: float, step: int) -> float:
        return schedule.cosine_learning_rate(self.rate, progress, step, warmup_steps=50)


class PixelSamples(NamedTuple):
    """What is seen of N pixels, the opinions on each, the levelled prior, the evidence, the truth."""

    features: Tensor
    candidates: Tensor
    levelled_prior: Tensor
    weight: Tensor
    truth: Tensor

    def errors(self, weights: Tensor) -> Tensor:
        mixed = (weights * self.candidates).sum(1)
        return self.levelled_prior + self.weight * (mixed - self.levelled_prior) - self.truth

    def select(self, indices: Tensor) -> PixelSamples:
        return PixelSamples(*(part[indices] for part in self))


def sample_pixels(sample_folder: Path, split: str, settings: EdgeSettings) -> PixelSamples:
    """Pixels of all samples of a split; every third group of samples is seen at half size, as large pictures are."""
    rng, made = np.random.default_rng(settings.seed), []
    for path in sorted(sample_folder.glob(f"{split}-*.npy")):
        samples = np.load(path)
        for i in range(0, len(samples), SAMPLES_PER_GROUP):
            batch = torch.from_numpy(samples[i : i + SAMPLES_PER_GROUP]).float() / 255
            made.append(_sample_group_pixels(rng, batch, settings.pixels, at_half_size=i // SAMPLES_PER_GROUP % 3 == 2))
    return PixelSamples(*(torch.cat(parts) for parts in zip(*made, strict=True)))


def _sample_group_pixels(rng: np.random.Generator, batch: Tensor, count: int, at_half_size: bool) -> PixelSamples:
    x, truth = batch[:, :FEATURE_COUNT], batch[:, FEATURE_COUNT]
    level, worth = stretch_levels(x[:, 3]), refinement_weight(x)[:, 0]
    whole = (
        flatten_pyramid(x)
        if not at_half_size
        else F.interpolate(flatten_pyramid(F.avg_pool2d(x, 2)), scale_factor=2.0, mode="bilinear")
    )
    places = torch.cat([_choose_places(rng, one.nonzero(), count, n) for n, one in enumerate(worth > 0)])
    n, row, column = places.unbind(1)
    seen, said = whole[n, :, row, column].half(), alpha_candidates(x)[n, :, row, column]
    return PixelSamples(seen, said, level[n, row, column], worth[n, row, column], truth[n, row, column])


def _choose_places(rng: np.random.Generator, places: Tensor, count: int, sample_index: int) -> Tensor:
    """At most so many of a sample's places: sample, row, column."""
    chosen = places[torch.from_numpy(rng.permutation(len(places))[:count])]
    return F.pad(chosen, (1, 0), value=sample_index)


def initialise_edge_network(settings: EdgeSettings, pixels: PixelSamples) -> EdgeNet:
    """A network that sees its pixels about a mean of nothing, with a deviation of one."""
    torch.manual_seed(settings.seed)
    net, seen = EdgeNet(settings.width), pixels.features.float()
    net.mean.copy_(seen.mean(0))
    net.deviation.copy_(seen.std(0) + 1e-3)
    return net


@torch.no_grad()
def evaluate_edges(net: EdgeNet, validation: PixelSamples) -> dict[str, float]:
    """Mean absolute error x 1000 of the network, and of the levelled prior and the colour models by themselves."""
    count = len(validation.truth)
    alone = {
        name: F.one_hot(torch.tensor(i), CANDIDATE_COUNT).float().expand(count, CANDIDATE_COUNT)
        for name, i in (("plain", 0), ("models", 1), ("palette", 6))
    }
    told = {"learned": net.predict_pixel_weights(validation.features.float()), **alone}
    return {name: round(1000 * float(validation.errors(shares).abs().mean()), 2) for name, shares in told.items()}


def train_edges(settings: EdgeSettings, sample_folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pixels, held = sample_pixels(sample_folder, "train", settings), sample_pixels(sample_folder, "val", settings)
    net, best = initialise_edge_network(settings, pixels), math.inf
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=settings.decay)
    begun, step, judged = time.process_time(), 0, 0
    while judged < EVALUATION_COUNT:
        progress = (time.process_time() - begun) / settings.seconds
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate_at(progress, step)
        some = pixels.select(torch.randint(len(pixels.truth), (settings.batch,)))
        miss = some.errors(net.predict_pixel_weights(some.features.float()))
        optimiser.zero_grad(set_to_none=True)
        (miss.abs().mean() + miss.square().mean()).backward()
        optimiser.step()
        step += 1
        if progress * EVALUATION_COUNT >= judged + 1:
            judged, scores = judged + 1, evaluate_edges(net, held)
            with open(out / "log.jsonl", "a") as log:
                log.write(json.dumps({"step": step, **scores}) + "\n")
            if scores["learned"] < best:
                best = scores["learned"]
                state = {"average": copy.deepcopy(net.state_dict()), "width": settings.width, "scores": scores}
                checkpoint.write(state, out / "best.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("pool", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train_edges(EdgeSettings(**tomllib.loads(args.recipe.read_text())), args.pool, args.out)


if __name__ == "__main__":
    main()
