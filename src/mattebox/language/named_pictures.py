"""Presets that only say what picture it is: "brighten this passport photo" asks for no passport photo."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.anchors import Anchor, is_limitable
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Phrase
from mattebox.language.settings import PRESET
from mattebox.language.tokens import fold_word

PICTURE_PRESETS = frozenset(("product", "portrait", "passport", "avatar", "sticker", "thumbnail"))
"""What a picture can be already; a marketplace is where it goes."""


def drop_named_pictures(anchors: Sequence[Anchor], lexicon: Lexicon) -> list[Anchor]:
    """The anchors of a clause without a preset behind a definite article where the photograph itself is changed."""
    others = [anchor for anchor in anchors if not _names_picture(anchor, lexicon)]
    changes = bool(others) and all(is_limitable(anchor) for anchor in others)
    return others if changes else list(anchors)


def _names_picture(anchor: Anchor, lexicon: Lexicon) -> bool:
    values = anchor.meaning.values if isinstance(anchor.meaning, Phrase) else {}
    if set(values) != {PRESET} or values[PRESET] not in PICTURE_PRESETS or anchor.modifiers:
        return False
    words = set(map(fold_word, anchor.text.split()))
    return not words.isdisjoint(lexicon.places.known_articles) and words.isdisjoint(
        lexicon.places.purposes | lexicon.places.reasons  # "for the", "as the"
    )
