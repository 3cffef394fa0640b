"""The networks of one run of a recipe: opened when a stage needs them, timed as the stage "open"."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.core import cpu_threads
from mattebox.core.timing import StageTimer
from mattebox.models.image_to_image import ImageToImageNetwork, open_image_to_image_network
from mattebox.models.matte_session import Session, open_session
from mattebox.recipe.steps import Cut


@dataclass(frozen=True)
class RunNetworks:
    """Opens the networks of a run, timed as the stage "open"."""

    session: Session | None
    device: str
    requested_threads: int | None
    timer: StageTimer

    @property
    def threads(self) -> int:
        return self.requested_threads or cpu_threads.thread_cpu_count()

    def open_session(self, model: str = Cut().model) -> Session:
        return self.session or self.timer.run("open", lambda: open_session(model, self.device, self.requested_threads))

    def open_image_network(self, model: str, denoise: float = 1) -> ImageToImageNetwork:
        return self.timer.run("open", lambda: open_image_to_image_network(model, self.device, self.threads, denoise))
