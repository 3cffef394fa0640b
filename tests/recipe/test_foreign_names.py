"""Names of other tools' parameters: the error says what they are called here."""

from __future__ import annotations

import re

import pytest

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.foreign_names import FOREIGN_NAMES


@pytest.mark.parametrize("name", FOREIGN_NAMES)
def test_names_of_other_tools_lead_to_parameters_that_exist(name: str) -> None:
    assert name not in parameters_by_name()
    named = re.match(r"\w+", FOREIGN_NAMES[name])
    assert named
    assert named[0] in parameters_by_name()
    with pytest.raises(UsageError, match=f"there is no parameter '{name}'; here it is {named[0]}"):
        build_recipe({name: "1"})


def test_other_unknown_names_get_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean edges?"):
        build_recipe({"edgez": "none"})
