"""What share of a picture is done: one number that grows, told now and then, and through the worker's pipe."""

import asyncio

import numpy as np
import pytest

from mattebox.recipe import Cut, Faces, Recipe, Restore, Upscale
from mattebox.server import share
from mattebox.server.crew import Crew
from mattebox.server.settings import Settings
from mattebox.server.share import Share
from mattebox.server.tasks import done, prepared
from tests.server.conftest import encoded


def test_stages_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "EVERY", 0)
    told: list[float] = []
    tell = Share(Recipe((Restore(), Cut(), Upscale(to="2"), Faces())), told.append)
    for stage in ("restore", "upscale", "faces"):
        for part in (0.0, 0.5, 1.0):
            tell(stage, part)
    assert told == pytest.approx([0.5 / 3, 1 / 3, 1.5 / 3, 2 / 3, 2.5 / 3])  # the end is told by the answer


def test_it_never_shrinks_and_is_not_told_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    tell = Share(Recipe((Upscale(to="2"),)), told.append)
    tell("upscale", 0.5)
    assert told == []  # too early
    monkeypatch.setattr(share, "EVERY", 0)
    for part in (0.5, 0.25, 0.75):
        tell("upscale", part)
    assert told == [0.5, 0.75]


def test_a_worker_tells_while_it_works() -> None:
    picture = encoded(np.random.default_rng(0).integers(0, 255, (700, 900, 3), np.uint8))
    told: list[float] = []

    async def work() -> int:
        crew = Crew(Settings(model="fast", workers=1))
        await crew.start()
        try:
            task = prepared(crew.settings, Recipe((Upscale(to="3"),)), picture)
            return int((await done(crew, task, told.append)).told["width"])
        finally:
            await crew.stop()

    assert asyncio.run(work()) == 2700
    assert told == sorted(told)
    assert all(0 < share < 1 for share in told)
    assert told
