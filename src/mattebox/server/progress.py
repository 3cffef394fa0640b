"""Overall progress of a recipe, from the progress of its slow steps."""

from __future__ import annotations

import math
import time

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Faces, Restore, Step, Upscale
from mattebox.types import OnProgress

SLOW_STEPS: dict[str, type[Step]] = {"restore": Restore, "upscale": Upscale, "faces": Faces}  # in pipeline order
REPORT_INTERVAL_SECONDS = 0.5


class IntervalReporter:
    """Reports the first progress at once, then at most every REPORT_INTERVAL_SECONDS. Reported values only increase,
    and the end (1.0) is not reported."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress, self._last_progress, self._last_report_time = on_progress, 0.0, -math.inf

    def __call__(self, progress: float) -> None:
        now = time.monotonic()
        if now - self._last_report_time < REPORT_INTERVAL_SECONDS or not self._last_progress < progress < 1:
            return
        self._last_progress, self._last_report_time = progress, now
        self._on_progress(progress)


class ProgressReporter:
    """Callback for the pipeline. All stages count alike, because how long each takes is unknown beforehand."""

    def __init__(self, recipe: Recipe, on_progress: OnProgress) -> None:
        self.stages = [name for name, step_type in SLOW_STEPS.items() if recipe.find_step(step_type) is not None]
        self._report = IntervalReporter(on_progress)

    def __call__(self, stage: str, progress: float) -> None:
        self._report((self.stages.index(stage) + progress) / len(self.stages))
