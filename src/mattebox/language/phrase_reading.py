"""The longest phrase of a lexicon from a token on, fillers and words of degree between its words left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mattebox.language.errors import LooseWord
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Area, Complete, Degree, Gradation, Meaning, Noun, Number, Phrase, Unit, Word
from mattebox.language.token_meanings import token_meaning
from mattebox.language.tokens import Token, fold_word

MIN_QUESTION_LENGTH = 4  # small words that are a noun together


def read_phrase(
    text: str,
    tokens: Sequence[Token],
    index: int,
    lexicon: Lexicon,
    known_forms: Mapping[str, str],
    words: list[Word],
) -> int:
    """Append the longest phrase from this token on; the index behind it. A filler is passed over."""
    folded: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()  # with fillers
    inner: tuple[str, ...] = ()  # with those behind the first other word
    match: tuple[int, tuple[Meaning, ...]] | None = None
    split = _find_split_phrase(tokens, index, lexicon, known_forms)
    end = index
    while end < len(tokens) and tokens[end].kind == "word" and len(folded) < lexicon.longest_phrase:
        written = tokens[end].text
        word = known_forms.get(written, fold_word(written))
        end += 1
        whole = (*whole, word)
        inner = (*inner, word) if inner or word not in lexicon.fillers else ()
        found = _find_phrase((*folded, word), lexicon)  # a phrase may hold what is a filler elsewhere
        found = lexicon.whole_phrases.get(whole) or lexicon.whole_phrases.get(inner, found)
        found = found or lexicon.whole_phrases.get(_without_courtesies(inner, lexicon), ())
        if word not in lexicon.fillers:
            folded = (*folded, word)
        if found and not _begins_change(whole, found, lexicon):
            match = end, found
        if not folded and (any(isinstance(m, Area) for m in found) or _asks(whole, found)):
            break  # words that are small by themselves say where, or ask: "all around" in grey, "is this ok for" ebay
    if split is not None and (match is None or split.end > match[0]):
        return _append_split(text, tokens, index, split, words)
    if match is not None:
        words.append(Word(text[tokens[index].start : tokens[match[0] - 1].end], match[1]))
        return match[0]
    written = tokens[index].text
    if known_forms.get(written, fold_word(written)) not in lexicon.fillers | lexicon.particles:
        raise LooseWord(index, written)
    return index + 1


def _begins_change(whole: Sequence[str], found: Sequence[Meaning], lexicon: Lexicon) -> bool:
    """Whether words that could say where are a new change: "but make the product ..." is not "all but the product"."""
    commands = lexicon.places.commands - lexicon.places.courtesies
    is_contrast = not set(lexicon.vocabulary.adversatives).isdisjoint(whole)
    return isinstance(found[0], Area) and is_contrast and not commands.isdisjoint(whole)


def _without_courtesies(words: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    """Words without "please" and the like inside: "den Hintergrund bitte so lassen"."""
    return tuple(word for word in words if word not in lexicon.places.courtesies)


def _asks(whole: Sequence[str], found: Sequence[Meaning]) -> bool:
    return len(whole) >= MIN_QUESTION_LENGTH and any(isinstance(m, Noun) for m in found)


class _SplitPhrase(NamedTuple):
    """A phrase with degrees or numbers inside: its end, its meanings, and those of the tokens inside."""

    end: int
    meanings: tuple[Meaning, ...]
    inner: dict[int, tuple[Meaning, ...]]


def _find_split_phrase(
    tokens: Sequence[Token], index: int, lexicon: Lexicon, known_forms: Mapping[str, str]
) -> _SplitPhrase | None:
    """The longest phrase from this token on that has degrees or numbers in it: "lift the shadows 20 % up"."""
    folded: tuple[str, ...] = ()
    inner: dict[int, tuple[Meaning, ...]] = {}
    found: _SplitPhrase | None = None
    for end in range(index, min(len(tokens), index + lexicon.longest_phrase)):
        if folded and tokens[end].kind == "number":
            inner[end] = (token_meaning(tokens[end], lexicon),)
            continue
        if tokens[end].kind != "word":
            break
        word = known_forms.get(tokens[end].text, fold_word(tokens[end].text))
        single = lexicon.meanings.get((word,), ())
        if folded and end - 1 in inner and any(isinstance(m, Unit) for m in single):
            inner[end] = single
            continue
        if not folded and word in lexicon.particles:
            break
        if folded and any(isinstance(m, Degree | Complete) for m in single):
            inner[end] = single
        elif word not in lexicon.fillers:
            folded = (*folded, word)
            meanings = _find_phrase(folded, lexicon) if inner else ()
            has_number = any(isinstance(m, Number) for ms in inner.values() for m in ms)
            if any(_holds_number(m) if has_number else isinstance(m, Phrase | Gradation) for m in meanings):
                found = _SplitPhrase(end + 1, meanings, dict(inner))
    return found


def _holds_number(meaning: Meaning) -> bool:
    """Whether a phrase can have its number inside: "edge 2 px inwards"."""
    if not isinstance(meaning, Noun):
        return isinstance(meaning, Gradation)
    return meaning.concept.removes or {"px"} <= set(meaning.concept.measures) <= {"px", ""}


def _append_split(text: str, tokens: Sequence[Token], index: int, split: _SplitPhrase, words: list[Word]) -> int:
    """Append the words of degree, then the phrase around them; the index behind it."""
    inner = [Word(tokens[i].text, meanings) for i, meanings in split.inner.items()]
    kept = [t.text for i, t in enumerate(tokens[index : split.end], index) if i not in split.inner]
    words += [*inner, Word(" ".join(kept), split.meanings)]
    return split.end


def _find_phrase(words: tuple[str, ...], lexicon: Lexicon) -> tuple[Meaning, ...]:
    """What words mean together as they are, else with whatever is photographed as "the subject"."""
    return lexicon.find_phrase(words) or lexicon.find_phrase(tuple(map(lexicon.replace_subject, words)))
