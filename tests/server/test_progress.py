"""Overall progress of a recipe."""

import pytest

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Faces, Restore, Upscale
from mattebox.server import progress
from mattebox.server.progress import ProgressReporter


def test_stages_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_SECONDS", 0)
    reported: list[float] = []
    reporter = ProgressReporter(Recipe((Restore(), Cut(), Upscale(to="2"), Faces())), reported.append)
    for stage in ("restore", "upscale", "faces"):
        for share in (0.0, 0.5, 1.0):
            reporter(stage, share)
    assert reported == pytest.approx([0.5 / 3, 1 / 3, 1.5 / 3, 2 / 3, 2.5 / 3])  # the end is not reported


def test_progress_increases_and_is_reported_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_SECONDS", 3600)
    reported: list[float] = []
    reporter = ProgressReporter(Recipe((Upscale(to="2"),)), reported.append)
    for share in (0.25, 0.5):
        reporter("upscale", share)
    assert reported == [0.25]  # the first at once, the second too early
    monkeypatch.setattr(progress, "REPORT_INTERVAL_SECONDS", 0)
    for share in (0.5, 0.25, 0.75):
        reporter("upscale", share)
    assert reported == [0.25, 0.5, 0.75]
