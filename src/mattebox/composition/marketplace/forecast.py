"""Which wishes of a recipe a marketplace's check will refuse, told before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mattebox.composition.marketplace.rules import NO_MARKETPLACE, MarketplaceRules, find_rules
from mattebox.errors import MatteboxError
from mattebox.io.colour import parse_colour
from mattebox.io.file_formats import find_format
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Frame, Label, Shadow

NO_SHADOW, AUTO, TRANSPARENT = "none", "auto", "transparent"
OPAQUE_FORMATS = ("jpeg", "gif", "bmp")  # that are saved without transparency
WHITE = "white"


@dataclass(frozen=True)
class RuleConflict:
    """A value of a recipe that a rule is against.

    Attributes
    ----------
    marketplace
        Its name.
    parameter, value
        Flat name of the parameter, and its value.
    wanted
        What the rule wants, in words.
    """

    marketplace: str
    parameter: str
    value: str
    wanted: str

    def __str__(self) -> str:
        return f"the check for {self.marketplace} will fail by {self.parameter}={self.value}: it wants {self.wanted}"


def foresee_conflicts(recipe: Recipe) -> tuple[RuleConflict, ...]:
    """The values of a recipe that break rules of the marketplace that it is checked for; advice is left out.

    Only what the recipe itself says is looked at: a photograph can break rules that no recipe tells of. UsageError for
    an unknown marketplace.
    """
    marketplace = recipe.save_step.check_for
    if marketplace == NO_MARKETPLACE:
        return ()
    return tuple(_find_conflicts(recipe, find_rules(marketplace)))


def _find_conflicts(recipe: Recipe, rules: MarketplaceRules) -> Iterator[RuleConflict]:
    background, shadow, frame = recipe.find_step(Background), recipe.find_step(Shadow), recipe.find_step(Frame)
    label = recipe.find_step(Label)
    suffix = recipe.save_step.format
    file_format = None if suffix == AUTO else find_format(suffix).name
    paint = background.paint if background is not None else TRANSPARENT
    is_clear = paint == TRANSPARENT
    if recipe.cut_step is not None and rules.white and not is_clear and not _is_white(paint):
        yield RuleConflict(rules.name, "background", paint, "a white background")
    if recipe.cut_step is not None and rules.opaque and is_clear and file_format not in OPAQUE_FORMATS:
        yield RuleConflict(rules.name, "background", paint, "nothing transparent")
    if rules.white and shadow is not None and shadow.kind != NO_SHADOW:
        yield RuleConflict(rules.name, "shadow", shadow.kind, "a background that is white everywhere")
    if rules.text_free and label is not None:
        yield RuleConflict(rules.name, "label", label.text, "no writing and no logo")
    if file_format is not None and file_format not in rules.formats:
        yield RuleConflict(rules.name, "format", suffix, " or ".join(rules.formats))
    if frame is not None and "fill" not in rules.advice and (wanted := _wanted_fill(frame.fill, rules)):
        yield RuleConflict(rules.name, "fill", frame.fill, wanted)


def _is_white(paint: str) -> bool:
    try:
        colour = parse_colour(paint)
    except (MatteboxError, ValueError):  # a gradient, a picture: no plain colour
        return False
    return colour is not None and colour == parse_colour(WHITE)


def _wanted_fill(fill: str, rules: MarketplaceRules) -> str:
    """What a rule wants in place of a share of the canvas; "" where it complies, or is no share."""
    low, high = rules.fill_least or 0.0, rules.fill_most or 1.0
    try:
        share = float(fill.removesuffix("%")) / 100
    except ValueError:
        return ""
    return "" if low <= share <= high else f"{100 * low:.0f} to {100 * high:.0f} %"
