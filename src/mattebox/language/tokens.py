"""Tokens of a request in words: words, numbers, sizes, colours, paths, settings and separators."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from mattebox.errors import UsageError

TokenKind: TypeAlias = Literal[
    "setting",
    "quoted",
    "call",
    "hex",
    "path",
    "size",
    "ratio",
    "camera",
    "factor",
    "number",
    "domain",
    "separator",
    "word",
    "other",
]

_SUFFIXES = "png|jpe?g|webp|tiff?|avif|heic|heif|bmp|exr|toml|json"
_DOMAINS = "com|de|net|org|io|shop|store|eu|at|ch|co\\.uk"
_NUMBER = r"\d+(?:[.,]\d+)*"
_SIGNED = r"(?<!\S)@\w[\w.]*|©\s*[^\W\d_][^,;.!?\n]*?(?=\s+(?:(?-i:[a-zäöü])|$)|[,;.!?\n]|$)"  # a name's own mark
_SINGLE = r"(?<![\w'’])['‘](?=[^\s'’])[^'’‘\n]*[^\s'’‘]['’](?!\w)"
_PATTERNS: tuple[tuple[TokenKind, str], ...] = (
    ("setting", r'[a-z][a-z_]*=(?:"(?:[^"\\]|\\.)*"|[^\s,;]+)'),
    ("quoted", rf'"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|»[^«]*«|‚[^‘’]*[‘’]|{_SINGLE}|{_SIGNED}'),
    ("call", r"[a-z][a-z-]*\((?:[^()]|\([^()]*\))*\)"),
    ("hex", r"#[0-9a-fA-F]{3,8}\b"),
    ("path", rf"(?<![^\s(])(?:(?:~|\.{{1,2}}|[A-Za-z]:)?[/\\][^\s,;]+|[^\s,;\"(][^\s,;\"]*\.(?:{_SUFFIXES})\b)"),
    ("size", rf"{_NUMBER}\s*(?:px|pixels?)?\s*(?:[x×*]|by\b|auf\b|mal\b|zu\b)\s*{_NUMBER}(?:\s*(?:px|pixels?)\b)?"),
    ("ratio", rf"{_NUMBER}\s*:\s*{_NUMBER}"),
    ("camera", r"\biso\s*-?\d+|\b1/\d+\s?s\b"),
    ("factor", rf"(?<![\w)])[x×]\s?{_NUMBER}(?![\w%])"),
    ("number", rf"[+\-−]?(?:\d+\s*/\s*\d+|{_NUMBER}|[½⅓⅔¼¾])"),
    ("domain", rf"(?:www\.)?[a-z0-9-]{{2,}}\.(?:{_DOMAINS})\b"),
    ("word", r"[^\W\d_]+(?:['’][^\W\d_]+)*|[%°&]"),
    ("separator", r"[,;.!?+\n]+|(?<=\s)-+(?=\s)|(?<=\s)/(?=\s)|[–—•·|→…]"),
    ("other", r"[^\s\-_/():=]"),
)
_MARKS = "*~<>[]{}'’‘`´\"“”„«»@#^\\"  # around words, and before numbers
ABBREVIATIONS = frozenset(("max", "min", "ca", "approx", "incl", "inkl", "bzw", "evtl", "ggf", "nr", "mind", "zzgl"))
_DECORATIVE_CATEGORIES = ("So", "Sk", "Cf", "Mn", "Co")  # emoji, their parts, accents without a letter
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS), re.IGNORECASE)


class Token(NamedTuple):
    """A part of the request: what it is, its text as written, and where it begins and ends."""

    kind: TokenKind
    text: str
    start: int
    end: int


def split_tokens(text: str) -> list[Token]:
    """The tokens of a text, in order; white space, hyphens, brackets and emoji are left out."""
    found = [_name_domain(Token(_kind_of(match), match[0], *match.span())) for match in _TOKEN.finditer(text)]
    pairs = zip([None, *found], found, strict=False)
    return [token for before, token in pairs if not _is_decoration(token) and not _ends_abbreviation(before, token)]


def _name_domain(token: Token) -> Token:
    """The word that names a shop instead of its address: "reverb" of "www.reverb.com"."""
    if token.kind != "domain":
        return token
    return token._replace(kind="word", text=token.text.lower().removeprefix("www.").partition(".")[0])


def _ends_abbreviation(before: Token | None, token: Token) -> bool:
    """Whether a token is the full stop of a word such as "max."."""
    is_stop = token.text == "." and before is not None and before.end == token.start
    return is_stop and before is not None and before.text.lower() in ABBREVIATIONS


def _is_decoration(token: Token) -> bool:
    """Whether a token says nothing that can be done: an emoji, a stray quotation mark, how a photograph was taken."""
    character = token.text if token.kind == "other" else ""
    if not character:
        return token.kind == "camera"
    return character in _MARKS or unicodedata.category(character) in _DECORATIVE_CATEGORIES


def _kind_of(match: re.Match[str]) -> TokenKind:
    kind = match.lastgroup
    assert kind is not None
    return kind  # type: ignore[return-value]


@lru_cache(maxsize=100_000)
def fold_word(word: str) -> str:
    """A word in the form in which words are compared: lower case, umlauts as two letters, other accents removed."""
    word = word.lower().replace("’", "'")
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        word = word.replace(umlaut, letters)
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def parse_number(text: str, thousands: str) -> float:
    """A number as it is written where `thousands` ("," or ".") groups digits; a lone group of other length is decimals.

    UsageError for digits that are not grouped in threes, and for a fraction of 0.
    """
    text = text.replace("−", "-")
    if text[-1] in "½⅓⅔¼¾":
        return round(float(f"{text[:-1]}1") * unicodedata.numeric(text[-1]), 2)
    if "/" in text:
        above, below = map(int, text.split("/"))
        if not below:
            raise UsageError(f"{text!r} is not a number", "write it with one decimal point")
        return round(above / below, 2)
    decimal = "." if thousands == "," else ","
    if thousands in text and re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?", text):
        text = text.replace(thousands, "")
    number = text.replace(",", ".")
    if number.count(".") > 1:
        raise UsageError(f"{text!r} is not a number", "write it with one decimal point")
    return float(number)
