"""Old names of recipe fields and words: accepted with a warning, replaced by today's, never written again."""

import json
from pathlib import Path

import pytest

from mattebox.recipe.deprecated_names import RENAMED_FIELDS, RENAMED_WORDS, DeprecatedNameWarning
from mattebox.recipe.flat_parameters import allowed_words, build_recipe, deprecated_parameters, parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe, parse_recipe
from mattebox.recipe.steps import STEP_ORDER, Cut, Save

OLD = {"steps": [{"step": "cut", "edges": "fine"}, {"step": "save", "depth": "8"}]}
NEW = Recipe((Cut(edges="network"), Save(bit_depth="8")))


def test_the_tables_lead_from_names_that_are_gone_to_names_that_exist() -> None:
    fields = {step.tag(): set(step.__struct_fields__) for step in STEP_ORDER}
    for step, names in RENAMED_FIELDS.items():
        assert set(names.values()) <= fields[step]
        assert not set(names) & fields[step]
    for (step, field), words in RENAMED_WORDS.items():
        known = {(p.step.tag(), p.field.name): p for p in parameters_by_name().values()}
        assert set(words.values()) <= set(allowed_words(known[step, field]))
        assert not set(words) & set(allowed_words(known[step, field]))


def test_a_decoded_recipe() -> None:
    with pytest.warns(DeprecatedNameWarning) as warned:
        assert parse_recipe(OLD) == NEW
    assert [str(w.message) for w in warned] == [
        'edges "fine" is deprecated and will be removed in the next release; use "network"',
        "depth is deprecated and will be removed in the next release; use bit_depth",
    ]
    assert all(w.filename == __file__ for w in warned)


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_a_recipe_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"old.{suffix}"
    toml = '[[steps]]\nstep = "cut"\nedges = "fine"\n[[steps]]\nstep = "save"\ndepth = "8"\n'
    path.write_text(json.dumps(OLD) if suffix == "json" else toml)
    with pytest.warns(DeprecatedNameWarning):
        recipe = load_recipe(path)
    assert recipe == NEW
    assert b"depth" not in recipe.to_json().replace(b"bit_depth", b"")


@pytest.mark.parametrize("old", RENAMED_WORDS["cut", "edges"])
def test_a_step_in_python(old: str) -> None:
    with pytest.warns(DeprecatedNameWarning, match=old):
        step = Cut(edges=old)  # type: ignore[arg-type]
    assert step == Cut(edges=RENAMED_WORDS["cut", "edges"][old])  # type: ignore[arg-type]


def test_flat_parameters() -> None:
    assert dict(deprecated_parameters()) == {"depth": parameters_by_name()["bit_depth"]}
    with pytest.warns(DeprecatedNameWarning) as warned:
        assert build_recipe({"edges": "fine", "depth": "8"}) == NEW
    assert len(warned) == 2
    with pytest.warns(DeprecatedNameWarning):
        assert build_recipe({"depth": "keep"}, NEW).save_step.bit_depth == "keep"


def test_today_s_names_do_not_warn() -> None:
    assert build_recipe({"edges": "network", "bit_depth": "8"}) == NEW
    assert parse_recipe(json.loads(NEW.to_json())) == NEW
