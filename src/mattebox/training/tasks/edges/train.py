"""Train the edge network on the samples of mattebox.training.tasks.edges.scenes.

    python -m mattebox.training.tasks.edges.train runs/edges-2.toml POOL OUT

Every layer looks at single pixels (their surroundings are in their features), so pixels of all samples are drawn once,
where colours tell something of alpha, and training takes a minute or two of one processor. The loss is the absolute
plus the squared error of alpha. OUT/best.pt is what scored best on POOL's validation samples.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.settings import TrainingSettings
from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.core.trainer import Trainer
from mattebox.training.networks.edge_candidates import CANDIDATE_COUNT
from mattebox.training.networks.edge_network import EdgeNet
from mattebox.training.tasks.edges.pixels import PixelSamples, sample_pixels

BASELINE_CANDIDATES = {"plain": 0, "models": 1, "palette": 6}  # scored by themselves, to compare with


@dataclass(frozen=True, kw_only=True)
class EdgeSettings(TrainingSettings):
    """Settings of an edge run, beside those of all tasks.

    Parameters
    ----------
    seconds : float
        Budget in seconds of the processor's own time, unless minutes are given.
    width : int
        Width of the layers.
    pixels : int
        Pixels of one sample.
    decay : float
        Weight decay.
    """

    seconds: float = 0.0
    batch: int = 4096
    rate: float = 3e-3
    warmup: int = 50
    average: float = 0.0
    width: int = 48
    pixels: int = 700
    decay: float = 1e-3

    @property
    def budget_seconds(self) -> float:
        return self.minutes * 60 or self.seconds


class EdgeObjective(Objective):
    """The edge network on single pixels, with the error of alpha."""

    net: EdgeNet

    def forward(self, pixels: PixelSamples) -> dict[str, Tensor]:
        errors = pixels.errors(self.net.predict_pixel_weights(pixels.features.float()))
        return {"total": errors.abs().mean() + errors.square().mean()}


class EdgeTask(Task[EdgeSettings]):
    """The edge network in training, on the samples of a folder."""

    def __init__(self, settings: EdgeSettings, sample_folder: Path) -> None:
        super().__init__(settings)
        self.sample_folder = sample_folder

    def clock(self) -> float:
        """The processor's own time, which others on the machine do not slow down."""
        return time.process_time()

    def build_objective(self, device: torch.device) -> EdgeObjective:
        return EdgeObjective(EdgeNet(self.settings.width).to(device))

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        return torch.optim.AdamW(objective.net.parameters(), lr=self.settings.rate, weight_decay=self.settings.decay)

    def seed_sampling(self, step: int, rank: int) -> None:
        """A new run draws on from the initialisation, as the recorded runs did."""
        if step or rank:
            super().seed_sampling(step, rank)

    def open_data(self, device: torch.device) -> None:
        folder, count, seed = self.sample_folder, self.settings.pixels, self.settings.seed
        self.pixels = sample_pixels(folder, "train", count, seed).to(device)
        self.validation = sample_pixels(folder, "val", count, seed).to(device)

    def initialise(self, net: nn.Module) -> dict[str, Any] | None:
        """Normalise the features to mean 0 and deviation 1 over the training pixels."""
        assert isinstance(net, EdgeNet)
        features = self.pixels.features.float()
        net.mean.copy_(features.mean(0))
        net.deviation.copy_(features.std(0) + 1e-3)
        return None

    def sample_batch(self, progress: float, count: int) -> PixelSamples:
        indices = torch.randint(len(self.pixels.truth), (count,))
        return self.pixels.select(indices.to(self.pixels.truth.device))

    def evaluate(self, net: nn.Module) -> Evaluation:
        assert isinstance(net, EdgeNet)
        scores = evaluate_edges(net, self.validation)
        return Evaluation(scores, -scores["learned"])

    def network_state(self) -> dict[str, Any]:
        return {"width": self.settings.width}


@torch.no_grad()
def evaluate_edges(net: EdgeNet, validation: PixelSamples) -> dict[str, float]:
    """Mean absolute error x 1000 of the network, and of the levelled prior and the colour models by themselves."""
    count, device = len(validation.truth), validation.truth.device
    weights = {"learned": net.predict_pixel_weights(validation.features.float())} | {
        name: F.one_hot(torch.tensor(i, device=device), CANDIDATE_COUNT).float().expand(count, CANDIDATE_COUNT)
        for name, i in BASELINE_CANDIDATES.items()
    }
    return {name: round(1000 * float(validation.errors(w).abs().mean()), 2) for name, w in weights.items()}


def train_edges(
    settings: EdgeSettings, sample_folder: Path, out: Path, distributed: DistributedContext | None = None
) -> None:
    """Train until the budget is spent. MatteboxError."""
    Trainer(EdgeTask(settings, sample_folder), out, distributed).run()


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__, "pool")
    parser.set_defaults(threads=1)
    args = parser.parse_args(argv)
    run_training(
        args,
        lambda distributed: train_edges(read_recipe(EdgeSettings, args, distributed), args.pool, args.out, distributed),
    )


if __name__ == "__main__":
    main()
