"""Train shape convolutions for a trained edge network: over whole samples, beside the layers that it has.

    python -m mattebox.training.tasks.edges.train_shapes RECIPE POOL OUT --start EDGES/best.pt [--threads 2]

RECIPE is one of runs/. Single pixels do not tell where strands run, however much of their surroundings is in their
features. The loss is that of mattebox.training.tasks.edges.train, over all pixels to refine, plus the error of alpha's
gradient, which keeps strands thin. A killed run goes on where it was. OUT/best.pt is what scored best on POOL's
validation samples. Under torchrun give --from, since it takes --start for its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.errors import UsageError
from mattebox.training.core import checkpoint, mixed_precision
from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.settings import TrainingSettings
from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.core.trainer import Trainer
from mattebox.training.networks.edge_candidates import mix_candidates, refinement_weight
from mattebox.training.networks.edge_features import FEATURE_COUNT, double_size
from mattebox.training.networks.edge_network import EdgeNet
from mattebox.training.tasks.edges.pixels import sample_files

HALF_SIZE_SHARE = 1 / 3  # of the batches are seen at half size, as large pictures are
EVALUATION_SAMPLES = 20  # at a time


@dataclass(frozen=True, kw_only=True)
class EdgeShapeSettings(TrainingSettings):
    """Settings of an edge-shape run, beside those of all tasks.

    Parameters
    ----------
    shapes : tuple of int
        Widths of the convolutions at full, half and quarter size.
    decay : float
        Weight decay.
    slope : float
        Weight of the error of alpha's gradient.
    """

    batch: int = 8
    warmup: int = 100
    average: float = 0.998
    judge_every: float = 1 / 12
    shapes: tuple[int, int, int] = (16, 32, 48)
    decay: float = 1e-3
    slope: float = 0.5


def load_samples(folder: Path, split: str) -> Tensor:
    """All samples of a split, N x 14 x SIDE x SIDE uint8. InputMissing."""
    return torch.from_numpy(np.concatenate([np.load(path) for path in sample_files(folder, split)]))


def flip_and_rotate(batch: Tensor) -> Tensor:
    """Mirror and turn a batch at random, all samples alike."""
    if torch.rand(()) < 0.5:
        batch = batch.flip(3)
    return torch.rot90(batch, int(torch.randint(4, ())), (2, 3))


def alpha_errors(net: EdgeNet, batch: Tensor, at_half_size: bool) -> tuple[Tensor, Tensor]:
    """Error of alpha and refinement weight, N x 1 x H x W both."""
    x, truth = batch[:, :FEATURE_COUNT], batch[:, FEATURE_COUNT:]
    weights = double_size(net.predict_weights(F.avg_pool2d(x, 2))) if at_half_size else net.predict_weights(x)
    return mix_candidates(weights.float(), x) - truth, refinement_weight(x)


def edge_shape_loss(error: Tensor, refinement_weights: Tensor, gradient_weight: float) -> Tensor:
    """Absolute and squared error where alpha is refined, plus the absolute error of its gradient."""
    weight = (refinement_weights > 0).float()
    count = weight.sum().clamp_min(1)
    steps = sum((weight * (error - torch.roll(error, 1, axis)).abs()).sum() for axis in (2, 3))
    loss: Tensor = ((weight * (error.abs() + error.square())).sum() + gradient_weight * steps) / count
    return loss


@torch.no_grad()
def evaluate_edge_shapes(net: EdgeNet, validation: Tensor) -> float:
    """Mean absolute error x 1000 where alpha is refined, at full size and at half."""
    total, count, device = 0.0, 0, next(net.parameters()).device
    for at_half_size in (False, True):
        for part in validation.split(EVALUATION_SAMPLES):
            error, weight = alpha_errors(net, part.to(device).float() / 255, at_half_size)
            total += float(error[weight > 0].abs().sum())
            count += int((weight > 0).sum())
    return round(1000 * total / max(count, 1), 2)


class EdgeShapeObjective(Objective):
    """The edge network on whole samples, with the error of alpha and of its gradient."""

    net: EdgeNet

    def __init__(self, net: EdgeNet, device: torch.device, gradient_weight: float) -> None:
        super().__init__(net.to(device))
        self.device, self.gradient_weight = device, gradient_weight

    def forward(self, batch: tuple[Tensor, bool]) -> dict[str, Tensor]:
        samples, at_half_size = batch
        with mixed_precision.autocast_where_fast(self.device):
            error, weight = alpha_errors(self.net, samples, at_half_size)
        return {"total": edge_shape_loss(error.float(), weight, self.gradient_weight)}


class EdgeShapeTask(Task[EdgeShapeSettings]):
    """Shape convolutions in training, for the edge network of a checkpoint."""

    max_gradient_norm = 1.0

    def __init__(self, settings: EdgeShapeSettings, sample_folder: Path, initial_checkpoint: Path) -> None:
        super().__init__(settings)
        self.sample_folder, self.initial_checkpoint = sample_folder, initial_checkpoint
        self.width = 0

    def build_objective(self, device: torch.device) -> EdgeShapeObjective:
        net = add_shape_network(self.settings, self.initial_checkpoint)
        self.width = net.width
        return EdgeShapeObjective(net, device, self.settings.slope)

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        return torch.optim.AdamW(objective.net.parameters(), lr=self.settings.rate, weight_decay=self.settings.decay)

    def open_data(self, device: torch.device) -> None:
        self.device = device
        self.samples = load_samples(self.sample_folder, "train")
        self.validation = load_samples(self.sample_folder, "val")

    def sample_batch(self, progress: float, count: int) -> tuple[Tensor, bool]:
        """Samples N x 14 x SIDE x SIDE, 0..1, and whether the network sees them at half size."""
        samples = flip_and_rotate(self.samples[torch.randint(len(self.samples), (count,))])
        return samples.to(self.device).float() / 255, bool(torch.rand(()) < HALF_SIZE_SHARE)

    def evaluate(self, net: nn.Module) -> Evaluation:
        assert isinstance(net, EdgeNet)
        error = evaluate_edge_shapes(net, self.validation)
        return Evaluation({"learned": error}, -error)

    def network_state(self) -> dict[str, Any]:
        return {"width": self.width, "shapes": self.settings.shapes}


def add_shape_network(settings: EdgeShapeSettings, initial_checkpoint: Path) -> EdgeNet:
    """The trained edge network with shape convolutions that have no effect yet."""
    torch.manual_seed(settings.seed)
    state = checkpoint.read(initial_checkpoint, torch.device("cpu"))
    if "width" not in state:
        raise UsageError(f"{initial_checkpoint}: not of an edge network", "give the best.pt of edges.train")
    net = EdgeNet(state["width"], settings.shapes)
    net.load_state_dict({**net.state_dict(), **state["average"]})
    return net


def train_edge_shapes(
    settings: EdgeShapeSettings,
    sample_folder: Path,
    out: Path,
    initial_checkpoint: Path,
    distributed: DistributedContext | None = None,
) -> None:
    """Train until the budget is spent. MatteboxError."""
    Trainer(EdgeShapeTask(settings, sample_folder, initial_checkpoint), out, distributed).run()


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__, "pool")
    parser.set_defaults(threads=1)
    parser.add_argument(
        "--from",
        "--start",
        dest="start",
        type=Path,
        required=True,
        help="best.pt of mattebox.training.tasks.edges.train",
    )
    args = parser.parse_args(argv)

    def train(distributed: DistributedContext) -> None:
        settings = read_recipe(EdgeShapeSettings, args, distributed)
        train_edge_shapes(settings, args.pool, args.out, args.start, distributed)

    run_training(args, train)


if __name__ == "__main__":
    main()
