"""Recipes: what makes sense is accepted, the rest refused with the remedy; files round-trip."""

from pathlib import Path

import msgspec
import pytest

from mattebox.errors import UsageError
from mattebox.recipe.recipe import STEP_ORDER, Background, Cut, Frame, Recipe, Shadow, Step, load_recipe


def test_every_field_says_what_it_is() -> None:
    for step in STEP_ORDER:
        schema = msgspec.json.schema(step)["$defs"][step.__name__]
        for name, field in schema["properties"].items():
            assert name == "step" or field["description"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((), "add at least one"),
        ((Cut(), Cut()), "merge the two"),
        ((Background(), Cut()), "put cut first"),
        ((Cut(output="matte"), Background(paint="red")), "leave it out"),
        ((Shadow(), Frame()), "put frame first"),
    ],
)
def test_nonsense_is_refused(steps: tuple[Step, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Recipe(steps)


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
