"""Times the stages of a pipeline run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class StageTimer:
    """Seconds per stage; those of a stage that runs more than once are added up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, name: str, function: Callable[[], T]) -> T:
        """Call `function` as part of the stage `name`, and return its result."""
        start = time.perf_counter()
        try:
            return function()
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
