"""Which models there are: the embedded cards, those of published networks, of installed packages and of the user.

Another package adds cards with one entry point in the group `mattebox.cards`, naming a function without parameters
that returns an iterable of `Card`. This file knows nothing of runtimes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card, load_card
from mattebox.models.store import settings

WEIGHTS_FOLDER = Path(__file__).parents[1] / "weights"
CARDS_FOLDER, TEMPLATES_FOLDER = (Path(__file__).parent / name for name in ("published", "templates"))
MODEL_PRESETS = {"fast": "fast-1", "balanced": "pair-1", "best": "pair-1@best"}
UPSCALER_PRESETS = {"faithful": ("up2-1", "up4-1"), "real": ("real4-1",)}
RESTORER_PRESETS = {"standard": "restore-2"}
STYLE_MODEL, ADAIN_MODEL = "style-1", "adain"
MATTE_REFINER_MODEL = "edges-2"
MAX_SUGGESTIONS = 3  # names that come to mind for one that is none


def all_cards() -> dict[str, Card]:
    """All known cards by name: the embedded, the published, other packages' and the user's own.

    ModelError when a package's hook or a card of the user's breaks, or repeats a name.
    """
    own = (load_card(path) for path in sorted(settings.added_folder().glob("*/card.json")))
    return _merge_cards(_packaged_cards(), own, str(settings.added_folder()))


def find_card(name: str) -> Card:
    """The card of a preset, a name, `name@variant`, or the path of a card file.

    ModelError when there is none, or when it may not be used commercially and MATTEBOX_COMMERCIAL asks for that.
    """
    if name.endswith((".json", ".toml")):
        return require_permitted_use(load_card(name))
    base, _, variant = MODEL_PRESETS.get(name, name).partition("@")
    card = _embedded_cards().get(base) or all_cards().get(base)
    if card is None:
        names = [*MODEL_PRESETS, *all_cards()]
        near = [n for n in names if n.startswith(base)][:MAX_SUGGESTIONS] or difflib.get_close_matches(
            base, names, MAX_SUGGESTIONS
        )
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose {', '.join(MODEL_PRESETS)} or another"
        raise ModelError(f"unknown model {name!r}", f"{hint} (see `mattebox models`)")
    return require_permitted_use(card.variant(variant) if variant else card)


def find_card_for_task(task: str, name: str) -> Card:
    """The card of that name, which must be for a task. ModelError names those that are."""
    card = find_card(name)
    if card.task != task:
        known = [c.name for c in all_cards().values() if c.task == task]
        raise ModelError(f"model {card.name} is for {card.task}, not {task}", f"choose {' or '.join(known)}")
    return card


def find_template_or_card(name: str) -> Card:
    """The shape of that name, or the card: what a model of one's own can be like. ModelError when there is none."""
    return template_cards().get(name) or find_card(name)


@cache
def template_cards() -> dict[str, Card]:
    """How networks that others export are fed and read: cards without weights."""
    return _merge_cards({}, map(load_card, sorted(TEMPLATES_FOLDER.glob("*.toml"))), "mattebox")


def require_permitted_use(card: Card) -> Card:
    """The card itself. ModelError when only commercial use is allowed for and the licence forbids that."""
    if settings.is_commercial_only() and not card.licence.commercial:
        raise ModelError(
            f"model {card.name} may not be used commercially ({card.licence.name})",
            "choose another (mattebox models list --commercial), or do without --commercial and MATTEBOX_COMMERCIAL",
        )
    return card


def upscaler_names(name: str) -> tuple[str, ...]:
    """The cards of a kind of upscaling, one for each factor, or the one card of that name."""
    return UPSCALER_PRESETS.get(name, (name,))


def restorer_name(name: str) -> str:
    """The card of a kind of restoring, or that of that name."""
    return RESTORER_PRESETS.get(name, name)


def style_names() -> tuple[str, ...]:
    """The names of the embedded styles."""
    return find_card(STYLE_MODEL).styles


@cache
def _embedded_cards() -> dict[str, Card]:
    """The cards whose weights we carry: all that the default needs."""
    return _merge_cards({}, map(load_card, sorted(WEIGHTS_FOLDER.glob("*.json"))), "mattebox")


@cache
def _packaged_cards() -> dict[str, Card]:
    """The cards that do not change while we run."""
    known = _merge_cards(
        _embedded_cards(), map(load_card, sorted(CARDS_FOLDER.glob("*.toml"), key=lambda path: path.stem)), "mattebox"
    )
    for hook in entry_points(group="mattebox.cards"):
        try:
            offered = list(hook.load()())
        except Exception as error:
            raise ModelError(
                f"the card hook {hook.name} ({hook.value}) fails: {error}", "repair or uninstall that package"
            ) from error
        known = _merge_cards(known, offered, hook.value)
    return known


def _merge_cards(known: dict[str, Card], offered: Iterable[Card], owner: str) -> dict[str, Card]:
    """The known cards and the offered ones; nothing is added when one is not a card or its name is taken."""
    added = dict(known)
    for card in offered:
        if not isinstance(card, Card):
            raise ModelError(
                f"{owner} offers a {type(card).__name__} as a card", "return mattebox.models.cards.card.Card objects"
            )
        if card.name in added or card.name in MODEL_PRESETS:
            raise ModelError(f"{owner} offers a second card named {card.name!r}", "rename it")
        added[card.name] = card
    return added
