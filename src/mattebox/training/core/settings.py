"""What a training run is told: a TOML file, checked, and recorded beside the run. Knows nothing of networks or data."""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError
from mattebox.training.core import schedule

MAX_SYNTHETIC_SHARE = (
    0.85  # of a batch may be pasted or taught: there are also drawn shapes, empty rooms, and what is labelled
)
FINE_TUNING_SETTINGS: dict[str, Any] = {  # of a trained network, minutes on few pictures: small steps, little forgetting
    "batch": 12, "rate": 4e-4, "warmup": 20, "average": 0.97, "sides": [[0.0, 256], [0.6, 320]], "pool_side": 320,
    "judge_every": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class CutoutSettings:
    """A run. `net` is one of mattebox.training.networks.registry, of a `shape`; `minutes` the budget: learning rate and picture
    size follow the share of it that is spent, because machines differ a hundredfold. Or `steps`, where runs are to be
    compared.

    `sides` = (from this share, side of the square input); `average` = how much the running average of the weights keeps
    each step (0 = none); `pasted` and `taught` = the shares of composites and of teachers' pictures in a batch;
    `imitate` = the weight of a classifier's features, where they are given; `gentle` = the share of the rate that an
    encoder gets which began with published weights; `leave_out` = a file that names pictures not to be learned from,
    beside the recipe's own unless it says where."""

    minutes: float = 0.0
    steps: int = 0
    net: str = "cutnet"
    batch: int = 24
    rate: float = 2e-3
    decay: float = 0.02
    warmup: int = 300
    average: float = 0.999
    pool_side: int = 256
    seed: int = 0
    sides: list[list[float]] = field(default_factory=lambda: [[0.0, 160], [0.45, 224], [0.8, 288]])
    shape: dict[str, Any] = field(default_factory=dict)
    judge_every: float = 0.1
    pasted: float = 0.34
    taught: float = 0.16
    imitate: float = 0.1
    gentle: float = 0.3
    leave_out: str = ""

    def __post_init__(self) -> None:
        if self.minutes <= 0 and self.steps <= 0:
            raise UsageError("the run has no budget", "give it minutes, or steps")
        if self.pasted + self.taught > MAX_SYNTHETIC_SHARE:
            share = f"pasted {self.pasted:g} and taught {self.taught:g}"
            raise UsageError(
                f"{share} leave no labelled photograph in a batch", f"together they may be {MAX_SYNTHETIC_SHARE:g}"
            )

    @property
    def excluded_names_file(self) -> Path | None:
        return Path(self.leave_out) if self.leave_out else None

    def budget_share(self, seconds: float, steps: int) -> float:
        """The share of the budget that so many seconds or steps are."""
        return steps / self.steps if self.steps else seconds / (self.minutes * 60)

    def side_at(self, progress: float) -> int:
        return int([s for start, s in self.sides if progress >= start][-1])

    def learning_rate_at(self, progress: float, step: int) -> float:
        return schedule.cosine_learning_rate(self.rate, progress, step, self.warmup)


def read_settings(recipe_file: Path | None, run_folder: Path) -> dict[str, Any]:
    """A recipe's settings: of its file, of the run that goes on, or none. UsageError when malformed."""
    source = recipe_file or (run_folder / "recipe.toml" if (run_folder / "recipe.toml").exists() else None)
    try:
        settings: dict[str, Any] = {} if source is None else tomllib.loads(source.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{source}: not a recipe ({error})", "see runs/ for examples") from error
    known = {f.name for f in fields(CutoutSettings)}
    if unknown := sorted(settings.keys() - known):
        near = difflib.get_close_matches(unknown[0], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"it may have {', '.join(sorted(known))}"
        raise UsageError(f"{source}: there is no setting {unknown[0]!r}", hint)
    if source is not None and settings.get("leave_out"):
        settings["leave_out"] = str(source.resolve().parent / settings["leave_out"])
    return settings


def write_settings(settings: dict[str, Any], run_folder: Path) -> None:
    """Keep what the run was told beside it."""
    shape: dict[str, Any] = settings.get("shape", {})
    plain = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if name != "shape"]
    run_folder.mkdir(parents=True, exist_ok=True)
    lines = [*plain, "", "[shape]", *(f"{name} = {json.dumps(value)}" for name, value in shape.items())]
    (run_folder / "recipe.toml").write_text("\n".join(lines) + "\n")
