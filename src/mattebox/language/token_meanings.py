"""Meanings of tokens that are no words: numbers, sizes, colours, paths, settings and separators."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Adjective, Break, ColourName, Meaning, Number, PathText, Phrase
from mattebox.language.settings import setting_values
from mattebox.language.tokens import Token, parse_number

COLOUR_FUNCTIONS = ("rgb", "oklch")
QUOTATION_MARKS = "\"“”„«»'‘’‚"
MIN_PIXEL_SIDE = 64  # of a size that is not square and has no unit
MAX_RATIO_SIDE = 32  # "4x5" and "16 by 9" are proportions, not pixels


def token_meaning(token: Token, lexicon: Lexicon) -> Meaning:
    text, thousands = token.text, lexicon.vocabulary.thousands
    if token.kind == "separator":
        return Break(is_hard="+" not in text, ends_sentence=bool(set(text) & set(".!?;\n")))
    if token.kind == "setting":
        return Phrase(setting_values(text))
    if token.kind == "hex":
        return ColourName(text.lower())
    if token.kind == "call":
        is_colour = text.split("(")[0].lower() in COLOUR_FUNCTIONS
        return ColourName(text) if is_colour else Adjective({"background": {"background": text}}, alone="background")
    if token.kind in ("path", "quoted"):
        return PathText(text.strip(QUOTATION_MARKS), token.kind == "quoted")
    if token.kind in ("size", "ratio"):
        return _read_sides(
            text, [parse_number(side, thousands) for side in _split_numbers(text)], token.kind == "ratio"
        )
    if token.kind == "factor":
        value = parse_number(text[1:].strip(), thousands)
        return Number(f"{value:.10g}", "x", value)
    value = parse_number(text, thousands)
    return Number(f"{value:.10g}", "", value, text[0] in "+-")


def _read_sides(text: str, sides: Sequence[float], is_ratio: bool) -> Number:
    """A size or a ratio: "4x5" is one, too. WordsNotUnderstood for what may be centimetres."""
    written = [f"{side:.10g}" for side in sides]
    if is_ratio or (max(sides) <= MAX_RATIO_SIDE and "p" not in text.lower()):
        return Number(":".join(written), "ratio")
    if max(sides) < MIN_PIXEL_SIDE and sides[0] != sides[1] and "p" not in text.lower():
        raise WordsNotUnderstood(
            "{words}: are these pixels?", "write {words} px, or a proportion such as 4:5", words=text
        )
    return Number("x".join(written), "size")


def _split_numbers(text: str) -> list[str]:
    digits = "".join(c if c.isdigit() or c in ".," else " " for c in text)
    return digits.split()
