"""A batch on a Ray cluster on this machine whose worker is killed, in a process of its own: see test_ray.py."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from mattebox.batch.job import LocalJobRunner, Outcome
from mattebox.batch.plan import BatchJob
from mattebox.batch.ray_runner import RayJobResult, RayJobRunner, RayOptions, count_actors, open_cluster
from mattebox.errors import DeviceError
from mattebox.models.matte_session import open_session
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Save
from tests.stores import photo_bytes

RECIPE = Recipe((Cut(model="fast", empty="keep"), Save()))
COUNT = 6


def ray_options() -> RayOptions:
    return RayOptions(RECIPE, "cpu", 1, 100_000_000, "safe", False, "zero", True)


def make_jobs(folder: Path, output: Path) -> list[BatchJob]:
    (folder / "in").mkdir(exist_ok=True)
    for n in range(COUNT):
        (folder / f"in/{n}.jpg").write_bytes(photo_bytes(300 + n))
    return [BatchJob(folder / f"in/{n}.jpg", output / f"{n}.png") for n in range(COUNT)]


def actor_process(runner: RayJobRunner) -> int:
    """The process of an idle actor."""
    import ray

    actor = runner._idle.get()
    runner._idle.put(actor)
    number: int = ray.get(actor.__ray_call__.remote(lambda _: os.getpid()))
    return number


def run_with_a_kill(folder: Path) -> None:
    here = LocalJobRunner(RECIPE, open_session("fast", "cpu", 1), needs_hashes=True)
    expected = [here(job) for job in make_jobs(folder, folder / "here")]
    with open_cluster("ray"):
        assert count_actors(1, "cpu") >= 1
        with pytest.raises(DeviceError, match="no room"):
            count_actors(100_000, "cpu")
        runner = RayJobRunner(ray_options(), 1)
        process = actor_process(runner)
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.extend(map(runner, make_jobs(folder, folder / "there"))))
        thread.start()
        while not list((folder / "there").glob("*.png")):
            time.sleep(0.005)
        os.kill(process, signal.SIGKILL)
        thread.join(200)
        assert actor_process(runner) != process
        missing = runner(BatchJob(folder / "none.jpg", folder / "x.png"))
    assert [o.error for o in outcomes] == [None] * COUNT
    assert [o.output_hash for o in outcomes] == [o.output_hash for o in expected]
    for n in range(COUNT):
        assert (folder / f"there/{n}.png").read_bytes() == (folder / f"here/{n}.png").read_bytes()
    first = outcomes[0].result
    assert isinstance(first, RayJobResult)
    assert first.picture.shape == first.shape
    assert type(missing.error).__name__ == "InputMissing"  # errors come back as they are


if __name__ == "__main__":
    run_with_a_kill(Path(sys.argv[1]))
    sys.stdout.write("the same bytes\n")
