"""A photograph's gain map on results: the same frame, crops, turns, sizes and backgrounds; dropped with a word."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mattebox as mb
from mattebox.api.result import CutoutResult
from mattebox.io.encoding import encode
from mattebox.io.gain_map import KEPT_NOTE
from mattebox.models.matte_session import Session
from mattebox.pipeline.gain_map_transfer import DROPPED
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Frame, Save
from mattebox.types import DepthMap, GainMap, Picture
from tests.fakes import fake_session
from tests.io.gain_map_files import read_stored

SIZE = (240, 320)


def photograph(alpha: bool = False) -> Picture:
    """A photograph whose right half shines by 2 stops, its lower right quarter by 3; the map has half its size."""
    gains = np.zeros((120, 160, 1), np.float32)
    gains[:, 80:] = 2
    gains[60:, 80:] = 3
    rng = np.random.default_rng(0)
    rgb = rng.integers(100, 140, (*SIZE, 3), np.uint8)
    opaque = np.zeros(SIZE, np.uint8)
    opaque[60:180, 80:240] = 255
    gain_map = GainMap(gains, (0.0, 3.0))
    return Picture(rgb, opaque if alpha else None, notes=(KEPT_NOTE,), gain_map=gain_map)


def stored_gains(picture: Picture) -> np.ndarray:
    stored = read_stored(encode(picture, "jpeg"))
    assert stored is not None
    return stored.gains_by_iso


@pytest.mark.parametrize("parameters", [{"exposure": 0.5}, {"sharpen": 80, "warmth": 20}, {"restore": 0.5}, {}])
def test_the_same_frame_keeps_it(parameters: dict[str, object]) -> None:
    source = photograph()
    result = mb.enhance(source, **(parameters or {"light": "none"}))
    gains = stored_gains(result.picture)
    assert gains[10, 40] == pytest.approx(0, abs=0.05)
    assert gains[10, 120] == pytest.approx(2, abs=0.05)
    assert gains[100, 120] == pytest.approx(3, abs=0.05)
    assert result.notes == (KEPT_NOTE,)


def test_an_enlarged_photograph_keeps_it() -> None:
    result = mb.upscale(photograph(), 2, upscale_detail=0)
    assert stored_gains(result.picture).shape == (120, 160)


STEPS = DepthMap(np.eye(40, dtype=np.float32), "picture")


def cut(source: Picture, **parameters: object) -> CutoutResult:
    """The photograph on white, cut by its own brightness: the dark rectangle is left, in its place."""
    rgb = source.rgb.copy()
    outside = np.ones(SIZE, bool)
    outside[60:180, 80:240] = False
    rgb[outside] = 255
    return mb.cut(replace(source, rgb=rgb), by="network", session=_session(), **{"background": "white", **parameters})


def _session() -> Session:
    """A session whose subject is what is not white."""
    return Session(fake_session().card, lambda x: (x.mean(1, keepdims=True) < 0.8).astype(np.float32), "cpu")


def test_what_is_behind_the_subject_does_not_shine() -> None:
    gains = stored_gains(cut(photograph()).picture)
    assert gains.shape == (120, 160)
    assert gains[:28].max() < 0.1
    assert gains[92:].max() < 0.1
    assert gains[:, 122:].max() < 0.1
    assert gains[45, 100] == pytest.approx(2, abs=0.1)
    assert gains[75, 100] == pytest.approx(3, abs=0.1)
    assert gains[75, 60] == pytest.approx(0, abs=0.1)


def test_crops_follow_the_subject() -> None:
    result = cut(photograph(), crop=True)
    height, width = result.shape
    gains = stored_gains(result.picture)
    assert gains.shape[1] / gains.shape[0] == pytest.approx(width / height, rel=0.05)
    rows, columns = gains.shape
    assert gains[rows // 4, columns * 3 // 4] == pytest.approx(2, abs=0.1)
    assert gains[rows * 3 // 4, columns * 3 // 4] == pytest.approx(3, abs=0.1)
    assert gains[rows // 2, columns // 4] == pytest.approx(0, abs=0.1)


def test_sizes_and_margins() -> None:
    result = cut(photograph(), crop=True, size="400x400", margin="10%")
    assert result.shape == (400, 400)
    gains = stored_gains(result.picture)
    rows, columns = gains.shape
    assert rows == columns
    assert gains[0].max() < 0.1
    assert gains[rows * 6 // 10, columns * 7 // 10] == pytest.approx(3, abs=0.1)
    assert gains[rows * 42 // 100, columns * 7 // 10] == pytest.approx(2, abs=0.15)


def test_turns() -> None:
    result = cut(photograph(), rotate=90, crop=True)
    gains = stored_gains(result.picture)
    rows, columns = gains.shape
    assert gains[rows // 4, columns // 2] == pytest.approx(0, abs=0.1)  # the left half is above now
    assert gains[rows * 3 // 4, columns // 4] == pytest.approx(3, abs=0.1)  # and the lower right one at the left
    assert gains[rows * 3 // 4, columns * 3 // 4] == pytest.approx(2, abs=0.1)


def test_an_uncut_crop_follows() -> None:
    result = run_recipe(photograph(), Recipe((Frame(crop_to="50% 0% 100% 100%"), Save())))
    gains = stored_gains(result.picture)
    assert gains.shape == (120, 80)
    assert gains[10:50] == pytest.approx(np.full((40, 80), 2), abs=0.1)
    assert gains[70:] == pytest.approx(np.full((50, 80), 3), abs=0.1)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        (
            {"bokeh": 2, "bokeh_focus": (10, 10), "bokeh_depth": STEPS},
            "blur",
        ),
        ({"label": "ai-edited"}, "label"),
        ({"style": "watercolour"}, "style"),
        ({"sign": True}, "signed"),
    ],
)
def test_what_would_not_be_true_is_dropped_with_a_word(parameters: dict[str, object], word: str) -> None:
    result = mb.enhance(photograph(), **parameters)
    assert result.picture.gain_map is None
    (note,) = (note for note in result.notes if note.startswith(DROPPED))
    assert word in note
    assert KEPT_NOTE not in result.notes
    assert read_stored(encode(result.picture, "jpeg")) is None


def test_transparent_results_have_none_and_files_are_written(tmp_path: Path) -> None:
    result = cut(photograph(), background="transparent")
    assert result.picture.gain_map is None
    target = tmp_path / "made.jpg"
    cut(photograph(), crop=True).save(target)
    assert read_stored(target.read_bytes()) is not None
