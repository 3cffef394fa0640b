"""From a user's folder to a usable card: train, export and cut by the command line. Needs torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mattebox.errors import UsageError
from tests.training.test_cutout_evaluation import material
from tests.training.test_train import TINY

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")
pytest.importorskip("onnx", reason="onnx is not part of the test lock")


def test_trained_on_a_folder_and_used_by_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import mattebox as mb
    from mattebox.training import commands

    data, run = material(tmp_path / "mine"), tmp_path / "run"
    lines = ["minutes = 0.02", "batch = 4", "pool_side = 32", "sides = [[0.0, 32]]", "judge_every = 0.5", "[shape]"]
    (tmp_path / "r.toml").write_text("\n".join([*lines, *(f"{k} = {v}" for k, v in TINY.items())]))
    arguments = [str(data), "--out", str(run), "--recipe", str(tmp_path / "r.toml"), "--threads", "1"]
    outcome = CliRunner().invoke(commands.train, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    assert "minutes = 0.02" in (run / "recipe.toml").read_text()
    arguments = [str(run / "best.pt"), "--data", str(data), "--name", "mine", "--out", str(tmp_path)]
    outcome = CliRunner().invoke(commands.export, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    result = mb.cut(data / "images/p0.png", model=str(tmp_path / "mine.json"), empty="keep")
    assert result.model == "mine"
    assert result.picture.shape == (64, 80)
    arguments = [str(data), "--out", str(tmp_path / "on"), "--from", str(tmp_path / "mine.json"), "--steps", "1"]
    outcome = CliRunner().invoke(commands.train, [*arguments, "--threads", "1"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output  # of the same shape, which the graph says itself
    assert "decoder = [8, 8, 8, 8]" in (tmp_path / "on/recipe.toml").read_text()


def test_a_misspelt_setting_is_named(tmp_path: Path) -> None:
    from mattebox.training.core.settings import read_settings
    from mattebox.training.tasks.cutout.settings import CutoutSettings

    (tmp_path / "r.toml").write_text("minuts = 3")
    with pytest.raises(UsageError, match="no setting 'minuts'; did you mean minutes"):
        read_settings(CutoutSettings, tmp_path / "r.toml", tmp_path)


def test_excluded_names_are_read_beside_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebox.training.core.settings import build_settings, read_settings, write_settings
    from mattebox.training.tasks.cutout.settings import CutoutSettings

    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/r.toml").write_text('steps = 1\nleave_out = "leave.txt"\n')
    monkeypatch.chdir(tmp_path)
    write_settings(read_settings(CutoutSettings, Path("recipes/r.toml"), tmp_path / "run"), tmp_path / "run")
    monkeypatch.chdir("/")  # the run goes on from elsewhere
    settings = build_settings(CutoutSettings, read_settings(CutoutSettings, None, tmp_path / "run"))
    assert settings.excluded_names_file == tmp_path / "recipes/leave.txt"


def test_sizes_have_their_multiply_adds() -> None:
    from mattebox.training.networks.complexity import count_multiply_adds
    from mattebox.training.networks.cutnet import CUTNET_SHAPES, CutNet

    work = {name: count_multiply_adds(CutNet(shape), 320, 320) / 1e9 for name, shape in CUTNET_SHAPES.items()}
    assert work["small"] < 0.8 < work["medium"] < 1.5 < work["large"] < 12


def test_the_contact_sheet(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    from mattebox.training.data import sample_sheet

    sample_sheet.main(
        [str(material(tmp_path / "mine")), "--out", str(tmp_path / "s.png"), "--count", "6", "--side", "64"]
    )
    pixels = np.asarray(Image.open(tmp_path / "s.png"))
    assert pixels.shape == (128, 512, 3)
    masks = pixels[:64, 64:128].astype(int)
    assert (np.ptp(masks, axis=2) == 0).all()
