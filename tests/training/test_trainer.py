"""One trainer for all tasks: resumed runs are those that were not killed, and errors end in one line. Needs torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")

from mattebox.errors import UsageError  # noqa: E402
from mattebox.training.core.ema import Ema  # noqa: E402
from mattebox.training.core.settings import build_settings, read_settings, write_settings  # noqa: E402
from mattebox.training.core.trainer import Trainer  # noqa: E402
from mattebox.training.evaluate.lpips import PerceptualDistance  # noqa: E402
from mattebox.training.networks.edge_features import FEATURE_COUNT  # noqa: E402
from mattebox.training.networks.squeezenet import SqueezeNetFeatures  # noqa: E402
from mattebox.training.tasks.cutout.settings import CutoutSettings  # noqa: E402
from mattebox.training.tasks.cutout.task import CutoutTask  # noqa: E402
from mattebox.training.tasks.edges import train as edges  # noqa: E402
from mattebox.training.tasks.edges import train_shapes  # noqa: E402
from mattebox.training.tasks.restore import train as restore  # noqa: E402
from mattebox.training.tasks.restore.settings import RestorationSettings  # noqa: E402
from mattebox.training.tasks.restore.task import RestorationTask  # noqa: E402
from mattebox.training.tasks.style import train as style  # noqa: E402
from mattebox.training.tasks.style.settings import StyleSettings  # noqa: E402
from mattebox.training.tasks.style.task import StyleTask  # noqa: E402
from tests.training.test_cutout_evaluation import material  # noqa: E402
from tests.training.test_detail_export import fake_squeezenet  # noqa: E402
from tests.training.test_restore import archive  # noqa: E402
from tests.training.test_train import TINY  # noqa: E402

STEPS, KILLED_AT = 6, 5  # after the checkpoint of the evaluation at step 3
UP = {"scale": 2, "widths": [8], "depths": [1]}


def edge_samples(folder: Path) -> Path:
    """Random features and alpha, to refine everywhere."""
    folder.mkdir()
    for split in ("train", "val"):
        samples = np.random.default_rng(0).integers(0, 256, (3, FEATURE_COUNT + 1, 32, 32), np.uint8)
        samples[:, 3] = samples[:, 3] // 2 + 60
        samples[:, 11] = 255
        np.save(folder / f"{split}-0-000.npy", samples)
    return folder


def photographs(folder: Path) -> Path:
    folder.mkdir()
    archive(folder / "train.tar", ["a.png", "b.png"])
    archive(folder / "val.tar", ["Set5/a.png", "Set14/b.png", "CBSD68/c.png"])
    return folder


def cutout_task(folder: Path) -> CutoutTask:
    settings = CutoutSettings(
        steps=STEPS, batch=4, pool_side=32, sides=[[0.0, 128]], shape=TINY, judge_every=0.5, warmup=2, average=0.5
    )
    return CutoutTask(settings, material(folder / "cutout"), feature_weights=fake_squeezenet(folder / "squeezenet.npz"))


def restore_task(folder: Path) -> RestorationTask:
    settings = RestorationSettings(steps=STEPS, plan=UP, batch=2, side=32, judge_every=0.5, world="real", look=0.01)
    perceptual = PerceptualDistance(fake_squeezenet(folder / "squeezenet.npz"))
    return RestorationTask(settings, photographs(folder / "restore"), perceptual=perceptual)


@pytest.fixture(autouse=True)
def plain_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Style pictures that take no time to draw."""

    def draw(name: str) -> np.ndarray:
        return np.random.default_rng(len(name)).integers(0, 256, (64, 64, 3), np.uint8)

    monkeypatch.setattr("mattebox.training.tasks.style.objective.draw_style_image", draw)


def style_task(folder: Path) -> StyleTask:
    settings = StyleSettings(steps=STEPS, batch=1, side=48, judge_every=0.5)
    extractor = SqueezeNetFeatures(fake_squeezenet(folder / "squeezenet.npz"))
    return StyleTask(settings, photographs(folder / "style"), extractor)


def edge_task(folder: Path) -> edges.EdgeTask:
    settings = edges.EdgeSettings(steps=STEPS, width=8, pixels=50, batch=64, judge_every=0.5)
    return edges.EdgeTask(settings, edge_samples(folder / "edges"))


def edge_shape_task(folder: Path) -> train_shapes.EdgeShapeTask:
    task = edge_task(folder)
    Trainer(task, folder / "pixels").run()
    settings = train_shapes.EdgeShapeSettings(steps=STEPS, shapes=(4, 4, 4), batch=2, judge_every=0.5)
    return train_shapes.EdgeShapeTask(settings, task.sample_folder, folder / "pixels/best.pt")


TASKS = [cutout_task, restore_task, style_task, edge_task, edge_shape_task]


def is_equal(one: object, other: object) -> bool:
    """Whether two checkpoints, or parts of them, hold the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_equal(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def kill_after_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the run die in the first step after this one."""
    train_step = Trainer.train_step

    def step_or_die(run: Trainer) -> None:
        if run.step == step:
            raise KeyboardInterrupt
        train_step(run)

    monkeypatch.setattr(Trainer, "train_step", step_or_die)


@pytest.mark.parametrize("build_task", TASKS)
def test_a_killed_run_goes_on_to_the_step(
    build_task: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = build_task(tmp_path)
    Trainer(task, tmp_path / "whole").run()
    with monkeypatch.context() as killing:
        kill_after_step(killing, KILLED_AT)
        with pytest.raises(KeyboardInterrupt):
            Trainer(task, tmp_path / "killed").run()
    last = torch.load(tmp_path / "killed/last.pt", weights_only=True)
    assert last["step"] == 3
    Trainer(task, tmp_path / "killed").run()
    whole, killed = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "killed"))
    assert killed["step"] == STEPS
    for state in (whole, killed):
        del state["spent"]
    assert is_equal(whole, killed)
    if (tmp_path / "whole/best.pt").exists():
        best = torch.load(tmp_path / "killed/best.pt", weights_only=True)
        assert is_equal(torch.load(tmp_path / "whole/best.pt", weights_only=True), best)
        assert last["best"] > -np.inf  # saved with the evaluation that it comes from


def test_checkpoints_of_earlier_versions_are_resumed(tmp_path: Path) -> None:
    task = edge_task(tmp_path)
    Trainer(task, tmp_path / "run").run()
    state = torch.load(tmp_path / "run/last.pt", weights_only=True)
    del state["rng"]
    torch.save(state | {"judged": 2}, tmp_path / "run/last.pt")
    run = Trainer(task, tmp_path / "run")
    run.start()
    assert run.step == STEPS


def test_evaluations_lie_on_a_grid(tmp_path: Path) -> None:
    settings = edges.EdgeSettings(steps=10, width=8, pixels=50, batch=64, judge_every=0.3)
    Trainer(edges.EdgeTask(settings, edge_samples(tmp_path / "edges")), tmp_path / "run").run()
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "learned" in row] == [3, 6, 9, 10]


def test_a_run_that_diverges_keeps_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = edge_task(tmp_path)
    Trainer(task, tmp_path / "run").run()
    monkeypatch.setattr(task, "settings", edges.EdgeSettings(steps=12, width=8, pixels=50, batch=64, judge_every=0.5))
    monkeypatch.setattr(task, "sample_batch", lambda *_: task.pixels._replace(truth=task.pixels.truth * np.inf))
    with pytest.raises(UsageError, match=r"step 12: the loss is (nan|inf), training has diverged; set a smaller rate"):
        Trainer(task, tmp_path / "run").run()
    assert torch.load(tmp_path / "run/last.pt", weights_only=True)["step"] == STEPS


def test_memory_that_does_not_last_names_the_batch_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = edge_task(tmp_path)
    sample_batch = task.sample_batch

    def sample(progress: float, count: int) -> Any:
        if count > 20:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return sample_batch(progress, count)

    monkeypatch.setattr(task, "sample_batch", sample)
    with pytest.raises(UsageError, match="memory does not hold a batch of 64; set batch = 16"):
        Trainer(task, tmp_path / "run").run()


def test_evaluation_leaves_the_random_numbers_of_training_alone(tmp_path: Path) -> None:
    run = Trainer(restore_task(tmp_path), tmp_path / "run")
    run.start()
    run.train_step()
    state = torch.get_rng_state()
    run.evaluate()
    assert torch.equal(torch.get_rng_state(), state)


def test_the_average_lies_between_and_none_is_no_copy() -> None:
    net = torch.nn.BatchNorm1d(2)
    assert Ema(net, 0.0).net is net
    ema = Ema(net, 0.9)
    net.weight.data += 1.0
    net.num_batches_tracked += 5
    ema.update(net, 1000)
    assert ema.net.weight.tolist() == pytest.approx([1.1, 1.1])
    assert ema.net.num_batches_tracked == 5
    assert not ema.net.training


def test_recipes_are_checked_by_name_and_type(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    values = {"steps": 2, "batch": 8, "plan": {"scale": 2, "widths": [8], "depths": [1]}}
    write_settings(values, tmp_path)
    assert read_settings(RestorationSettings, file, tmp_path / "run") == values
    assert build_settings(RestorationSettings, values).network_shape.widths == (8,)
    with pytest.raises(UsageError, match=r"recipe: batch: Expected int, got str; see runs/"):
        build_settings(RestorationSettings, values | {"batch": "8"})
    with pytest.raises(UsageError, match="recipe: measure: Invalid enum value 'lama'"):
        build_settings(RestorationSettings, values | {"measure": "lama"})
    with pytest.raises(UsageError, match="recipe: plan: Object missing required field depths"):
        build_settings(RestorationSettings, values | {"plan": {"scale": 2, "widths": [8]}})
    with pytest.raises(UsageError, match="widths and depths of different lengths"):
        build_settings(RestorationSettings, values | {"plan": UP | {"depths": [1, 1]}})
    with pytest.raises(UsageError, match="the setting plan is missing"):
        build_settings(RestorationSettings, {"steps": 2})
    with pytest.raises(UsageError, match="no budget"):
        build_settings(edges.EdgeSettings, {"batch": 8})
    assert build_settings(edges.EdgeSettings, {"seconds": 90, "minutes": 0.5}).budget_share(15, 0) == 0.5
    with pytest.raises(UsageError, match="own has 2 weights for 6 styles"):
        build_settings(StyleSettings, {"steps": 1, "own": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("main", "words", "recipe", "message"),
    [
        (restore.main, [], "steps = 1\nplan = {scale = 2, widths = [8], depths = [1]}", "train.tar: no such file; "),
        (restore.main, [], "stepps = 1", "there is no setting 'stepps'; did you mean steps?"),
        (style.main, ["--features", "missing.npz"], "steps = 1", "missing.npz: No such file or directory; check"),
        (edges.main, [], "steps = 1", "no train-*.npy; make them with python -m"),
        (edges.main, [], "steps = ", "not a recipe"),
        (train_shapes.main, ["--start", "missing.pt"], "steps = 1", "missing.pt: not a checkpoint"),
    ],
)  # fmt: skip
def test_commands_end_in_one_line(
    main: Callable[[list[str]], None], words: list[str], recipe: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(recipe)
    with pytest.raises(SystemExit) as failure:
        main([str(file), str(tmp_path), str(tmp_path / "run"), *words])
    assert message in str(failure.value)
    assert str(failure.value).startswith("error: ")
    assert "\n" not in str(failure.value)


def test_a_run_of_another_network_is_not_resumed(tmp_path: Path) -> None:
    task = edge_task(tmp_path)
    Trainer(task, tmp_path / "run").run()
    wider = edges.EdgeTask(edges.EdgeSettings(steps=STEPS, width=9, pixels=50, batch=64), task.sample_folder)
    with pytest.raises(UsageError, match=r"last\.pt: belongs to a run of another network; give the settings"):
        Trainer(wider, tmp_path / "run").run()
