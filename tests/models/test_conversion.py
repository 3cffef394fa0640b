"""Weights in another format are converted once, atomically, and only from the verified file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import WEIGHTS_FOLDER, find_card
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.models.store import conversion, download, install, weight_files, weight_store
from mattebox.models.store.pull import pull_weights
from tests.models.weight_server import WeightServer, serve_weights, use_home_folder

PUBLISHED = b"weights in a form of their own"
GRAPH = (WEIGHTS_FOLDER / "up2-1.onnx").read_bytes()


class FakeEntryPoint:
    """An entry point."""

    def __init__(self, work: Callable[[bytes], bytes] | None) -> None:
        self.work, self.load_count = work, 0

    def load(self) -> Callable[[bytes], bytes]:
        self.load_count += 1
        if self.work is None:
            raise ImportError("no torch")
        return self.work


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WeightServer]:
    monkeypatch.setattr(download, "FIRST_RETRY_SECONDS", 0.001)
    use_home_folder(monkeypatch, tmp_path / "home")
    with serve_weights(PUBLISHED) as weights:
        yield weights


@pytest.fixture
def install_converter(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[bytes], bytes] | None], FakeEntryPoint]:
    def install(work: Callable[[bytes], bytes] | None) -> FakeEntryPoint:
        point = FakeEntryPoint(work)
        monkeypatch.setattr(conversion, "entry_points", lambda group, name: (point,) if name == "fake" else ())
        return point

    return install


InstallConverter = Callable[[Callable[[bytes], bytes] | None], FakeEntryPoint]


def card_of(server: WeightServer) -> Card:
    return msgspec.structs.replace(
        server.card(), task="upscale", converter="fake", tiles=Tiles(scale=2, reach=15), weights="net.pth"
    )


def test_weights_are_converted_once_and_run(server: WeightServer, install_converter: InstallConverter) -> None:
    card, point = card_of(server), install_converter(lambda content: GRAPH if content == PUBLISHED else b"")
    with pytest.raises(ModelError, match="mattebox models pull"):
        weight_store.read_weights(card)
    assert not weight_files.is_installed(card)
    path = pull_weights(card)
    pull_weights(card)
    assert point.load_count == 1
    assert path.read_bytes() == PUBLISHED
    assert weight_files.is_installed(card)
    assert weight_store.read_weights(card) == GRAPH
    assert weight_store.verify_weights(card)["sha256"] == hashlib.sha256(PUBLISHED).hexdigest()
    assert ImageToImageNetwork.open(card, "cpu").run(np.zeros((1, 3, 8, 8), np.float32)).shape == (1, 3, 16, 16)
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "net.pth", "net.pth.json", "net.pth.lock", "net.pth.onnx", "net.pth.onnx.json",
    ]  # fmt: skip
    assert install.remove_model(card) > len(GRAPH)
    assert not weight_files.is_installed(card)


def test_without_the_converter_it_says_what_to_install(
    server: WeightServer, install_converter: InstallConverter
) -> None:
    install_converter(None)
    card = card_of(server)
    with pytest.raises(ModelError, match=r"mattebox\[train\].*what was pulled is kept"):
        pull_weights(card)
    assert weight_files.weights_path(card).read_bytes() == PUBLISHED
    assert not weight_files.is_installed(card)
    install_converter(lambda _: GRAPH)
    pull_weights(card)
    assert weight_store.read_weights(card) == GRAPH


def test_a_changed_graph_is_never_run_and_is_converted_again(
    server: WeightServer, install_converter: InstallConverter
) -> None:
    card, point = card_of(server), install_converter(lambda _: GRAPH)
    graph = conversion.onnx_path(pull_weights(card))
    graph.write_bytes(GRAPH[:-1] + b"?")
    for check in (weight_store.read_weights, weight_store.verify_weights):
        with pytest.raises(ModelError, match="is not the file"):
            check(card)
    pull_weights(card)
    assert point.load_count == 2
    assert weight_store.read_weights(card) == GRAPH


def test_a_graph_of_another_file_is_refused(server: WeightServer, install_converter: InstallConverter) -> None:
    card = card_of(server)
    install_converter(lambda _: GRAPH)
    record = weight_files.record_path(conversion.onnx_path(pull_weights(card)))
    record.write_text(json.dumps(json.loads(record.read_text()) | {"from": "0" * 64}))
    with pytest.raises(ModelError, match="is not converted"):
        weight_store.read_weights(card)


def test_a_kill_between_record_and_graph_leaves_nothing_that_runs(
    server: WeightServer, install_converter: InstallConverter, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_of(server)
    install_converter(lambda _: GRAPH)
    replace, targets = os.replace, []

    def killed_before_the_graph(source: Path, target: Path) -> None:
        targets.append(Path(target).name)
        if targets[-1] == "net.pth.onnx":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed_before_the_graph)
    with pytest.raises((KeyboardInterrupt, ModelError)):
        pull_weights(card)
    monkeypatch.setattr(os, "replace", replace)
    assert targets[-2:] == ["net.pth.onnx.json", "net.pth.onnx"]
    with pytest.raises(ModelError):
        weight_store.read_weights(card)
    pull_weights(card)
    assert weight_store.read_weights(card) == GRAPH


def test_a_users_own_file_is_converted(
    server: WeightServer, install_converter: InstallConverter, tmp_path: Path
) -> None:
    install_converter(lambda content: GRAPH)
    (tmp_path / "mine.pth").write_bytes(b"anything")
    card = install.add_model(tmp_path / "mine.pth", card_of(server))
    assert (card.weights, card.converter, card.task) == ("mine.onnx", "", "upscale")
    assert ImageToImageNetwork.open("mine", "cpu").tiles.scale == 2


def test_a_users_own_upscaler_is_run_once(server: WeightServer, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(GRAPH)
    with pytest.raises(ModelError, match="correct scale and cut"):
        install.add_model(tmp_path / "mine.onnx", find_card("up4-1"))
    assert install.add_model(tmp_path / "mine.onnx", find_card("up2-1")).task == "upscale"
