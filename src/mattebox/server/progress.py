"""What share of a picture's work is done: one number out of the stages that take their time, told now and then.

Knows the recipe's slow steps, not who is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Faces, Restore, Step, Upscale

SLOW_STEPS: dict[str, type[Step]] = {"restore": Restore, "upscale": Upscale, "faces": Faces}  # in the pipeline's order
REPORT_INTERVAL_SECONDS = 0.5  # seconds between two tellings


class ProgressReporter:
    """Call it with a stage and its own share 0..1, as the pipeline does; `send` is told the whole's, which only grows.

    Stages count alike: how long each takes is not known before."""

    def __init__(self, recipe: Recipe, on_progress: Callable[[float], None]) -> None:
        self.stages = [name for name, kind in SLOW_STEPS.items() if recipe.find_step(kind) is not None]
        self._on_progress, self._last_progress, self._last_report_time = on_progress, 0.0, time.monotonic()

    def __call__(self, stage: str, progress: float) -> None:
        now = time.monotonic()
        whole = (self.stages.index(stage) + progress) / len(self.stages)
        if now - self._last_report_time < REPORT_INTERVAL_SECONDS or not self._last_progress < whole < 1:
            return
        self._last_progress, self._last_report_time = whole, now
        self._on_progress(whole)
