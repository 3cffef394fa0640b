"""What Python offers beyond `cut`: natural values, pictures as parameters, many photographs, and what `help` shows."""

from __future__ import annotations

import inspect
import io
import pydoc
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mattebox as mb
from mattebox.errors import InputMissing, UsageError
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session

RED, BLUE = (220, 60, 20), (20, 60, 220)


@pytest.fixture
def photo() -> Picture:
    return composite(disc((120, 160), 2), RED, BLUE)


@pytest.fixture
def two_discs() -> Picture:
    alpha = np.zeros((120, 200), np.float32)
    alpha[20:60, 20:60] = alpha[50:110, 120:180] = 1
    return composite(alpha, RED, BLUE)


def test_natural_values_are_the_texts(photo: Picture) -> None:
    natural = mb.cut(photo, session=fake_session(), size=(80, 60), fill=0.5, background=(255, 255, 255), crop=True)
    text = mb.cut(photo, session=fake_session(), size="80x60", fill="50%", background="white", crop=True)
    assert natural.size == (80, 60)
    assert (np.asarray(natural) == np.asarray(text)).all()


def test_a_click_is_a_pair(two_discs: Picture) -> None:
    picked = mb.cut(two_discs, session=fake_session(), pick=(40, 40))
    assert picked.box is not None
    assert np.abs(np.subtract(picked.box, (20, 20, 60, 60))).max() <= 2
    kept, same = (mb.cut(two_discs, session=fake_session(), keep=marks) for marks in ([(40, 40)], "40,40"))
    assert (np.asarray(kept) == np.asarray(same)).all()


@pytest.mark.parametrize("kind", ["picture", "array", "pillow", "path"])
def test_backgrounds_may_be_pictures(kind: str, photo: Picture, tmp_path: Path) -> None:
    beach = np.zeros((60, 80, 3), np.uint8)
    beach[:, 40:] = 255
    Image.fromarray(beach).save(tmp_path / "beach.png")
    forms = {
        "picture": Picture(beach),
        "array": beach,
        "pillow": Image.fromarray(beach),
        "path": tmp_path / "beach.png",
    }
    result = mb.cut(photo, session=fake_session(), background=forms[kind])
    expected = mb.cut(photo, session=fake_session(), background=str(tmp_path / "beach.png"))
    assert result.picture.alpha is None
    assert result.picture.rgb[5, 5].max() == 0
    assert result.picture.rgb[5, -5].min() == 255
    assert (np.asarray(result) == np.asarray(expected)).all()


def test_mattes_and_plates_may_be_arrays(photo: Picture) -> None:
    garbage = np.zeros(photo.shape, np.uint8)
    garbage[:, 80:] = 255
    result = mb.cut(photo, session=fake_session(), garbage=garbage)
    assert result.picture.alpha is not None
    assert result.picture.alpha[:, 90:].max() == 0
    assert result.picture.alpha[60, 70] == 255
    plate = Picture(np.full_like(photo.rgb, BLUE))
    keyed = mb.cut(photo, by=plate)
    assert keyed.picture.alpha is not None
    assert keyed.picture.alpha[60, 80] == 255
    assert keyed.picture.alpha[2, 2] == 0


def test_upscale_takes_a_number(photo: Picture) -> None:
    assert mb.upscale(photo, 2, upscale_detail=0).size == (320, 240)
    assert mb.upscale(photo, 240).size == (240, 180)
    same = mb.upscale(photo, 100)
    assert same.size == (160, 120)
    assert same.notes == ("not enlarged: its longer side has 160 pixels, and 100 were asked for",)


def test_recipes_and_recipe_files_are_presets(photo: Picture, tmp_path: Path) -> None:
    recipe = mb.Recipe((mb.steps.Cut(), mb.steps.Background(paint="#00ff00")))
    (tmp_path / "mine.toml").write_text(recipe.to_toml())
    for preset in (recipe, tmp_path / "mine.toml", str(tmp_path / "mine.toml")):
        result = mb.cut(photo, preset=preset, session=fake_session())
        assert tuple(result.picture.rgb[2, 2]) == (0, 255, 0)
    with pytest.raises(ValueError, match="did you mean amazon"):
        mb.cut(photo, preset="amazn", session=fake_session())


def test_errors_are_the_built_in_kinds(photo: Picture, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mb.cut(tmp_path / "nowhere.jpg")
    (tmp_path / "text.jpg").write_text("hello")
    for kind in (OSError, ValueError):
        with pytest.raises(kind):
            mb.cut(tmp_path / "text.jpg")
    with pytest.raises(ValueError, match="is not a size"):
        mb.cut(photo, session=fake_session(), size="huge")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        mb.cut(photo, session=fake_session()).save(tmp_path / "text.jpg", overwrite=False, format="png")


def test_many_come_in_order(two_discs: Picture) -> None:
    sources = [Picture(np.roll(two_discs.rgb, n, 1)) for n in range(7)]
    expected = [mb.cut(source, session=fake_session()) for source in sources]
    results = list(mb.cut_many(sources, workers=3, session=fake_session()))
    assert len(results) == 7
    for result, single in zip(results, expected, strict=True):
        assert (np.asarray(result) == np.asarray(single)).all()


@pytest.mark.parametrize("workers", [1, 3])
def test_memory_is_bounded(photo: Picture, workers: int) -> None:
    taken = []

    def endless() -> Iterator[Picture]:
        while True:
            taken.append(threading.get_ident())
            yield photo

    results = mb.cut_many(endless(), workers=workers, session=fake_session())
    for _ in range(3):
        next(results)
    assert len(taken) <= 3 + 2 * workers
    assert set(taken) == {threading.get_ident()}  # a generator is used in the thread of its owner
    results.close()  # type: ignore[attr-defined]


def test_one_bad_photograph(photo: Picture, tmp_path: Path) -> None:
    sources = [photo, tmp_path / "nowhere.jpg", photo]
    results = list(mb.cut_many(sources, errors="return", session=fake_session()))
    assert [type(r).__name__ for r in results] == ["CutoutResult", "InputMissing", "CutoutResult"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(mb.cut_many(sources, session=fake_session()))
    with pytest.raises(ValueError, match='choose "raise" or "return"'):
        mb.cut_many(sources, errors="ignore")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="did you mean background"):
        mb.cut_many(sources, backgruond="white")  # type: ignore[call-overload]


def test_analyse_reports_and_suggests(astronaut: Picture) -> None:
    report = mb.analyse(astronaut.rgb // 4)
    assert report.findings
    assert report.recipe is not None
    assert mb.run(astronaut, report.recipe).picture.shape == astronaut.shape


def test_check_takes_files_results_and_arrays(photo: Picture, tmp_path: Path) -> None:
    result = mb.cut(photo, session=fake_session(), preset="amazon")
    path = tmp_path / "listing.jpg"
    result.save(path)
    assert mb.check(path, "amazon").passed
    assert mb.check(path.read_bytes(), "amazon").passed
    assert mb.check(io.BytesIO(path.read_bytes()), "amazon").passed
    assert mb.check(result, "amazon").passed
    blank = mb.check(np.full((1600, 1600, 3), 255, np.uint8), "amazon")
    assert not blank.passed
    assert "background=" not in str(blank)
    assert 'background="white"' in str(mb.check(np.asarray(photo), "amazon"))


@pytest.mark.parametrize("function", [mb.cut, mb.cut_many, mb.enhance, mb.upscale])
def test_help_lists_the_parameters(function: object) -> None:
    text = pydoc.render_doc(function, renderer=pydoc.plaintext)
    signature = inspect.signature(function)  # type: ignore[arg-type]
    names = [name for name in parameters_by_name() if name in signature.parameters]
    assert len(names) > 30
    for name in names:
        assert f"\n    {name} : " in text
        assert signature.parameters[name].default == parameters_by_name()[name].default
    assert "{parameters}" not in text


def test_steps_take_the_old_name_of_a_field() -> None:
    with pytest.warns(DeprecationWarning, match="use bit_depth"):
        assert mb.steps.Save(depth="8") == mb.steps.Save(bit_depth="8")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nonsense"):
        mb.steps.Save(nonsense="8")  # type: ignore[call-arg]


def test_none_is_the_default_and_switches_are_true_or_false(photo: Picture) -> None:
    plain, none = (mb.cut(photo, session=fake_session(), **values) for values in ({}, {"size": None, "crop": None}))  # type: ignore[arg-type]
    assert (np.asarray(plain) == np.asarray(none)).all()
    with pytest.raises(ValueError, match="crop: 'no' is neither True nor False"):
        mb.cut(photo, session=fake_session(), crop="no")  # type: ignore[arg-type]


def test_what_is_shown_has_no_pixels(photo: Picture) -> None:
    result = mb.cut(photo, session=fake_session())
    assert repr(photo) == "Picture(160 x 120, RGB, 8 bits)"
    assert repr(result).startswith("CutoutResult(Picture(160 x 120, RGBA, 8 bits), Matte(160 x 120, confidence ")
    assert len(repr(result)) < 300


def test_urls_and_names_of_other_libraries_get_an_answer() -> None:
    with pytest.raises(FileNotFoundError, match="URLs are not fetched; download it first"):
        mb.cut("https://example.org/photo.jpg")
    with pytest.raises(AttributeError, match="did you mean cut"):
        mb.remove  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("source", ["photo.jpg", b"content", Path("photo.jpg"), np.zeros((4, 4, 3), np.uint8)])
def test_one_photograph_is_not_many(source: str | bytes | Path | np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match="takes a list of photographs, and this is one; put it into a list"):
        mb.cut_many(source)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="from list; give one photograph, or all of them to `cut_many`"):
        mb.cut([source])  # type: ignore[arg-type]


def test_an_empty_path_is_called_so() -> None:
    with pytest.raises(InputMissing, match="^an empty path: no such file"):
        mb.cut("")
