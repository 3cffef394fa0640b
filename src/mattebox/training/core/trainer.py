"""The training loop of all tasks: steps within a budget, moving average, evaluation, checkpoints, log.

Runs on a processor, an accelerator or several. A killed run goes on from its last checkpoint, to the step: weights,
optimiser, clock and random numbers are those of the run that was not killed.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mattebox.errors import UsageError
from mattebox.training.core import checkpoint
from mattebox.training.core.batch_size import suggest_fitting_batch
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.ema import Ema
from mattebox.training.core.run_log import RunLog
from mattebox.training.core.task import Task

CHECKPOINT_SECONDS = 60.0  # between two checkpoints
ACCELERATOR_CLOCK_STEPS = 20  # between two looks at the clock, each of which waits for the accelerator
LAST_CHECKPOINT, BEST_CHECKPOINT = "last.pt", "best.pt"


class Trainer:
    """A training run of a task.

    Parameters
    ----------
    task : Task
        Network, data, losses and evaluation.
    run_folder : Path
        Where `last.pt`, `best.pt` and `log.jsonl` are written. If it holds a `last.pt`, the run is resumed.
    distributed : DistributedContext, optional
        The processes that train together; by default this one alone.
    """

    def __init__(self, task: Task[Any], run_folder: Path, distributed: DistributedContext | None = None) -> None:
        self.task, self.settings, self.run_folder = task, task.settings, run_folder
        self.distributed = distributed or DistributedContext()
        self.device = self.distributed.device
        self.log = RunLog(run_folder, self.distributed.is_main)
        torch.manual_seed(self.settings.seed)
        self.objective = task.build_objective(self.device)
        self.net = self.objective.net
        self.optimiser = task.build_optimiser(self.objective)
        self.ema = Ema(self.net, self.settings.average)
        self.step, self.elapsed_seconds, self.best_score = 0, 0.0, -math.inf
        self._wrapped_objective: nn.Module = self.objective
        self._evaluations, self._uncounted_seconds = 0, 0.0
        self._is_checkpoint_due, self._saved_at = False, time.monotonic()
        self._loss_sums: dict[str, Tensor] = {}
        self._loss_count = 0

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        return self.settings.budget_share(self.elapsed_seconds, self.step)

    def run(self) -> None:
        """Train until the budget is spent. MatteboxError, with a remedy, for all that can go wrong."""
        self.start()
        with suggest_fitting_batch(self.settings.batch, self._try_batch, self.task.min_batch_size):
            while self.progress < 1:
                self.train_step()
                if self._is_evaluation_due or self._is_checkpoint_due:
                    self._log_losses()
                    if self._is_evaluation_due:
                        self.evaluate()
                    self.save()

    def start(self) -> None:
        """Open the data, and load the last checkpoint or initialise a new network."""
        self.run_folder.mkdir(parents=True, exist_ok=True)
        path = self.run_folder / LAST_CHECKPOINT
        random_states = self.load(path) if path.exists() else []
        self.task.seed_sampling(self.step, self.distributed.rank)
        self.task.open_data(self.device)
        if self.step == 0:
            row = self.task.initialise(self.net)
            self.ema.reset(self.net)
            if row:
                self.log.write(row)
        self.log.write(self.task.describe(self.net))
        self._wrapped_objective = self.distributed.wrap_module(self.objective)
        if len(random_states) == self.distributed.world_size:
            _set_random_state(random_states[self.distributed.rank], self.device)

    def train_step(self) -> None:
        """One batch, one step of the optimiser."""
        started = self.task.clock()
        rate = self.settings.learning_rate_at(self.progress, self.step)
        self.net.train()
        losses = self._wrapped_objective(self.task.sample_batch(self.progress, self.settings.batch))
        self._update_weights(losses["total"], rate)
        for name, loss in losses.items():
            self._loss_sums[name] = self._loss_sums.get(name, 0.0) + loss.detach()
        self._loss_count += 1
        self._count_time(started)

    def _update_weights(self, loss: Tensor, rate: float) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = group.get("share", 1.0) * rate
        if math.isfinite(self.task.max_gradient_norm):
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.task.max_gradient_norm)
        self.optimiser.step()
        self.ema.update(self.net, self.step)
        self.step += 1

    def _count_time(self, started: float) -> None:
        """Add a step to the clock; all processes share the main one's, so that they stop and evaluate together."""
        is_reading = self.device.type == "cpu" or self.step % ACCELERATOR_CLOCK_STEPS == 0
        if is_reading and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self._uncounted_seconds += self.task.clock() - started
        if is_reading:
            is_due = float(time.monotonic() - self._saved_at > CHECKPOINT_SECONDS)
            seconds, is_due = self.distributed.broadcast_values([self._uncounted_seconds, is_due])
            self.elapsed_seconds += seconds
            self._uncounted_seconds, self._is_checkpoint_due = 0.0, bool(is_due)

    def _count_due_evaluations(self) -> int:
        return math.floor(self.progress / self.settings.judge_every + 1e-9)

    @property
    def _is_evaluation_due(self) -> bool:
        return self.progress >= 1 or self._count_due_evaluations() > self._evaluations

    def evaluate(self) -> None:
        """Score the averaged network; it becomes the best checkpoint if no earlier one scored higher."""
        if self.distributed.is_main:
            random_state = _random_state(self.device)
            net = self.ema.net.eval()
            evaluation = self.task.evaluate(net)
            if evaluation is not None:
                self.log.write(self._position() | evaluation.scores)
                if evaluation.criterion > self.best_score:
                    self.best_score = evaluation.criterion
                    state = self._averaged_state() | {"scores": evaluation.scores}
                    checkpoint.write(state, self.run_folder / BEST_CHECKPOINT)
            self.task.write_report(net, self.run_folder, evaluation, self.step)
            _set_random_state(random_state, self.device)  # evaluations seed their own draws
        self._evaluations = self._count_due_evaluations()
        self.distributed.wait()

    def _position(self) -> dict[str, Any]:
        return {"step": self.step, "progress": round(self.progress, 4)}

    def _log_losses(self) -> None:
        """Log the mean losses since the last row; UsageError if they are not finite any more."""
        losses = {name: float(total) / self._loss_count for name, total in self._loss_sums.items()}
        total = losses.pop("total")
        self._loss_sums, self._loss_count = {}, 0
        if not math.isfinite(total):
            raise UsageError(
                f"step {self.step}: the loss is {total}, training has diverged",
                f"set a smaller rate in the recipe, and give another --out or remove {self.run_folder}",
            )
        minutes_left = max(0.0, self.elapsed_seconds / 60 * (1 / self.progress - 1))
        rounded = {name: round(value, 5) for name, value in {"loss": total, **losses}.items()}
        self.log.write(self._position() | rounded | {"minutes_left": round(minutes_left, 1)})

    def _try_batch(self, count: int) -> None:
        """Take the memory of the largest step with so many samples."""
        self.objective(self.task.sample_largest_batch(count))["total"].backward()
        self.optimiser.zero_grad(set_to_none=True)

    def _averaged_state(self) -> dict[str, Any]:
        return {"average": self.ema.net.state_dict(), "step": self.step, **self.task.network_state()}

    def save(self) -> None:
        """Write the last checkpoint, all that `load` needs."""
        random_states = self.distributed.gather(_random_state(self.device))
        self._saved_at = time.monotonic()
        self._is_checkpoint_due = False
        if not self.distributed.is_main:
            return
        state = self._averaged_state() | {
            "weights": self.net.state_dict(), "optimiser": self.optimiser.state_dict(), "spent": self.elapsed_seconds,
            "best": self.best_score, "rng": random_states,
        }  # fmt: skip
        checkpoint.write(state | self.task.auxiliary_state(self.objective), self.run_folder / LAST_CHECKPOINT)

    def load(self, path: Path) -> list[dict[str, Any]]:
        """Load a checkpoint; the random states of all processes, none in checkpoints of earlier versions.

        Raises
        ------
        InputUnreadable
            If the file is no checkpoint.
        UsageError
            If it is one of another network.
        """
        state = checkpoint.read(path, self.device)
        try:
            self.net.load_state_dict(state["weights"])
            self.ema.net.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.task.load_auxiliary_state(self.objective, state)
            self.step, self.elapsed_seconds, self.best_score = state["step"], state["spent"], state["best"]
        except (KeyError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"{path}: belongs to a run of another network", "give the settings it began with, or another --out"
            ) from error
        self._evaluations = self._count_due_evaluations()
        random_states: list[dict[str, Any]] = state.get("rng", [])
        return random_states


def _random_state(device: torch.device) -> dict[str, Any]:
    """State of the random number generators that sampling uses."""
    accelerator = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return {"torch": torch.get_rng_state(), "cuda": accelerator, "python": random.getstate()}


def _set_random_state(state: dict[str, Any], device: torch.device) -> None:
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"].cpu())
    if device.type == "cuda" and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
