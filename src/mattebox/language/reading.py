"""Reading of a request: its tokens as words with meanings, by the longest phrases of a lexicon."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from mattebox.core.suggestions import similar_names
from mattebox.language.errors import LooseWord, WordsNotUnderstood
from mattebox.language.gradient_colours import order_colours
from mattebox.language.label_text import quote_labels
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Gradation, Phrase, Word
from mattebox.language.neighbours import name_contents, read_neighbours
from mattebox.language.noun_phrases import shorten_noun_phrases
from mattebox.language.number_units import drop_limits, join_units, name_greys
from mattebox.language.number_words import parse_number_word
from mattebox.language.open_words import place_unknown_words
from mattebox.language.phrase_reading import read_phrase
from mattebox.language.picked_things import read_picks
from mattebox.language.picture_contents import leave_out_contents
from mattebox.language.place_search import PlacedWords
from mattebox.language.plain_numbers import leave_out_plain_numbers
from mattebox.language.replacement import (
    drop_answered,
    drop_explained,
    drop_praise,
    drop_replaced,
    grade_questions,
    join_attributes,
)
from mattebox.language.self_corrections import mark_corrections
from mattebox.language.token_meanings import token_meaning
from mattebox.language.tokens import Token, fold_word, split_tokens
from mattebox.language.word_boundaries import drop_repeated, mend_boundaries, mend_excess

MAX_TOKENS = 400  # of a request, commas among them
MAX_QUOTED_LENGTH = 40  # letters of a word in an error
MAX_QUOTED_WORDS = 8
SUGGESTION_COUNT = 3
MIN_SUGGESTION_SIMILARITY = 0.5


@dataclass(frozen=True)
class ReadText:
    """The words of a request, what was read as something else (as written -> as read), and what was passed over."""

    words: tuple[Word, ...]
    corrections: Mapping[str, str]
    passed_over: tuple[str, ...] = ()


def split_request(text: str, lexicon: Lexicon) -> list[Token]:
    """The tokens of a request, with number words as numbers and spaces where they belong. WordsNotUnderstood."""
    tokens = split_tokens(text)
    if len(tokens) > MAX_TOKENS:
        raise WordsNotUnderstood("the request has more than {count} words", "say it in fewer", count=MAX_TOKENS)
    tokens = leave_out_plain_numbers(text, drop_repeated(tokens), lexicon)
    tokens = leave_out_contents(text, quote_labels(text, tokens, lexicon), lexicon)
    tokens = shorten_noun_phrases(text, tokens, lexicon)
    tokens = read_picks(tokens, lexicon)
    numbered = _name_pronouns([_as_number(token, lexicon) for token in mend_excess(tokens, lexicon)], lexicon)
    return mend_boundaries(_leave_out_infinitives(numbered, lexicon), lexicon)


def read_text(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> ReadText:
    """Read a request.

    Parameters
    ----------
    text
        As the user wrote it.
    tokens
        Of it.
    lexicon
        Of its language.

    Raises
    ------
    WordsNotUnderstood
        A word is unknown, and its place does not tell what it is; the remedy names the nearest ones.
    """
    forms, corrections, unknown = _correct_words(tokens, lexicon)
    placed, words = _read_placed(text, tokens, unknown, (forms, corrections), lexicon)
    concepts = lexicon.vocabulary.concepts
    words = [word for word in words if not _says_nothing(word)]
    words = order_colours(words, lexicon.places, concepts)
    wanted = name_contents(
        drop_replaced(name_greys(drop_limits(join_units(mark_corrections(words, lexicon))))), concepts
    )
    wanted = drop_explained(wanted, text, lexicon.vocabulary.explanations)
    wanted = drop_answered(grade_questions(wanted, concepts))
    wanted = read_neighbours(wanted, concepts)
    subjects = [w.text for w in wanted if forms.get(w.text, fold_word(w.text)) in lexicon.subjects]
    wanted = join_attributes(drop_praise(wanted, lexicon.praises, lexicon.fillers), subjects, text)
    return ReadText(tuple(wanted), corrections | placed.things, tuple(placed.passed_over))


def _says_nothing(word: Word) -> bool:
    """Whether a phrase asks for nothing, such as "thank you"."""
    return all(isinstance(m, Phrase) and not m.values for m in word.meanings)


def _read_placed(
    text: str,
    tokens: Sequence[Token],
    unknown: Set[int],
    known_forms: tuple[dict[str, str], dict[str, str]],
    lexicon: Lexicon,
) -> tuple[PlacedWords, list[Word]]:
    """The words of a request, unknown ones by their place; and so are those that mean nothing by themselves there."""
    forms, corrections = known_forms
    loose: dict[int, LooseWord] = {}
    while True:
        placed = place_unknown_words(text, tokens, unknown | loose.keys(), forms | corrections, lexicon)
        stuck = {placed.kept[index] for index in placed.unknown}
        if stuck & unknown:
            raise _unknown_words([tokens[index].text for index in sorted(stuck & unknown)], lexicon)
        if stuck:
            raise loose[min(stuck)]
        forms |= placed.subjects
        try:
            return placed, _read_words(text, placed.tokens, lexicon, forms | corrections)
        except LooseWord as error:
            index = placed.kept[error.index]
            short = lexicon.find_other_form(fold_word(tokens[index].text))
            if index in loose or (short is not None and tokens[index].text in forms):
                raise
            if short is not None:
                forms[tokens[index].text] = fold_word(short)
            else:
                loose[index] = error


def _read_words(text: str, tokens: Sequence[Token], lexicon: Lexicon, forms: Mapping[str, str]) -> list[Word]:
    """The words of the tokens with their meanings, by the longest phrases."""
    words: list[Word] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "word":
            index = read_phrase(text, tokens, index, lexicon, forms, words)
            continue
        words.append(Word(token.text, (token_meaning(token, lexicon),)))
        index += 1
    return words


def _name_pronouns(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with "me" and the like as the subject: "everything behind me", "brighten me, not the room"."""
    places, subject = lexicon.places, lexicon.vocabulary.subjects[0]
    words = [fold_word(token.text) for token in tokens]
    named = []
    for token, word, before, after in zip(tokens, words, ["", *words], [*words[1:], ""], strict=False):
        is_changed = (
            word in places.persons
            and before not in places.purposes
            and (_is_graded(before, lexicon) or _is_graded(after, lexicon))
        )
        is_subject = is_changed or (word in places.pronouns and before in places.prepositions)
        named.append(token._replace(text=subject) if is_subject else token)
    return named


def _is_graded(word: str, lexicon: Lexicon) -> bool:
    return any(isinstance(m, Gradation) for m in lexicon.meanings.get((word,), ()))


def _as_number(token: Token, lexicon: Lexicon) -> Token:
    """A number that is written as one long word in digits; other tokens as they are."""
    word = fold_word(token.text)
    if token.kind != "word" or word in lexicon.known_words:
        return token
    value = parse_number_word(word, lexicon.number_parts, lexicon.vocabulary.number_joint)
    return token if value is None else Token("number", f"{value:.0f}", token.start, token.end)


def _leave_out_infinitives(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens without the words that only say that a verb follows, or how much: German "nur zu 40 %"."""
    pairs = zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)
    return [
        t
        for before, t, after in pairs
        if after is None
        or not (
            lexicon.is_infinitive((fold_word(t.text), fold_word(after.text))) or _says_share(before, t, after, lexicon)
        )
    ]


def _says_share(before: Token | None, token: Token, after: Token, lexicon: Lexicon) -> bool:
    """Whether a word is the German "zu" before a share, and not of a ratio: "zu 40 %", not "4 zu 3"."""
    is_ratio = before is not None and before.kind == "number"
    return fold_word(token.text) == lexicon.vocabulary.infinitive and after.kind == "number" and not is_ratio


def count_unknown_words(text: str, lexicon: Lexicon) -> float:
    """How many words of a text the lexicon does not have; a typing error counts as half a word."""
    tokens = mend_boundaries([_as_number(token, lexicon) for token in split_tokens(text)[:MAX_TOKENS]], lexicon)
    words = {fold_word(token.text) for token in tokens if token.kind == "word"}
    unknown = words - lexicon.known_words
    return sum(0.5 if lexicon.find_inflected(word) or lexicon.correct(word) else 1 for word in unknown)


def _correct_words(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[dict[str, str], dict[str, str], set[int]]:
    """The words of a text with another ending than known ones, and its typing errors, each with the known word; and
    the places of what is neither."""
    forms: dict[str, str] = {}
    corrections: dict[str, str] = {}
    unknown = set()
    for index, token in enumerate(tokens):
        if token.kind == "other":
            unknown.add(index)
        if token.kind != "word" or fold_word(token.text) in lexicon.known_words:
            continue
        inflected = lexicon.find_inflected(fold_word(token.text))
        correction = lexicon.correct(fold_word(token.text)) if inflected is None else None
        if inflected is not None:
            forms[token.text] = inflected
        elif correction is not None:
            corrections[token.text] = correction
        else:
            unknown.add(index)
    return forms, corrections, unknown


def _unknown_words(words: Sequence[str], lexicon: Lexicon) -> WordsNotUnderstood:
    names = [f'"{word[:MAX_QUOTED_LENGTH]}"' for word in dict.fromkeys(words)][:MAX_QUOTED_WORDS]
    nearest = similar_names(
        fold_word(words[0])[:MAX_QUOTED_LENGTH], lexicon.known_words, SUGGESTION_COUNT, MIN_SUGGESTION_SIMILARITY
    )
    remedy = "leave it out or say it otherwise; nothing was done"
    if nearest:
        remedy = "did you mean {nearest}? leave it out or say it otherwise; nothing was done"
    return WordsNotUnderstood("not understood: {words}", remedy, words=", ".join(names), nearest=", ".join(nearest))


def quote_value(value: object) -> str:
    """A value as a setting has it: text in quotes where it needs them."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_plain = re.fullmatch(r'[^\s,;"\\\x00-\x1f]+', text) is not None
    return text if is_plain else json.dumps(text, ensure_ascii=False)
