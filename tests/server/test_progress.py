"""What share of a picture is done: one number that grows, told now and then."""

import pytest

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Faces, Restore, Upscale
from mattebox.server import progress
from mattebox.server.progress import ProgressReporter


def test_stages_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_SECONDS", 0)
    told: list[float] = []
    tell = ProgressReporter(Recipe((Restore(), Cut(), Upscale(to="2"), Faces())), told.append)
    for stage in ("restore", "upscale", "faces"):
        for part in (0.0, 0.5, 1.0):
            tell(stage, part)
    assert told == pytest.approx([0.5 / 3, 1 / 3, 1.5 / 3, 2 / 3, 2.5 / 3])  # the end is told by the answer


def test_it_never_shrinks_and_is_not_told_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    tell = ProgressReporter(Recipe((Upscale(to="2"),)), told.append)
    tell("upscale", 0.5)
    assert told == []  # too early
    monkeypatch.setattr(progress, "REPORT_INTERVAL_SECONDS", 0)
    for part in (0.5, 0.25, 0.75):
        tell("upscale", part)
    assert told == [0.5, 0.75]
