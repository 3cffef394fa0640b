"""Numbers that measure nothing: years ("a picture from 1962"), of a list ("1. cut out"), of an order ("order 4711")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Noun, Unit
from mattebox.language.tokens import Token, fold_word

FIRST_YEAR, LAST_YEAR = 1850, 2040
DECADE_ENDINGS = ("s", "er", "ern")
LIST_MARKS = ".)"
MIN_LIST_LENGTH = 2
MIN_CODE_LENGTH = 3  # digits of an order's number


def leave_out_plain_numbers(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without years behind words such as "from", and without the numbers of a list's lines."""
    items = [index for index, token in enumerate(tokens) if _is_item(text, token)]
    gone = set(items) if len(items) >= MIN_LIST_LENGTH else set()
    gone |= {index for index in range(len(tokens)) if _is_year(text, tokens, index, lexicon)}
    gone |= {i for index in range(len(tokens) - 1) if _is_decade(tokens, index) for i in (index, index + 1)}
    gone |= {i for i in range(1, len(tokens)) if _is_reference(tokens[i - 1], tokens[i], lexicon)}
    return [token for index, token in enumerate(tokens) if index not in gone]


def _is_item(text: str, token: Token) -> bool:
    """Whether a number begins a line, and a mark stands behind it."""
    begins = not text[: token.start].strip() or "\n" in text[: token.start][len(text[: token.start].rstrip()) :]
    return token.kind == "number" and token.text.isdigit() and begins and text[token.end : token.end + 1] in LIST_MARKS


def _is_decade(tokens: Sequence[Token], index: int) -> bool:
    """Whether a number and the letters behind it are a decade: "a 1950s wedding", "die 80er"."""
    number, ending = tokens[index], tokens[index + 1]
    is_year = number.kind == "number" and re.fullmatch(r"(1[89]|20)?\d0", number.text) is not None
    return is_year and ending.start <= number.end + 1 and ending.text in DECADE_ENDINGS and ending.kind == "word"


def _is_reference(before: Token, token: Token, lexicon: Lexicon) -> bool:
    """Whether a number only tells something apart: order 4711."""
    is_code = token.text.isdigit() and len(token.text) >= MIN_CODE_LENGTH
    return token.kind == "number" and is_code and fold_word(before.text) in lexicon.places.references


def _is_year(text: str, tokens: Sequence[Token], index: int, lexicon: Lexicon) -> bool:
    token = tokens[index]
    is_number = token.kind == "number" and re.fullmatch(r"\d{4}", token.text) is not None
    is_number = is_number and FIRST_YEAR <= int(token.text) <= LAST_YEAR
    if not is_number or index == 0 or fold_word(tokens[index - 1].text) not in lexicon.places.datings:
        return False
    after = [] if ":" in text[token.end : token.end + 2] else tokens[index + 1 : index + 2]
    around = [*tokens[max(index - 3, 0) : index - 1], *after]
    return not any(_measures(other, lexicon) for other in around)


def _measures(token: Token, lexicon: Lexicon) -> bool:
    """Whether a word is a unit, or names something with a size."""
    meanings = lexicon.meanings.get((fold_word(token.text),), ()) if token.kind == "word" else ()
    return any(isinstance(m, Unit) or (isinstance(m, Noun) and bool(m.concept.measures)) for m in meanings)
