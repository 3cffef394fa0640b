"""Training on a user's folder: tiny, resumable, and clear when disk or memory runs out. Needs torch."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import InputUnreadable, OutputError, UsageError
from tests.fakes import OURS
from tests.training.test_cutout_evaluation import material
from tests.training.test_pseudo_labels import unlabelled

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

TINY = {"widths": [8, 8, 8, 8, 8], "blocks": [1, 1, 1, 1], "inner": [1.0, 1.0, 1.0, 1.0], "decoder": [8, 8, 8, 8],
        "heads": []}  # fmt: skip


def recipe(minutes: float = 0.02):  # type: ignore[no-untyped-def]
    from mattebox.training.tasks.cutout.settings import CutoutSettings

    return CutoutSettings(
        minutes=minutes, batch=4, pool_side=32, sides=[[0.0, 32]], shape=TINY, judge_every=0.5, warmup=2
    )


@pytest.mark.parametrize("has_backgrounds", [True, False])
def test_a_folder_is_enough(tmp_path: Path, has_backgrounds: bool) -> None:
    from mattebox.training.tasks.cutout.train import train_cutout

    data = material(tmp_path / "mine")
    if not has_backgrounds:
        for path in (data / "backgrounds").iterdir():
            path.unlink()
        (data / "backgrounds").rmdir()
    train_cutout(recipe(), data, tmp_path / "run")
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    evaluations = sum("iou" in row for row in rows)  # how often depends on the machine
    assert evaluations >= 1
    html = (tmp_path / "run/report.html").read_text()
    assert html.count("data:image/jpeg") == evaluations  # of one picture
    assert "http" not in html
    steps = rows[-1]["step"]
    train_cutout(recipe(), data, tmp_path / "run")  # the budget is spent: nothing more is done
    assert torch.load(tmp_path / "run/last.pt", weights_only=True)["step"] == steps
    train_cutout(recipe(), data, tmp_path / "next", initial_weights=str(tmp_path / "run/best.pt"))


def test_a_run_with_frozen_statistics_resumes(tmp_path: Path) -> None:
    from mattebox.training.tasks.cutout.train import train_cutout

    data = material(tmp_path / "mine")
    shape = {"stages": 6, "last": 2, "narrow": 16, "heads": [], "decoder": [8, 8, 8, 8]}
    settings = replace(recipe(), minutes=0.0, steps=2, net="litenet", shape=shape)
    train_cutout(settings, data, tmp_path / "first")
    frozen = replace(settings, freeze_statistics=True, frozen_layers=["encoder.stem"], boundary_weight=2, thin_weight=2)
    first = str(tmp_path / "first/best.pt")
    for steps in (2, 4):  # the second call resumes the first
        train_cutout(replace(frozen, steps=steps), data, tmp_path / "frozen", initial_weights=first)
    before = torch.load(first, weights_only=True)["average"]
    state = torch.load(tmp_path / "frozen/last.pt", weights_only=True)
    assert state["step"] == 4
    is_fixed = {name: "running" in name or name.startswith("encoder.stem") for name in before}
    for name, value in state["weights"].items():
        if value.is_floating_point() and is_fixed[name]:
            assert torch.equal(value, before[name]), name
    assert not torch.equal(state["weights"]["head.weight"], before["head.weight"])
    with pytest.raises(UsageError, match="set freeze_statistics = true"):
        replace(settings, frozen_layers=["encoder.stem"])


def test_a_budget_of_steps(tmp_path: Path) -> None:
    from mattebox.training.tasks.cutout.settings import CutoutSettings
    from mattebox.training.tasks.cutout.train import settings_from_arguments, train_cutout

    data = material(tmp_path / "mine")
    counted = replace(recipe(), minutes=0.0, steps=5)
    train_cutout(counted, data, tmp_path / "run")
    assert torch.load(tmp_path / "run/last.pt", weights_only=True)["step"] == 5
    with pytest.raises(UsageError, match="no budget"):
        CutoutSettings()
    with pytest.raises(UsageError, match="pasted 0.5 and taught 0.5 leave no labelled photograph"):
        replace(counted, pasted=0.5, taught=0.5)
    words = {"recipe": None, "out": tmp_path / "new", "start": None, "net": "unet", "minutes": None, "steps": 7}
    settings = settings_from_arguments(argparse.Namespace(**words))
    assert (settings["steps"], settings["minutes"]) == (7, 0.0)


def test_teachers_label_what_has_no_mask(tmp_path: Path) -> None:
    from mattebox.training.data.pool import load_pool
    from mattebox.training.data.soft_labels import read_soft_labels
    from mattebox.training.tasks.cutout.train import main

    data = unlabelled(tmp_path / "mine", 3)
    file = tmp_path / "recipe.toml"
    file.write_text(
        "steps = 3\nbatch = 8\npool_side = 32\nsides = [[0.0, 32]]\ntaught = 0.5\nwarmup = 1\nnet = 'unet'\n"
    )
    main([str(data), "--out", str(tmp_path / "run"), "--recipe", str(file), "--teacher", OURS])
    assert torch.load(tmp_path / "run/last.pt", weights_only=True)["step"] == 3
    soft = read_soft_labels(tmp_path / "run/soft.npz")
    assert soft.teachers == [OURS]
    assert len(load_pool(data, "unlabelled", 32, soft).rows) == 3
    with pytest.raises(UsageError, match="labelled 2 pictures, and 3 are there"):
        load_pool(data, "unlabelled", 32, replace(soft, masks=soft.masks[:2]))


def test_ablations_change_one_thing_and_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mattebox.training.data.pool import load_pools
    from mattebox.training.tasks.cutout.ablation import AblationInputs, run_ablation

    data = material(tmp_path / "mine")
    same = replace(recipe(), minutes=0.0, steps=2)
    given = AblationInputs(data, load_pools(data, 32, torch.device("cpu")))
    names = ["as it is", "without average", "composites 0"]
    table = run_ablation(same, names, 2, given, tmp_path / "out")
    assert {name: len(runs) for name, runs in table.items()} == dict.fromkeys(names, 2)
    assert json.loads((tmp_path / "out/table.json").read_text()) == table
    assert "IoU" in capsys.readouterr().out
    log = tmp_path / "out/as-it-is,-0/log.jsonl"
    judged = log.read_text().count('"iou"')
    assert run_ablation(same, names[:1], 1, given, tmp_path / "out")["as it is"] == table["as it is"][:1]
    assert log.read_text().count('"iou"') == judged  # nothing was done twice


def test_a_change_that_cannot_be_is_said_before_the_first_run(tmp_path: Path) -> None:
    from mattebox.training.data.pool import PicturePool, TrainingPools
    from mattebox.training.tasks.cutout.ablation import AblationInputs, run_ablation

    pool = PicturePool(torch.zeros(2, 4, 32, 32), [])
    given, full = (
        AblationInputs(tmp_path, TrainingPools(pool, teacher_labelled=pool)),
        replace(recipe(), pasted=0.2, taught=0.5),
    )
    with pytest.raises(UsageError, match="pasted 0.5 and taught 0.5 leave no labelled photograph"):
        run_ablation(full, ["as it is", "composites 0.5"], 1, given, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path) -> None:
    from mattebox.training.core import checkpoint

    path = tmp_path / "last.pt"
    checkpoint.write({"average": {}, "step": 1}, path)
    (tmp_path / "last.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"last\.pt.*the previous one is whole"):
        checkpoint.write({"average": torch.zeros(100_000), "step": 2}, path)
    assert checkpoint.read(path, torch.device("cpu"))["step"] == 1
    path.write_bytes(b"nothing")
    with pytest.raises(InputUnreadable, match="not a checkpoint"):
        checkpoint.read(path, torch.device("cpu"))


def test_the_batch_that_fits_is_named() -> None:
    from mattebox.training.core.batch_size import suggest_fitting_batch

    tried = []

    def trial(count: int) -> None:
        tried.append(count)
        if count > 12:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(UsageError, match="batch of 96; set batch = 12"), suggest_fitting_batch(96, trial):
        trial(96)
    assert tried == [96, 48, 24, 12]
    with pytest.raises(RuntimeError, match="another"), suggest_fitting_batch(96, trial):
        raise RuntimeError("another")


def test_masks_without_a_subject_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    from mattebox.training.data.pool import load_pool

    data = material(tmp_path)
    for path in (data / "masks").iterdir():
        Image.new("L", (80, 64)).save(path)
    with pytest.raises(InputUnreadable, match="no mask shows a subject"):
        load_pool(data, "labelled", 32)


def test_a_card_goes_back_into_a_network_that_answers_alike() -> None:
    pytest.importorskip("onnx")
    from mattebox.errors import ModelError
    from mattebox.models.matte_session import Session
    from mattebox.training.convert.onnx_to_torch import load_onnx_weights
    from mattebox.training.networks.registry import build_network, trainable_network_name
    from mattebox.training.tasks.cutout.train import find_trainable_card

    torch.manual_seed(0)
    pictures, card = torch.randn(4, 3, 64, 96), find_trainable_card(OURS)
    net = build_network(trainable_network_name(card), {})
    load_onnx_weights(card, net, pictures)
    other = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        alpha = torch.sigmoid(net.eval()(other)).numpy()
        trained = torch.sigmoid(net.train()(pictures)[0])
    assert alpha == pytest.approx(Session.open(card).run(other.numpy())[:, :1], abs=1e-3)
    with torch.no_grad():  # in training the batch's own statistics are those it was given
        apart = (trained - torch.sigmoid(net.eval()(pictures))).abs()
    assert apart.mean() < 0.03
    assert apart.max() < 0.12
    # filters are of the size that steps are made for: folded ones are smaller
    filters = net.get_submodule("encoder.stages.3.0.grow.0").weight
    assert filters.square().mean((1, 2, 3)).sqrt().mean().item() == pytest.approx(
        (2 / filters[0].numel()) ** 0.5, rel=0.05
    )
    with pytest.raises(ModelError, match="another shape than the recipe"):
        load_onnx_weights(card, build_network("unet", {}), pictures)


def test_a_few_pictures_of_a_new_kind_teach_it(tmp_path: Path) -> None:
    """The tutorial of docs/training.md, tiny: of two discs only the dark one is wanted from now on."""
    from PIL import Image

    from mattebox.training.evaluate.cutout import evaluate_predictor
    from mattebox.training.evaluate.predictors import card_predictor
    from mattebox.training.networks.registry import trainable_network_name
    from mattebox.training.tasks.cutout.settings import FINE_TUNING_SETTINGS, CutoutSettings
    from mattebox.training.tasks.cutout.train import find_trainable_card, train_cutout

    data, dice = tmp_path / "mine", np.random.default_rng(0)
    (data / "images").mkdir(parents=True)
    (data / "masks").mkdir()
    rows, columns = np.mgrid[:64, :64]
    for number in range(20):
        picture = np.full((64, 64, 3), dice.integers(90, 150), np.uint8)
        first = dice.random() < 0.5
        centres = [(dice.integers(20, 44), column) for column in ((18, 46) if first else (46, 18))]
        light, dark = (np.hypot(rows - y, columns - x) < 12 for y, x in centres)
        picture[light], picture[dark] = (240, 230, 220), (30, 20, 25)
        Image.fromarray(picture).save(data / f"images/{number}.png")
        Image.fromarray(dark.astype(np.uint8) * 255).save(data / f"masks/{number}.png")
    short = {"batch": 8, "sides": [[0.0, 64]], "pool_side": 64, "judge_every": 1.0, "warmup": 5, "average": 0.9}
    recipe = CutoutSettings(
        **(FINE_TUNING_SETTINGS | short), net=trainable_network_name(find_trainable_card("balanced")), steps=40
    )  # type: ignore[arg-type]
    before = evaluate_predictor(card_predictor("balanced"), data)["iou"]
    train_cutout(recipe, data, tmp_path / "run", initial_weights="balanced")
    after = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])["iou"]
    assert after > before + 0.2
