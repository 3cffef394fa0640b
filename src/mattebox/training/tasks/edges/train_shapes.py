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
from mattebox.training.core.run_log import log_row
from mattebox.training.core.trainer import Trainer
from mattebox.training.networks.edge_network import (
    FEATURE_COUNT,
    EdgeNet,
    double_size,
    mix_candidates,
    refinement_weight,
)

CHECKPOINT_SECONDS, EVALUATION_COUNT = 60.0, 12
HALF_SIZE_SHARE = 1 / 3  # of the batches are seen at half size, as large pictures are


@dataclass(frozen=True)
class EdgeShapeSettings:
    """A run, as its TOML file has it; `shapes` are the widths of the convolutions at full, half and quarter size."""

    minutes: float
    shapes: tuple[int, int, int] = (16, 32, 48)
    batch: int = 8
    rate: float = 1e-3
    decay: float = 1e-3
    average: float = 0.998
    slope: float = 0.5
    seed: int = 0

    def learning_rate_at(self, progress: float, step: int) -> float:
        return schedule.cosine_learning_rate(self.rate, progress, step, warmup_steps=100)


def load_samples(sample_folder: Path, split: str) -> Tensor:
    """All samples of a split, N x 14 x SIDE x SIDE uint8."""
    return torch.from_numpy(np.concatenate([np.load(path) for path in sorted(sample_folder.glob(f"{split}-*.npy"))]))


def flip_and_rotate(batch: Tensor) -> Tensor:
    """Flipped and turned at random, all alike."""
    if torch.rand(()) < 0.5:
        batch = batch.flip(3)
    return torch.rot90(batch, int(torch.randint(4, ())), (2, 3))


def alpha_errors(net: EdgeNet, batch: Tensor, at_half_size: bool) -> tuple[Tensor, Tensor]:
    """Alpha's error, and how far each pixel is open: N x 1 x H x W both."""
    x, truth = batch[:, :FEATURE_COUNT], batch[:, FEATURE_COUNT:]
    shares = double_size(net.predict_weights(F.avg_pool2d(x, 2))) if at_half_size else net.predict_weights(x)
    return mix_candidates(shares.float(), x) - truth, refinement_weight(x)


def edge_shape_loss(error: Tensor, refinement_weights: Tensor, gradient_weight: float) -> Tensor:
    weight = (refinement_weights > 0).float()
    count = weight.sum().clamp_min(1)
    steps = sum((weight * (error - torch.roll(error, 1, axis)).abs()).sum() for axis in (2, 3))
    loss: Tensor = ((weight * (error.abs() + error.square())).sum() + gradient_weight * steps) / count
    return loss


@torch.no_grad()
def evaluate_edge_shapes(net: EdgeNet, validation: Tensor) -> float:
    """Mean absolute error x 1000 of what is open, at full size and at half."""
    wrong, count = 0.0, 0
    for half in (False, True):
        for part in validation.split(20):
            error, worth = alpha_errors(net, part.float() / 255, half)
            wrong += float(error[worth > 0].abs().sum())
            count += int((worth > 0).sum())
    return round(1000 * wrong / max(count, 1), 2)


def add_shape_network(settings: EdgeShapeSettings, initial_checkpoint: Path) -> EdgeNet:
    """The trained network with shapes that say nothing yet."""
    torch.manual_seed(settings.seed)
    state = checkpoint.read(initial_checkpoint, torch.device("cpu"))
    net = EdgeNet(state["width"], settings.shapes)
    net.load_state_dict({**net.state_dict(), **state["average"]})
    return net


class EdgeShapeTrainer(Trainer):
    """An edge network that learns shapes, and how often it was judged."""

    def __init__(self, settings: EdgeShapeSettings, initial_checkpoint: Path) -> None:
        self.settings, self.evaluation_count, net = settings, 0, add_shape_network(settings, initial_checkpoint)
        optimiser = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=settings.decay)
        super().__init__(net, optimiser, ema_decay=settings.average, max_gradient_norm=1.0)

    @property
    def progress(self) -> float:
        return self.elapsed_seconds / (self.settings.minutes * 60)

    def train_step(self, samples: Tensor) -> None:
        """One step."""
        started, recipe, rate = (
            time.perf_counter(),
            self.settings,
            self.settings.learning_rate_at(self.progress, self.step),
        )
        batch = flip_and_rotate(samples[torch.randint(len(samples), (recipe.batch,))]).float() / 255
        self.net.train()
        with mixed_precision.autocast_where_fast(torch.device("cpu")):
            error, worth = alpha_errors(self.net, batch, at_half_size=bool(torch.rand(()) < HALF_SIZE_SHARE))
        self.take_optimiser_step(edge_shape_loss(error.float(), worth, recipe.slope), rate)
        self.elapsed_seconds += time.perf_counter() - started

    def evaluate(self, validation: Tensor, out: Path) -> None:
        """Score the running average; keep it when it is the best so far."""
        self.evaluation_count += 1
        score = evaluate_edge_shapes(self.ema_net, validation)
        row = {"step": self.step, "spent": round(self.elapsed_seconds, 1), "learned": score}
        log_row(out, row)
        if -score > self.best_score:
            self.best_score = -score
            state = {"average": self.ema_net.state_dict(), "width": self.net.width}
            checkpoint.write(state | {"shapes": self.settings.shapes, "scores": row}, out / "best.pt")


def train_edge_shapes(settings: EdgeShapeSettings, sample_folder: Path, out: Path, initial_checkpoint: Path) -> None:
    """Train until the minutes are spent, going on where a killed run was."""
    out.mkdir(parents=True, exist_ok=True)
    samples, held, run = (
        load_samples(sample_folder, "train"),
        load_samples(sample_folder, "val"),
        EdgeShapeTrainer(settings, initial_checkpoint),
    )
    if (out / "last.pt").exists():
        run.evaluation_count = run.load(out / "last.pt")["judged"]
    torch.manual_seed(settings.seed + run.step)
    saved = time.monotonic()
    while run.progress < 1:
        run.train_step(samples)
        if run.progress * EVALUATION_COUNT >= run.evaluation_count + 1:
            run.evaluate(held, out)
        if time.monotonic() - saved > CHECKPOINT_SECONDS or run.progress >= 1:
            saved = time.monotonic()
            run.save(out / "last.pt", judged=run.evaluation_count)


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
    recipe = EdgeShapeSettings(**(told | {"shapes": tuple(told.get("shapes", EdgeShapeSettings.shapes))}))
    train_edge_shapes(recipe, args.pool, args.out, args.start)


if __name__ == "__main__":
    main()
