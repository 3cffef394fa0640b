"""What share of a picture's work is done: one number out of the stages that take their time, told now and then.

Knows the recipe's slow steps, not who is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mattebox.recipe.recipe import Faces, Recipe, Restore, Step, Upscale

SLOW: dict[str, type[Step]] = {"restore": Restore, "upscale": Upscale, "faces": Faces}  # in the pipeline's order
EVERY = 0.5  # seconds between two tellings


class Share:
    """Call it with a stage and its own share 0..1, as the pipeline does; `send` is told the whole's, which only grows.

    Stages count alike: how long each takes is not known before."""

    def __init__(self, recipe: Recipe, send: Callable[[float], None]) -> None:
        self.stages = [name for name, kind in SLOW.items() if recipe.find(kind) is not None]
        self._send, self._told, self._at = send, 0.0, time.monotonic()

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        whole = (self.stages.index(stage) + share) / len(self.stages)
        if now - self._at < EVERY or not self._told < whole < 1:
            return
        self._told, self._at = whole, now
        self._send(whole)
