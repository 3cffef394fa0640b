"""One of several things that is wanted alone: "only the horse, not the rider", "cut out dog and person together".

Which one is said by its class, such as dog; what is not wanted is passed over beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Gradation, Noun
from mattebox.language.tokens import Token, fold_word

PICK = "pick"  # parameter
PERSON = "person"  # class that is named first of several
MAX_ARTICLES = 3  # words between "not" and the thing


def read_picks(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens, with the one class of thing that is cut out of several as its setting, without the other things."""
    words = _read_words(tokens)
    if _is_graded(words, lexicon):
        tokens = _name_rest(tokens, words, lexicon)
        words = _read_words(tokens)
    classes = {index: lexicon.class_of_word[word] for index, word in enumerate(words) if word in lexicon.class_of_word}
    pair = _find_pair(words, classes, lexicon)
    if pair:
        names = sorted({classes[index] for index in pair}, key=lambda name: (name != PERSON, name))
        end = pair[-1] + (
            2 if words[pair[-1] + 1 : pair[-1] + 2] and words[pair[-1] + 1] in lexicon.picks.together else 1
        )
        return _name_class(tokens, pair[0], set(range(pair[0] + 1, end)), "+".join(names))
    gone = _find_excluded(words, lexicon)
    if classes and not _is_graded(words, lexicon):
        gone |= {index for span in _find_surroundings(words, lexicon) for index in span}
    kept = [index for index in classes if index not in gone and not _is_described(words, index, lexicon)]
    others = {word for index, word in enumerate(words) if index not in gone}
    if gone and not others.isdisjoint(lexicon.picks.keeping) and len({classes[i] for i in kept}) == 1:
        alone = kept
    else:
        alone = [i for i in kept if _is_alone(words, i, lexicon) and not others.isdisjoint(lexicon.picks.cuttings)]
    if gone and len({classes[i] for i in kept}) == 1 and _is_graded(words, lexicon):
        text = " ".join(token.text for index, token in enumerate(tokens) if index in gone)
        raise WordsNotUnderstood(
            '"{words}": that cannot be limited to a part of the photograph', "say it without the area", words=text
        )
    if len({classes[index] for index in alone}) != 1 or _is_graded(words, lexicon):
        return list(tokens)
    gone = gone if alone is kept else set()
    gone |= {index for index, word in enumerate(words) if word in lexicon.picks.leaving}
    return _name_class(tokens, alone[0], gone | set(alone[1:]), classes[alone[0]])


def _read_words(tokens: Sequence[Token]) -> list[str]:
    return [fold_word(token.text) if token.kind == "word" else "" for token in tokens]


def _name_class(tokens: Sequence[Token], kept: int, gone: Set[int], name: str) -> list[Token]:
    """The tokens with the thing at `kept` as the setting of its class, without those that are gone."""
    setting = tokens[kept]._replace(kind="setting", text=f"{PICK}={name}")
    return [setting if index == kept else token for index, token in enumerate(tokens) if index not in gone]


def _find_pair(words: Sequence[str], classes: dict[int, str], lexicon: Lexicon) -> list[int]:
    """The places of two things of different classes, joined by "and", that are wanted alone, or cut out "together"."""
    together = lexicon.picks.together
    for first in classes:
        second = next((i for i in classes if first < i <= first + MAX_ARTICLES), None)
        if second is None or classes[first] == classes[second]:
            continue
        between = [word for word in words[first + 1 : second] if word not in lexicon.places.determiners]
        joins = len(between) == 1 and between[0] in lexicon.vocabulary.conjunctions
        behind = words[second + 1 : second + 2]
        is_alone = _is_alone(words, first, lexicon) and not _is_graded(words, lexicon)  # "just the dog and the cat"
        if joins and (is_alone or (behind and behind[0] in together)):
            return [first, second]
    return []


def _find_excluded(words: Sequence[str], lexicon: Lexicon) -> set[int]:
    """The places of words for things that are not wanted: "not the man", "leave the person out"."""
    gone: set[int] = set()
    data = lexicon.picks
    for index, word in enumerate(words):
        if not _is_thing(word, lexicon):
            continue
        first = index
        while first > max(index - MAX_ARTICLES, 0) and words[first - 1] in lexicon.places.determiners:
            first -= 1
        last = index + 1
        while last < len(words) and words[last] in data.beside:
            last += 1
        is_ended = last < len(words) and words[last] in data.exclusion_ends and not any(words[last + 1 : last + 2])
        if first and words[first - 1] in data.exclusions and not _is_owner(words, last, lexicon):
            gone |= set(range(first - 1, last))
        elif is_ended:
            gone |= set(range(first - (first > 0 and words[first - 1] in data.leaving), last + 1))
    return gone


def _find_surroundings(words: Sequence[str], lexicon: Lexicon) -> Iterator[range]:
    """What lies around the subject and is not wanted, with its word for no: "not the snow around him"."""
    for index, word in enumerate(words):
        end = index + 1
        while end < len(words) and words[end] in lexicon.places.determiners:
            end += 1
        noun = words[end] if index + 1 < end < len(words) else ""
        is_around = noun in lexicon.scenery | lexicon.places.settings or (bool(noun) and not lexicon.is_known(noun))
        if word not in lexicon.picks.exclusions or not is_around:
            continue
        end += 1
        beside = lexicon.places.pronouns | lexicon.places.determiners | lexicon.subjects | lexicon.picks.beside
        while end < len(words) and words[end] in beside | lexicon.places.surroundings | lexicon.places.behind:
            end += 1
        if end == len(words) or not words[end]:
            yield range(index, end)


def _name_rest(tokens: Sequence[Token], words: Sequence[str], lexicon: Lexicon) -> list[Token]:
    """The tokens, with what lies around the subject and is not to be changed as the rest: "not the rest"."""
    named = list(tokens)
    for span in reversed(list(_find_surroundings(words, lexicon))):
        rest = Token("word", lexicon.vocabulary.picks.rest, tokens[span[1]].start, tokens[span[-1]].end)
        named[span[1] : span[-1] + 1] = [rest]
    return named


def _is_thing(word: str, lexicon: Lexicon) -> bool:
    return word in lexicon.class_of_word or word in lexicon.places.persons


def _is_owner(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether what a thing has follows: "without the dog shadow"."""
    following = words[index] if index < len(words) else ""
    return any(isinstance(m, Noun) for m in lexicon.find_phrase((following,)))


def _is_alone(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether a word such as "only" stands before a thing, or behind it."""
    first = index
    while first and words[first - 1] in lexicon.places.determiners:
        first -= 1
    beside = {*words[max(first - 1, 0) : first], *words[index + 1 : index + 2]}
    return not beside.isdisjoint(lexicon.restrictions)


def _is_described(words: Sequence[str], index: int, lexicon: Lexicon) -> bool:
    """Whether another thing is of the thing: "the dog's bowl"."""
    return index + 1 < len(words) and words[index + 1] in lexicon.subjects


def _is_graded(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether something of the photograph itself is to be changed, which an area limits: "only the dog brighter"."""
    return any(isinstance(m, Gradation) for word in words if word for m in lexicon.find_phrase((word,)))
