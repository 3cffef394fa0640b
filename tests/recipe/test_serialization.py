"""Recipe files: TOML and JSON round-trip; a broken one is refused with its name and the remedy."""

from pathlib import Path

import msgspec
import pytest

from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe, parse_recipe_text
from mattebox.recipe.steps import Background, Cut


def test_json_round_trip(tmp_path: Path) -> None:
    recipe = Recipe((Cut(model="fast", edges="none"), Background(paint="#fff")))
    path = tmp_path / "recipe.json"
    path.write_bytes(recipe.to_json())
    assert load_recipe(path) == recipe


def test_toml(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('[[steps]]\nstep = "cut"\nmodel = "best"\n\n[[steps]]\nstep = "background"\npaint = "white"\n')
    assert load_recipe(path) == Recipe((Cut(model="best"), Background(paint="white")))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "steps = 3"),
        ("a.toml", '[[steps]]\nstep = "dance"'),
        ("a.toml", '[[steps]]\nstep = "cut"\nmodle = "best"'),
        ("a.json", "{"),
        ("a.json", '{"steps": []}'),
        ("a.txt", ""),
    ],
)
def test_a_broken_file_names_itself(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UsageError):
        load_recipe(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="check the path"):
        load_recipe(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 9000, "x = " + "9" * 9000, '{"x":' + "[" * 9000, "a.b.c." * 2000 + "d = 1"]
)
def test_texts_that_python_refuses_to_read_are_no_recipes(text: str) -> None:
    with pytest.raises(msgspec.DecodeError, match=r"nested|digits|truncated"):
        parse_recipe_text(text)


def test_a_broken_text_is_refused_with_its_place() -> None:
    with pytest.raises(msgspec.DecodeError, match="line 1"):
        parse_recipe_text("steps cut")


@pytest.mark.parametrize(
    ("suffix", "text", "problem"),
    [
        (".toml", "a = " + "[" * 20_000 + "]" * 20_000, "nested too deeply"),
        (".json", '{"steps": ' + "[" * 20_000 + "]" * 20_000 + "}", "nested too deeply"),
        (".json", '{"steps": ' + "[" * 700 + "]" * 700 + "}", "recipe"),
        (".toml", ".".join("a" * 40) + " = 1", "nested too deeply"),
        (".toml", "a = " + "9" * 10_000, "too many digits"),
        (".toml", b"title = '\xff'", "UTF-8"),
    ],
)
def test_files_that_nest_without_end_are_errors(tmp_path: Path, suffix: str, text: str | bytes, problem: str) -> None:
    path = tmp_path / f"recipe{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=problem):
        load_recipe(path)
