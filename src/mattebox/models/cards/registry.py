"""Registry of model cards: the embedded ones, and those of published networks, installed packages and the user.

Another package adds cards by an entry point in the group `mattebox.cards`: a function without parameters that returns
an iterable of `Card`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from mattebox.core.interface import list_models
from mattebox.core.suggestions import similar_names, suggest_names
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card, load_card
from mattebox.models.store import settings

WEIGHTS_FOLDER = Path(__file__).parents[1] / "weights"
CARDS_FOLDER, TEMPLATES_FOLDER = (Path(__file__).parent / name for name in ("published", "templates"))
MODEL_PRESETS = {"fast": "fast-4", "balanced": "pair-4", "best": "trio-1"}
UPSCALER_PRESETS = {"faithful": ("up2-1", "up4-1"), "real": ("real4-2",)}
RESTORER_PRESETS = {"standard": "restore-3"}
STYLE_MODEL, ADAIN_MODEL = "style-1", "adain"
MATTE_REFINER_MODEL = "edges-2"
MAX_SUGGESTIONS = 3  # similar names in the error for an unknown one


def all_cards() -> dict[str, Card]:
    """All cards by name: the embedded and published ones, other packages' and the user's own.

    Raises ModelError where a package's entry point fails, a card of the user's is malformed, or a name is repeated.
    """
    added_cards = (load_card(path) for path in sorted(settings.added_folder().glob("*/card.json")))
    return _merge_cards(_packaged_cards(), added_cards, str(settings.added_folder()))


def find_card(name: str, task: str | None = None) -> Card:
    """Find a model's card.

    Parameters
    ----------
    name : str
        A preset (fast, balanced, best), the name of a model, `name@variant`, or the path of a card file.
    task : str, optional
        What it is wanted for: an error about an unknown name then suggests models for that.

    Raises
    ------
    ModelError
        There is no such card, or its licence forbids commercial use and MATTEBOX_COMMERCIAL requires it.
    """
    if name.endswith((".json", ".toml")):
        return require_permitted_use(load_card(name))
    base, _, variant = MODEL_PRESETS.get(name, name).partition("@")
    card = _embedded_cards().get(base) or all_cards().get(base)
    if card is None:
        raise ModelError(f"unknown model {name!r}", f"{_suggest_names(base, task)} ({list_models()} names all)")
    return require_permitted_use(card.variant(variant) if variant else card)


def find_card_for_task(task: str, name: str) -> Card:
    """Find a model's card as `find_card`. ModelError where it is for another task; it names those for this one."""
    card = find_card(name, task)
    if card.task != task:
        names = [c.name for c in all_cards().values() if c.task == task]
        raise ModelError(f"model {card.name} is for {card.task}, not {task}", f"choose {' or '.join(names)}")
    return card


def find_template_or_card(name: str) -> Card:
    """Find what a model of the user's own can be like: a template, or another model's card. ModelError for neither."""
    return template_cards().get(name) or find_card(name)


@cache
def template_cards() -> dict[str, Card]:
    """The templates by name: cards without weights, for networks that users export themselves."""
    return _merge_cards({}, map(load_card, sorted(TEMPLATES_FOLDER.glob("*.toml"))), "mattebox")


def require_permitted_use(card: Card) -> Card:
    """Return the card. ModelError where its licence forbids commercial use and MATTEBOX_COMMERCIAL requires it."""
    if settings.is_commercial_only() and not card.licence.commercial:
        raise ModelError(
            f"model {card.name} may not be used commercially ({card.licence.name})",
            f"choose another ({list_models(' --commercial')}), or unset MATTEBOX_COMMERCIAL",
        )
    return card


def upscaler_names(name: str) -> tuple[str, ...]:
    """Models of an upscaling preset, one for each factor; any other name stands for itself."""
    return UPSCALER_PRESETS.get(name, (name,))


def restorer_name(name: str) -> str:
    """Model of a restoration preset; any other name stands for itself."""
    return RESTORER_PRESETS.get(name, name)


def detector_names(name: str) -> tuple[str, ...]:
    """A detector, and what looks at its candidates again, where its card names that. Raises as `find_card`."""
    verification = find_card(name).detection.verification
    return (name,) if verification is None else (name, verification.model)


def is_embedded(card: Card) -> bool:
    """Whether the weights of a card are in the package."""
    return card.name in _embedded_cards()


def style_names() -> tuple[str, ...]:
    """Names of the embedded styles."""
    return find_card(STYLE_MODEL).styles


def withdrawn_style_names() -> tuple[str, ...]:
    """Names of the embedded styles that are no longer offered."""
    card = find_card(STYLE_MODEL)
    return tuple(name for name in card.style_inputs if name not in card.styles)


@cache
def _embedded_cards() -> dict[str, Card]:
    """The cards whose weights are in the package."""
    return _merge_cards({}, map(load_card, sorted(WEIGHTS_FOLDER.glob("*.json"))), "mattebox")


@cache
def _packaged_cards() -> dict[str, Card]:
    """The cards of this and of installed packages, which do not change while the process runs."""
    paths = sorted(CARDS_FOLDER.glob("*.toml"), key=lambda path: path.stem)
    cards = _merge_cards(_embedded_cards(), map(load_card, paths), "mattebox")
    for hook in entry_points(group="mattebox.cards"):
        try:
            offered_cards = list(hook.load()())
        except Exception as error:
            raise ModelError(
                f"the card hook {hook.name} ({hook.value}) fails: {error}", "repair or uninstall that package"
            ) from error
        cards = _merge_cards(cards, offered_cards, hook.value)
    return cards


def _suggest_names(name: str, task: str | None) -> str:
    """A hint for an unknown name: those that begin with it, or similar ones, or all for a task."""
    of_task = [card.name for card in all_cards().values() if card.task == task]
    names = of_task or [*MODEL_PRESETS, *all_cards()]
    similar = [n for n in names if n.startswith(name)] or similar_names(name, names, MAX_SUGGESTIONS)
    return suggest_names(similar[:MAX_SUGGESTIONS]) or f"choose {', '.join(of_task or MODEL_PRESETS)} or another"


def _merge_cards(cards: dict[str, Card], new_cards: Iterable[Card], owner: str) -> dict[str, Card]:
    """The cards and the new ones. ModelError where one of these is not a card, or its name is taken."""
    merged = dict(cards)
    for card in new_cards:
        if not isinstance(card, Card):
            raise ModelError(
                f"{owner} offers a {type(card).__name__} as a card", "return mattebox.models.cards.card.Card objects"
            )
        if card.name in merged or card.name in MODEL_PRESETS:
            raise ModelError(f"{owner} offers a second card named {card.name!r}", "rename it")
        merged[card.name] = card
    return merged
