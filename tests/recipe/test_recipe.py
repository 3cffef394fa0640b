"""Recipes: what makes sense is accepted, the rest refused with the remedy."""

import re
from pathlib import Path

import msgspec
import pytest

from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import STEP_ORDER, Background, Cut, Frame, Shadow, Step


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


@pytest.mark.parametrize("step", STEP_ORDER)
def test_a_step_has_the_options_of_the_base(step: type[Step]) -> None:
    """Of the base: frozen, tagged by its own name, unknown fields refused; and the tag is what `tag()` says."""
    config = step.__struct_config__
    assert (config.frozen, config.tag_field, config.tag) == (True, "step", step.tag())
    assert config.forbid_unknown_fields


def test_malformed_files_are_described_in_plain_words(tmp_path: Path) -> None:
    cases = {
        '[[steps]]\nkind = "cut"\n': "step 1: the field `step` is missing",
        "steps = 3\n": "steps: it should be a list, not a whole number",
        '[[steps]]\nstep = "cut"\nedges = 3\n': "step 1, edges: it should be text, not a whole number",
        "[cut]\n": "there is no field `cut`",
    }
    for content, words in cases.items():
        (tmp_path / "recipe.toml").write_text(content)
        with pytest.raises(UsageError, match=re.escape(words)):
            load_recipe(tmp_path / "recipe.toml")
