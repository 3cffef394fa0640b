"""What a training task gives to the trainer: network, data, losses, evaluation, and what its checkpoints hold."""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

import torch
from torch import Tensor, nn

from mattebox.training.core.settings import S

RANK_SEED_STEP = 1000  # between the seeds of two processes


@dataclass(frozen=True)
class Evaluation:
    """Scores of a network on validation data; of two networks the one with the larger `criterion` is better."""

    scores: dict[str, Any]
    criterion: float


class Objective(nn.Module, ABC):
    """The trained network, `net`, with the auxiliary layers and the losses of its training."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    @abstractmethod
    def forward(self, batch: Any) -> dict[str, Tensor]:
        """Scalar losses of a batch by name; `total` is the one to minimise."""


class Task(ABC, Generic[S]):
    """A training task. The trainer calls `build_objective`, `build_optimiser`, `seed_sampling`, `open_data` and, for a
    new run, `initialise`, in this order; then `sample_batch` for each step and `evaluate` now and then."""

    max_gradient_norm: ClassVar[float] = math.inf  # of all gradients of the network together
    min_batch_size: ClassVar[int] = 1

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def clock(self) -> float:
        """The clock of the budget, in seconds."""
        return time.perf_counter()

    @abstractmethod
    def build_objective(self, device: torch.device) -> Objective:
        """Network and losses, on a device."""

    @abstractmethod
    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        """The optimiser; a parameter group may have a `share` of the learning rate."""

    def seed_sampling(self, step: int, rank: int) -> None:
        """Seed the random draws of a process from this step on; Python's own, which choose sizes, are alike in all."""
        random.seed(self.settings.seed)
        torch.manual_seed(self.settings.seed + step + RANK_SEED_STEP * rank)

    @abstractmethod
    def open_data(self, device: torch.device) -> None:
        """Read the data set."""

    def initialise(self, net: nn.Module) -> dict[str, Any] | None:
        """Give a new run's network the weights to begin with; a row for the log, if there is something to say."""
        return None

    @abstractmethod
    def sample_batch(self, progress: float, count: int) -> Any:
        """A batch of `count` samples at this share of the budget, for the objective."""

    def sample_largest_batch(self, count: int) -> Any:
        """The batch of `count` samples that takes most memory."""
        return self.sample_batch(1.0, count)

    def describe(self, net: nn.Module) -> dict[str, Any]:
        """A row for the log on the size of the network."""
        return {"parameters": sum(p.numel() for p in net.parameters())}

    def evaluate(self, net: nn.Module) -> Evaluation | None:
        """Score the averaged network on validation data; None if the task has no measure."""
        return None

    def write_report(self, net: nn.Module, run_folder: Path, evaluation: Evaluation | None, step: int) -> None:
        """Show what the averaged network does, after it has been evaluated."""
        return

    def network_state(self) -> dict[str, Any]:
        """What a checkpoint says of the network beside its weights, for export."""
        return {}

    def auxiliary_state(self, objective: Objective) -> dict[str, Any]:
        """State of the objective beside the network's, to resume from."""
        return {}

    def load_auxiliary_state(self, objective: Objective, state: dict[str, Any]) -> None:
        """Load what `auxiliary_state` gave."""
        return
