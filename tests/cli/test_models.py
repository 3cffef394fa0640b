"""`mattebox models` as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mattebox.models.cards import registry
from mattebox.models.store import weight_files
from tests.cli.conftest import Run
from tests.fakes import OURS
from tests.models.onnx import colour_network
from tests.models.weight_server import WeightServer, serve_weights, use_home_folder

NETWORK = colour_network(np.array([[4.0, -2.0, -2.0]]))


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return use_home_folder(monkeypatch, tmp_path / "home")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightServer]:
    """A shop with two models on its shelf: `sold`, and `gated` that is not for commercial use."""
    with serve_weights(NETWORK) as opened:
        sold = opened.card()
        terms = msgspec.structs.replace(
            sold.licence, name="CC-BY-NC-4.0", url="https://l", commercial=False, gated=True
        )
        gated = opened.card(name="gated", weights="gated.onnx", licence=terms)
        shelf = {**registry._packaged_cards(), "sold": sold, "gated": gated}
        monkeypatch.setattr(registry, "_packaged_cards", lambda: shelf)
        yield opened


def test_the_list_marks_what_is_here_and_what_it_may_be_used_for(run: Run) -> None:
    rows = {row.split()[0]: row for row in run("models", "list").out.splitlines()}
    assert run("models").out == run("models", "list").out
    assert "pull 176 MB" in rows["u2net"]
    assert "pull" not in rows[OURS]
    assert "CC-BY-NC-4.0" in rows["rmbg-2.0"]
    assert "u2net_cloth_seg@upper" in rows
    listed = [json.loads(line) for line in run("models", "list", "--json").out.splitlines()]
    assert {r["name"]: r["here"] for r in listed}["u2net"] is False
    assert all(r["folder"] is None for r in listed)


def test_commercial_leaves_out_the_rest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "rmbg-" not in run("models", "list", "--commercial").out
    assert "rmbg-" not in run("models", "--commercial").out
    assert "MATTEBOX_COMMERCIAL" not in os.environ
    assert "rmbg-" in run("models").out
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "1")
    assert "rmbg-" not in run("models").out


def test_show(run: Run) -> None:
    text = run("models", "show", "birefnet-general").out
    for word in ("commercial: yes", "name: MIT", "here: no", "DIS-VD HCE", "BiRefNet README", "values: logits"):
        assert word in text
    text = run("models", "show", "balanced").out
    assert "  parameters, 4,787,089, python -m mattebox.training.export.cutout\n" in text
    assert "failures:\n  coco_small: IoU" in text  # sentences have a line each
    assert json.loads(run("models", "show", "u2net@x", "--json").out or "{}") == {}
    assert json.loads(run("models", "show", "u2net", "--json").out)["bytes"] == 175_997_641


def test_pull_use_verify_remove(run: Run, shop: WeightServer, home: Path) -> None:
    pulled = run("models", "pull", "sold")
    assert pulled.code == 0
    assert pulled.error == "mattebox: sold: licence Apache-2.0, "
    assert pulled.out == f"sold: pulled, {home}/weights/sold.onnx\n"
    again = run("models", "pull", "sold", "--json")
    assert json.loads(again.out) == {"name": "sold", "path": f"{home}/weights/sold.onnx", "pulled": False}
    assert again.err == ""
    assert "sold: good, sha256" in run("models", "verify").out
    assert "sold: removed" in run("models", "remove", "sold").out
    assert not list((home / "weights").glob("sold.onnx*[!k]"))


def test_verify_finds_a_flipped_byte(run: Run, shop: WeightServer) -> None:
    run("models", "pull", "sold")
    weight_files.weights_path(registry.find_card("sold")).write_bytes(NETWORK[::-1])
    ran = run("models", "verify", "--json")
    assert ran.code == 6
    facts = {row["name"]: row for row in map(json.loads, ran.out.splitlines())}
    assert facts["sold"]["good"] is False
    assert facts[OURS]["good"] is True
    assert "mattebox models pull sold" in ran.error


def test_a_gated_licence_is_shown_and_must_be_accepted(run: Run, shop: WeightServer) -> None:
    refused = run("models", "pull", "gated")
    assert refused.code == 6
    assert "CC-BY-NC-4.0, not for commercial use (https://l); read it and" in refused.error
    assert not shop.range_headers
    assert run("models", "pull", "gated", "--accept-licence").code == 0
    ran = run("models", "pull", "gated", "--accept-licence", "--commercial")
    assert ran.code == 6
    assert "gated may not be used commercially" in ran.error


def test_offline_never_asks(run: Run, shop: WeightServer) -> None:
    ran = run("models", "pull", "sold", "--offline")
    assert ran.code == 6
    assert "downloads are off" in ran.error
    assert not shop.range_headers
    assert "MATTEBOX_OFFLINE" not in os.environ


def test_a_model_that_is_not_here_names_the_pull(child: Run, photo: Path) -> None:
    ran = child("cut", "photo.jpg", "--model", "birefnet-general")
    assert ran.code == 6
    assert ran.error == "mattebox: model birefnet-general is not installed; mattebox models pull birefnet-general"


def test_cut_refuses_what_is_not_commercial(run: Run, photo: Path) -> None:
    ran = run("cut", "photo.jpg", "--model", "rmbg-1.4", "--commercial")
    assert ran.code == 6
    assert "rmbg-1.4 may not be used commercially (bria-rmbg-1.4)" in ran.error


def test_add_and_cut_with_it(child: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(NETWORK)
    ran = child("models", "add", "mine.onnx", "--like", "u2net", "--licence", "MIT", "--commercial-use")
    assert ran.out == "mine: added, use it with --model mine\n"
    assert child("cut", "photo.jpg", "--model", "mine", "--commercial", "--empty", "keep").code == 0
    assert (tmp_path / "photo-cut.png").exists()


def test_add_needs_a_like(run: Run) -> None:
    ran = run("models", "add", "mine.onnx")
    assert ran.code == 2
    assert "--like" in ran.error


def test_the_list_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom mattebox.cli.main import main\n"
        "try: main(['models', 'list'])\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'numpy', 'onnxruntime', 'PIL', 'urllib.request'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - begun < 3  # 0.15 s on an idle machine; what it loads is what decides
