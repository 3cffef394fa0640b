"""Settings of a training run: read from a TOML recipe, checked, and recorded beside the run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.training.core import schedule

RECORDED_RECIPE = "recipe.toml"  # in the run's folder
RECIPE_PATH = {"relative_to": "recipe"}  # metadata of a field that names a file beside the recipe
SEE_EXAMPLES = "see runs/ for examples"


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings that all tasks have; each task adds its own.

    Parameters
    ----------
    minutes : float
        Budget in minutes of training. The learning rate follows the share of it that is spent.
    steps : int
        Budget in steps instead, so that runs can be compared; it counts if both are given.
    batch : int
        Samples a step, in each process.
    rate : float
        Learning rate after the warm-up.
    warmup : int
        Steps until the full rate is reached.
    average : float
        Decay of the exponential moving average of the weights; 0 for none.
    judge_every : float
        Share of the budget between two evaluations.
    seed : int
        Seed of initialisation and sampling.

    Raises
    ------
    UsageError
        If there is no budget, or a value is out of range.
    """

    minutes: float = 0.0
    steps: int = 0
    batch: int = 16
    rate: float = 1e-3
    warmup: int = 300
    average: float = 0.999
    judge_every: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.budget_seconds <= 0 and self.steps <= 0:
            raise UsageError("the run has no budget", "give it minutes, or steps")
        if self.batch < 1:
            raise UsageError(f"a batch of {self.batch} has no sample", "set batch to 1 or more")
        if self.judge_every <= 0:
            raise UsageError(f"judge_every = {self.judge_every:g} is not a share of the budget", "set it to 0.1, or so")

    @property
    def budget_seconds(self) -> float:
        """The budget in seconds; 0 where it is counted in steps."""
        return self.minutes * 60

    def budget_share(self, seconds: float, steps: int) -> float:
        """Share of the budget that is spent after so many seconds and steps."""
        return steps / self.steps if self.steps else seconds / self.budget_seconds

    def learning_rate_at(self, progress: float, step: int) -> float:
        """Warm-up, then half a cosine down to 1 % of the rate."""
        return schedule.cosine_learning_rate(self.rate, progress, step, self.warmup)


S = TypeVar("S", bound=TrainingSettings)


def read_settings(kind: type[TrainingSettings], recipe_file: Path | None, run_folder: Path) -> dict[str, Any]:
    """Read the values of a recipe; without one, those of the run that is resumed, if any.

    Parameters
    ----------
    kind : type
        The task's settings, whose field names are the keys of the recipe.
    recipe_file : Path or None
        A TOML file.
    run_folder : Path
        Where the recipe of an earlier call is recorded.

    Returns
    -------
    dict
        The values by name, to be checked by `build_settings`; paths are absolute.

    Raises
    ------
    UsageError
        If the file cannot be read, is no TOML, or has an unknown key.
    """
    recorded = run_folder / RECORDED_RECIPE
    source = recipe_file or (recorded if recorded.exists() else None)
    if source is None:
        return {}
    try:
        values = tomllib.loads(source.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{source}: not a recipe ({error})", SEE_EXAMPLES) from error
    known = {f.name: f for f in fields(kind)}
    if unknown := sorted(values.keys() - known.keys()):
        hint = suggest_name(unknown[0], known, f"choose one of: {', '.join(sorted(known))}")
        raise UsageError(f"{source}: there is no setting {unknown[0]!r}", hint)
    for name, value in values.items():
        if known[name].metadata == RECIPE_PATH and isinstance(value, str) and value:
            values[name] = str(source.resolve().parent / value)
    return values


def build_settings(kind: type[S], values: Mapping[str, Any]) -> S:
    """Settings of these values; UsageError if one is missing, of another type, or out of range."""
    types, checked = get_type_hints(kind), {}
    for field in fields(kind):
        if field.name in values:
            try:
                checked[field.name] = msgspec.convert(values[field.name], types[field.name])
            except msgspec.ValidationError as error:
                raise UsageError(f"recipe: {field.name}: {error}".replace("`", ""), SEE_EXAMPLES) from error
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"recipe: the setting {field.name} is missing", SEE_EXAMPLES)
    return kind(**checked)


def override_budget(values: dict[str, Any], minutes: float | None, steps: int | None) -> dict[str, Any]:
    """The values with another budget, where one is given."""
    return values | {"minutes": minutes or 0.0, "steps": steps or 0} if minutes or steps else values


def write_settings(values: Mapping[str, Any], run_folder: Path) -> None:
    """Record the values of a recipe in the run's folder."""
    plain = [f"{name} = {json.dumps(value)}" for name, value in values.items() if not isinstance(value, dict)]
    tables = [(name, value) for name, value in values.items() if isinstance(value, dict)]
    for name, table in tables:
        plain += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    run_folder.mkdir(parents=True, exist_ok=True)
    (run_folder / RECORDED_RECIPE).write_text("\n".join(plain) + "\n")
