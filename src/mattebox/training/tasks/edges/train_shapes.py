"""Teach a trained edge network to see shapes: convolutions over whole samples, beside the layers that it has.

    python -m mattebox.training.tasks.edges.train_shapes runs/edges-shapes.toml POOL OUT --start EDGES/best.pt [--threads 2]

Where strands run is not told by pixels, however much of what is around them they know. The loss is that of
mattebox/training/tasks/edges/train, over all pixels that are open, and the error of alpha's slope, which wants strands thin. A
checkpoint every minute; the same command goes on. OUT/best.pt is what did best on POOL's validation samples.
"""

from __future__ import annotations

import argparse
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.core import checkpoint, mixed_precision, schedule
from mattebox.training.core.run_log import log
from mattebox.training.core.trainer import Trainee
from mattebox.training.networks.edge_network import FEATURES, Edges, mixed, open_to, twice

SAVE_EVERY, JUDGED = 60.0, 12
HALVED = 1 / 3  # of the batches are seen at half size, as large pictures are


@dataclass(frozen=True)
class Recipe:
    """A run, as its TOML file has it; `shapes` are the widths of the convolutions at full, half and quarter size."""

    minutes: float
    shapes: tuple[int, int, int] = (16, 32, 48)
    batch: int = 8
    rate: float = 1e-3
    decay: float = 1e-3
    average: float = 0.998
    slope: float = 0.5
    seed: int = 0

    def rate_at(self, progress: float, step: int) -> float:
        return schedule.rate_at(self.rate, progress, step, warmup=100)


def load(pool: Path, split: str) -> Tensor:
    """All samples of a split, N x 14 x SIDE x SIDE uint8."""
    return torch.from_numpy(np.concatenate([np.load(path) for path in sorted(pool.glob(f"{split}-*.npy"))]))


def turned(batch: Tensor) -> Tensor:
    """Flipped and turned at random, all alike."""
    if torch.rand(()) < 0.5:
        batch = batch.flip(3)
    return torch.rot90(batch, int(torch.randint(4, ())), (2, 3))


def misses(net: Edges, batch: Tensor, half: bool) -> tuple[Tensor, Tensor]:
    """Alpha's error, and how far each pixel is open: N x 1 x H x W both."""
    x, truth = batch[:, :FEATURES], batch[:, FEATURES:]
    shares = twice(net.weigh(F.avg_pool2d(x, 2))) if half else net.weigh(x)
    return mixed(shares.float(), x) - truth, open_to(x)


def loss_of(error: Tensor, worth: Tensor, slope: float) -> Tensor:
    weight = (worth > 0).float()
    count = weight.sum().clamp_min(1)
    steps = sum((weight * (error - torch.roll(error, 1, axis)).abs()).sum() for axis in (2, 3))
    loss: Tensor = ((weight * (error.abs() + error.square())).sum() + slope * steps) / count
    return loss


@torch.no_grad()
def judge(net: Edges, held: Tensor) -> float:
    """Mean absolute error x 1000 of what is open, at full size and at half."""
    wrong, count = 0.0, 0
    for half in (False, True):
        for part in held.split(20):
            error, worth = misses(net, part.float() / 255, half)
            wrong += float(error[worth > 0].abs().sum())
            count += int((worth > 0).sum())
    return round(1000 * wrong / max(count, 1), 2)


def begun(recipe: Recipe, start: Path) -> Edges:
    """The trained network with shapes that say nothing yet."""
    torch.manual_seed(recipe.seed)
    state = checkpoint.read(start, torch.device("cpu"))
    net = Edges(state["width"], recipe.shapes)
    net.load_state_dict({**net.state_dict(), **state["average"]})
    return net


class Run(Trainee):
    """An edge network that learns shapes, and how often it was judged."""

    def __init__(self, recipe: Recipe, start: Path) -> None:
        self.recipe, self.judged, net = recipe, 0, begun(recipe, start)
        optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        super().__init__(net, optimiser, keep=recipe.average, longest=1.0)

    @property
    def progress(self) -> float:
        return self.spent / (self.recipe.minutes * 60)

    def advance(self, samples: Tensor) -> None:
        """One step."""
        started, recipe, rate = time.perf_counter(), self.recipe, self.recipe.rate_at(self.progress, self.step)
        batch = turned(samples[torch.randint(len(samples), (recipe.batch,))]).float() / 255
        self.net.train()
        with mixed_precision.mixed(torch.device("cpu")):
            error, worth = misses(self.net, batch, half=bool(torch.rand(()) < HALVED))
        self.descend(loss_of(error.float(), worth, recipe.slope), rate)
        self.spent += time.perf_counter() - started

    def judge(self, held: Tensor, out: Path) -> None:
        """Score the running average; keep it when it is the best so far."""
        self.judged += 1
        score = judge(self.average, held)
        row = {"step": self.step, "spent": round(self.spent, 1), "learned": score}
        log(out, row)
        if -score > self.best:
            self.best = -score
            state = {"average": self.average.state_dict(), "width": self.net.width}
            checkpoint.write(state | {"shapes": self.recipe.shapes, "scores": row}, out / "best.pt")


def tune(recipe: Recipe, pool: Path, out: Path, start: Path) -> None:
    """Train until the minutes are spent, going on where a killed run was."""
    out.mkdir(parents=True, exist_ok=True)
    samples, held, run = load(pool, "train"), load(pool, "val"), Run(recipe, start)
    if (out / "last.pt").exists():
        run.judged = run.load(out / "last.pt")["judged"]
    torch.manual_seed(recipe.seed + run.step)
    saved = time.monotonic()
    while run.progress < 1:
        run.advance(samples)
        if run.progress * JUDGED >= run.judged + 1:
            run.judge(held, out)
        if time.monotonic() - saved > SAVE_EVERY or run.progress >= 1:
            saved = time.monotonic()
            run.save(out / "last.pt", judged=run.judged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("pool", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, required=True, help="best.pt of mattebox.training.tasks.edges.train")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    told: dict[str, Any] = tomllib.loads(args.recipe.read_text())
    recipe = Recipe(**(told | {"shapes": tuple(told.get("shapes", Recipe.shapes))}))
    tune(recipe, args.pool, args.out, args.start)


if __name__ == "__main__":
    main()
