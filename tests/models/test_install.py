"""A user's own models run once before they are added; pickles are never opened, files elsewhere never read."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards import registry
from mattebox.models.cards.card import Licence
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.models.store import install, settings, weight_files
from mattebox.types import Picture
from tests.fakes import OURS
from tests.models.onnx import colour_network, external, model, node, value
from tests.models.weight_server import use_home_folder

RED = np.array([[1.0, 0.0, 0.0]])


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return use_home_folder(monkeypatch, tmp_path / "home")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.onnx"
    path.write_bytes(colour_network(RED))
    return path


def left(folder: Path) -> list[str]:
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]


def test_an_added_model_is_found_and_runs(mine: Path) -> None:
    install.add_model(mine, find_card("ben2"), licence=Licence("MIT", commercial=True))
    mine.unlink()
    card = registry.all_cards()["mine"]
    assert (card.input, card.output, card.licence.name) == (find_card("ben2").input, find_card("ben2").output, "MIT")
    assert (card.url, card.figures, card.source) == ("", (), "")
    session = Session.open("mine", "cpu")
    x, geometry = session.preprocess(Picture(np.full((9, 9, 3), (255, 0, 0), np.uint8)))
    np.testing.assert_allclose(session.postprocess(session.run(x), geometry), 1 / (1 + np.exp(-1)), atol=1e-6)


def test_an_unstated_licence_is_not_commercial(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install.add_model(mine, find_card("u2net"), "own")
    monkeypatch.setenv(settings.COMMERCIAL_VARIABLE, "1")
    with pytest.raises(ModelError, match="own may not be used commercially"):
        find_card("own")


@pytest.mark.parametrize("name", ["u2net", "balanced", OURS])
def test_names_taken_are_refused(mine: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"there is a model {name} already; choose another name with --name"):
        install.add_model(mine, find_card("u2net"), name)


@pytest.mark.parametrize("name", ["../x", "a b", ".x", "x@y", "x.json", "a/b"])
def test_names_that_cannot_be(mine: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot be a model's name"):
        install.add_model(mine, find_card("u2net"), name)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_are_never_opened(tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "trap.onnx"
    trap.write_bytes(pickle.dumps(Trap(), protocol))
    with pytest.raises(ModelError, match="never opened; export the network to ONNX"):
        install.add_model(trap, find_card("u2net"))
    assert not (tmp_path / "sprung").exists()
    trap.write_bytes(b"PK\x03\x04 as torch saves it")
    with pytest.raises(ModelError, match="never opened"):
        install.add_model(trap, find_card("u2net"))


@pytest.mark.parametrize(
    ("content", "like", "message"),
    [
        (b"no network", "u2net", "valid ONNX file"),
        (colour_network(np.ones((2, 3))), "u2net", r"gave \(1, 2, 320, 320\); it must give \(1, 1, 320, 320\)"),
        (colour_network(RED), "u2net_cloth_seg", r"it must give \(1, 4, 768, 768\)"),
        (colour_network(RED), "rvm", "name all but the picture under constants"),
        (colour_network(RED, extra=[("second", 4)]), "u2net", "has the inputs input, second"),
    ],
)
def test_what_does_not_run_is_not_added(tmp_path: Path, home: Path, content: bytes, like: str, message: str) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        install.add_model(tmp_path / "bad.onnx", find_card(like))
    assert left(home) == []
    assert "bad" not in registry.all_cards()


def split(folder: Path, place: str) -> Path:
    """A network whose weights are in another file."""
    path = folder / "split.onnx"
    weights = external("weights", (1, 3, 1, 1), place)
    path.write_bytes(
        model([node("Conv", ["input", "weights"], ["output"])], [value("input", 4)], [value("output", 4)], [weights])
    )
    return path


def test_external_data_beside_the_file_is_copied(tmp_path: Path) -> None:
    (tmp_path / "split.data").write_bytes(RED.astype(np.float32).tobytes())
    card = install.add_model(split(tmp_path, "split.data"), find_card("u2net"))
    (tmp_path / "split.data").unlink()
    assert list(card.parts) == ["split.data"]
    Session.open("split", "cpu")
    (Path(card.folder) / "split.data").write_bytes(b"\0" * 12)
    with pytest.raises(ModelError, match=r"split\.data is not the file"):
        Session.open("split", "cpu")


def test_external_data_elsewhere_is_refused(tmp_path: Path, home: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret").write_bytes(RED.astype(np.float32).tobytes())
    (inner / "link").symlink_to(tmp_path / "secret")
    for place in ("../secret", str(tmp_path / "secret"), "link"):
        with pytest.raises(ModelError, match="outside its own folder; save the weights in or beside it"):
            install.add_model(split(inner, place), find_card("u2net"))
    with pytest.raises(ModelError, match=r"lost\.data: cannot be read .*; put it beside split\.onnx"):
        install.add_model(split(inner, "lost.data"), find_card("u2net"))
    assert left(home) == []


def test_removing(mine: Path, home: Path) -> None:
    card = install.add_model(mine, find_card("u2net"))
    assert install.remove_model(find_card("mine")) > card.bytes
    assert left(home) == []
    assert "mine" not in registry.all_cards()
    pulled = find_card("u2net")
    weight_files.weights_path(pulled).parent.mkdir()
    weight_files.partial_path(weight_files.weights_path(pulled)).write_bytes(b"1234")
    assert install.remove_model(pulled) == 4
    with pytest.raises(ModelError, match="u2net is not here; there is nothing to remove"):
        install.remove_model(pulled)
    with pytest.raises(ModelError, match="neither pulled nor added"):
        install.remove_model(find_card(OURS))
    assert weight_files.is_installed(find_card(OURS))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: cannot be read .*check the path"):
        install.add_model(tmp_path / "none.onnx", find_card("u2net"))


def test_a_broken_card_of_the_users_is_named_and_spares_the_default(home: Path) -> None:
    (home / "added/bad").mkdir(parents=True)
    (home / "added/bad/card.json").write_text("{")
    with pytest.raises(ModelError, match=r"bad/card\.json: not a model card"):
        registry.all_cards()
    assert find_card("balanced").name == OURS
