"""What a recipe says against a marketplace's rules is known before anything is made."""

import pytest

from mattebox.composition.marketplace.forecast import foresee_conflicts
from mattebox.composition.marketplace.rules import load_marketplaces
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.presets import find_preset


@pytest.mark.parametrize(
    ("marketplace", "values", "parameters"),
    [("amazon", {}, []), ("amazon", {"background": "grey"}, ["background"]), ("amazon", {"background": "#ffffff"}, []),
     ("amazon", {"background": "grey", "shadow": "contact"}, ["background", "shadow"]),
     ("amazon", {"background": "transparent", "format": "png"}, ["background"]),
     ("amazon", {"background": "linear-gradient(white, red)"}, ["background"]),
     ("amazon", {"label": "SALE"}, ["label"]), ("amazon", {"format": "webp"}, ["format"]),
     ("amazon", {"fill": "50%"}, ["fill"]), ("etsy", {"background": "grey", "shadow": "contact"}, []),
     ("amazon", {"background": "grey", "check_for": "none"}, [])],
)  # fmt: skip
def test_conflicts(marketplace: str, values: dict[str, object], parameters: list[str]) -> None:
    conflicts = foresee_conflicts(build_recipe(values, find_preset(marketplace)))
    assert [conflict.parameter for conflict in conflicts] == parameters
    assert all(f"{c.parameter}={c.value}" in str(c) and marketplace in str(c) for c in conflicts)


@pytest.mark.parametrize("marketplace", sorted(load_marketplaces()))
def test_presets_keep_their_own_rules(marketplace: str) -> None:
    assert foresee_conflicts(find_preset(marketplace)) == ()
