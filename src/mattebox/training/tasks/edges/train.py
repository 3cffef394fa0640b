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
    FEATURES,
    OPINIONS,
    Edges,
    flat,
    levelled,
    open_to,
    opinions,
)

GROUP = 10  # samples treated at a time
JUDGED = 10  # times


@dataclass(frozen=True)
class Recipe:
    """A run, as its TOML file has it. `seconds` are of the processor's own time; `pixels` are those of one sample."""

    seconds: float
    width: int = 48
    pixels: int = 700
    batch: int = 4096
    rate: float = 3e-3
    decay: float = 1e-3
    seed: int = 0

    def rate_at(self, progress: float, step: int) -> float:
        return schedule.rate_at(self.rate, progress, step, warmup=50)


class Pixels(NamedTuple):
    """What is seen of N pixels, the opinions on each, the levelled prior, the evidence, the truth."""

    seen: Tensor
    said: Tensor
    level: Tensor
    worth: Tensor
    truth: Tensor

    def errors(self, shares: Tensor) -> Tensor:
        mixed = (shares * self.said).sum(1)
        return self.level + self.worth * (mixed - self.level) - self.truth

    def some(self, which: Tensor) -> Pixels:
        return Pixels(*(part[which] for part in self))


def drawn(pool: Path, split: str, recipe: Recipe) -> Pixels:
    """Pixels of all samples of a split; every third group of samples is seen at half size, as large pictures are."""
    rng, made = np.random.default_rng(recipe.seed), []
    for path in sorted(pool.glob(f"{split}-*.npy")):
        samples = np.load(path)
        for i in range(0, len(samples), GROUP):
            batch = torch.from_numpy(samples[i : i + GROUP]).float() / 255
            made.append(_pixels(rng, batch, recipe.pixels, half=i // GROUP % 3 == 2))
    return Pixels(*(torch.cat(parts) for parts in zip(*made, strict=True)))


def _pixels(rng: np.random.Generator, batch: Tensor, count: int, half: bool) -> Pixels:
    x, truth = batch[:, :FEATURES], batch[:, FEATURES]
    level, worth = levelled(x[:, 3]), open_to(x)[:, 0]
    whole = flat(x) if not half else F.interpolate(flat(F.avg_pool2d(x, 2)), scale_factor=2.0, mode="bilinear")
    places = torch.cat([_some(rng, one.nonzero(), count, n) for n, one in enumerate(worth > 0)])
    n, row, column = places.unbind(1)
    seen, said = whole[n, :, row, column].half(), opinions(x)[n, :, row, column]
    return Pixels(seen, said, level[n, row, column], worth[n, row, column], truth[n, row, column])


def _some(rng: np.random.Generator, places: Tensor, count: int, sample: int) -> Tensor:
    """At most so many of a sample's places: sample, row, column."""
    chosen = places[torch.from_numpy(rng.permutation(len(places))[:count])]
    return F.pad(chosen, (1, 0), value=sample)


def started(recipe: Recipe, pixels: Pixels) -> Edges:
    """A network that sees its pixels about a mean of nothing, with a deviation of one."""
    torch.manual_seed(recipe.seed)
    net, seen = Edges(recipe.width), pixels.seen.float()
    net.mean.copy_(seen.mean(0))
    net.deviation.copy_(seen.std(0) + 1e-3)
    return net


@torch.no_grad()
def judge(net: Edges, held: Pixels) -> dict[str, float]:
    """Mean absolute error x 1000 of the network, and of the levelled prior and the colour models by themselves."""
    count = len(held.truth)
    alone = {
        name: F.one_hot(torch.tensor(i), OPINIONS).float().expand(count, OPINIONS)
        for name, i in (("plain", 0), ("models", 1), ("palette", 6))
    }
    told = {"learned": net.said(held.seen.float()), **alone}
    return {name: round(1000 * float(held.errors(shares).abs().mean()), 2) for name, shares in told.items()}


def train(recipe: Recipe, pool: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pixels, held = drawn(pool, "train", recipe), drawn(pool, "val", recipe)
    net, best = started(recipe, pixels), math.inf
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    begun, step, judged = time.process_time(), 0, 0
    while judged < JUDGED:
        progress = (time.process_time() - begun) / recipe.seconds
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(progress, step)
        some = pixels.some(torch.randint(len(pixels.truth), (recipe.batch,)))
        miss = some.errors(net.said(some.seen.float()))
        optimiser.zero_grad(set_to_none=True)
        (miss.abs().mean() + miss.square().mean()).backward()
        optimiser.step()
        step += 1
        if progress * JUDGED >= judged + 1:
            judged, scores = judged + 1, judge(net, held)
            with open(out / "log.jsonl", "a") as log:
                log.write(json.dumps({"step": step, **scores}) + "\n")
            if scores["learned"] < best:
                best = scores["learned"]
                state = {"average": copy.deepcopy(net.state_dict()), "width": recipe.width, "scores": scores}
                checkpoint.write(state, out / "best.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("pool", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train(Recipe(**tomllib.loads(args.recipe.read_text())), args.pool, args.out)


if __name__ == "__main__":
    main()
