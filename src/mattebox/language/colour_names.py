"""Names of colours: those of CSS, those of a vocabulary, and shades such as "dark yellow"."""

from __future__ import annotations

import re
from functools import cache

from mattebox.io.colour import css_colour_names, parse_colour
from mattebox.language.vocabulary import Vocabulary, split_synonyms

COMPOUND_COLOUR = re.compile(r"(light|dark|medium|pale|deep|hot)([a-z]+)")  # of CSS, such as lightblue
CSS_SHADES = {"white": "light", "black": "dark"}  # what a colour is mixed with: the first part of CSS's name
SHADE_SHARE = 0.5  # of the colour that a shade is mixed with


@cache
def list_css_colours() -> dict[str, str]:
    """The CSS colours by name, written as one word or two."""
    spellings = {css: css.replace("gray", "grey") for css in css_colour_names()}
    return spellings | {COMPOUND_COLOUR.sub(r"\1 \2", css): spelling for css, spelling in spellings.items()}


def list_own_colours(vocabulary: Vocabulary) -> dict[str, str]:
    """The CSS colours by a vocabulary's names for them, with their shades."""
    own = {name: css for key, css in vocabulary.colours.items() for name in split_synonyms(key)}
    names: dict[str, str] = {}
    for words, mixed_with in vocabulary.shades.items():
        for shade in split_synonyms(words):
            for name, css in own.items():
                names.setdefault(_join_shade(shade, name), _mix_colours(css, mixed_with) if mixed_with else css)
    return names | own


def _join_shade(shade: str, name: str) -> str:
    return shade[:-1] + name if shade.endswith("-") else f"{shade} {name}"


def _mix_colours(css: str, other: str) -> str:
    """CSS's own shade if it has it, else the colour between the two, as hexadecimal digits."""
    shade = f"{CSS_SHADES.get(other, '')}{css}"
    if shade in list_css_colours():
        return shade
    first, second = parse_colour(css), parse_colour(other)
    assert first is not None
    assert second is not None
    mixed = (round(a + SHADE_SHARE * (b - a)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)
