"""Unknown words as things: nouns are an open class, so what stands where only a thing can stand needs no vocabulary.

"dealership photo", "dining chair for ebay" and "Scheinwerfer ohne Werkstatt dahinter" are understood by the words
around the unknown ones. What asks for something new ("add a ...", "... look"), and what unknown verbs do, stays an
error. Each function changes the search in place.
"""

from __future__ import annotations

from mattebox.language.meanings import (
    Adjective,
    Ambiguity,
    Break,
    ColourName,
    Degree,
    Gradation,
    Negation,
    Noun,
    Phrase,
)
from mattebox.language.place_search import PlaceSearch
from mattebox.language.settings import PRESET

HIDDEN = "hidden_"  # begins the names of concepts of what is made unrecognisable
MAX_NOUN_LENGTH = 4  # unknown words of one thing


def pass_over_attributes(search: PlaceSearch) -> None:
    """Drop unknown words directly before a thing or a word for a picture: "crochet bear", "dealership photo"."""
    for start, end in search.spans(at_conjunctions=True):
        if _asks_for_new(search, start, end):
            continue
        for index in range(end - 1, start - 1, -1):
            behind = _next_kept(search, index, end)
            if index not in search.unknown or behind is None:
                continue
            if _is_named(search, behind) or (_is_inflected(search, index) and _is_colour(search, behind)):
                search.drop(index, index + 1)


def pass_over_adverbs(search: PlaceSearch) -> None:
    """Drop unknown words with the ending of an adverb, which say how something is done: "tastefully"."""
    endings = tuple(search.places.adverb_endings)
    if not endings:
        return
    for index in sorted(search.unknown):
        if search.words[index].endswith(endings):
            search.drop(index, index + 1)


def name_removed_backgrounds(search: PlaceSearch) -> None:
    """Read what is to be removed from behind the subject as the background: "remove the messy bedroom behind her"."""
    for start, end in search.spans(at_conjunctions=True):
        places = [i for i in range(start, end) if search.words[i] in search.places.behind | search.places.rears]
        removes = any(_removes(search, i) for i in range(start, end))
        if places and removes:
            _name_removed(search, places[0], start, end)
        elif removes and any(search.paints(i) for i in range(len(search.tokens)) if not start <= i < end):
            things = [i for i in range(start, end) if search.words[i] in search.places.settings]
            if len(things) == 1 and all(_is_beside(search, i) for i in range(start, end) if i not in things):
                search.subjects[search.tokens[things[0]].text] = search.background_word


def _name_removed(search: PlaceSearch, place: int, start: int, end: int) -> None:
    """Read the thing before a word such as "behind" as the background, and drop what it lies behind."""
    thing = place - 1
    while thing > start and search.is_small(thing) and not _is_plain_thing(search, thing):
        thing -= 1
    if not _is_plain_thing(search, thing) or not all(_is_beside(search, i) for i in range(place + 1, end)):
        return
    first = thing
    while first > start and (_is_plain_thing(search, first - 1) or _is_attribute(search, first - 1)):
        first -= 1
    search.things[search.text[search.tokens[first].start : search.tokens[thing].end]] = search.background_word
    search.subjects[search.tokens[thing].text] = search.background_word
    search.unknown.discard(thing)
    owners = {i for i in range(place, end) if search.is_subject_word(i) or search.is_small(i) or i == place}
    search.forget(set(range(first, thing)) | owners)


def _removes(search: PlaceSearch, index: int) -> bool:
    return search.words[index] in search.places.removals


def _is_plain_thing(search: PlaceSearch, index: int) -> bool:
    """Whether a word is unknown, or means nothing that can be done; and is no article."""
    word = search.words[index]
    means = bool(search.lexicon.meanings.get((word,), ())) and word not in search.places.settings
    known = word in search.places.settings or (word in search.lexicon.particles and not search.is_subject_word(index))
    return index in search.unknown or (known and not means and not _removes(search, index))


def _is_attribute(search: PlaceSearch, index: int) -> bool:
    """Whether a word only describes: "messy"."""
    meanings = search.lexicon.meanings.get((search.words[index],), ())
    vague = bool(meanings) and all(isinstance(m, Ambiguity) for m in meanings)
    return search.words[index] in search.places.attributes or vague


def _is_beside(search: PlaceSearch, index: int) -> bool:
    """Whether a word only belongs to the removal: a small word, the subject, or the word for no itself."""
    word = search.words[index]
    return (
        search.is_small(index)
        or search.is_subject_word(index)
        or _removes(search, index)
        or (word in search.places.attributes or word in search.places.pronouns or word in search.lexicon.particles)
    )


def pass_over_topics(search: PlaceSearch) -> None:
    """Drop the first clause where it only names what is photographed: "Monstera: ...", "Old gramophone. ..."."""
    end = _end_of_list(search) or _end_of_topic(search)
    if any(_is_ground(search, i) for i in range(end)):
        return
    if end == len(search.tokens) or not (search.has_unknown(0, end) or search.tokens[end].kind != "separator"):
        return
    if all(_can_name(search, i) or search.tokens[i].kind == "separator" for i in range(end)) and not _asks_for_new(
        search, 0, end
    ):
        search.drop(0, end)


def _is_ground(search: PlaceSearch, index: int) -> bool:
    """Whether a word is a colour or background behind "on" or the like, which no name has."""
    return index > 0 and search.words[index - 1] in search.places.grounds and search.paints(index)


def pass_over_names(search: PlaceSearch) -> None:
    """Drop later clauses that only name a kind of thing, without an article: "..., kids wellies, ..."."""
    sells = any(
        isinstance(m, Phrase) and PRESET in m.values
        for w in search.words
        for m in search.lexicon.meanings.get((w,), ())
    )
    for start, end in list(search.spans())[1:]:
        words = search.words[start:end]
        names = any(search.is_subject_word(i) or search.words[i] in search.places.attributes for i in range(start, end))
        is_bare = (
            (names or (sells and end - start == 1))
            and search.places.determiners.isdisjoint(words)
            and search.has_unknown(start, end)
        )
        if is_bare and all(_can_name(search, i) for i in range(start, end)) and not _asks_for_new(search, start, end):
            search.drop(start, end)


def pass_over_left(search: PlaceSearch) -> None:
    """Drop clauses that say which of the things that can be hidden are not: "leave the faces"."""
    for start, end in search.spans(at_conjunctions=True):
        kept = [
            i for i in range(start, end) if search.words[i] not in search.places.leavings and not search.is_small(i)
        ]
        leaves = not search.places.leavings.isdisjoint(search.words[start:end])
        if leaves and kept and all(_is_hidden(search, i) for i in kept) and (start, end) != (0, len(search.tokens)):
            search.drop(start, end)


def _is_hidden(search: PlaceSearch, index: int) -> bool:
    meanings = search.lexicon.meanings.get((search.words[index],), ())
    return any(isinstance(m, Noun) and m.name.startswith(HIDDEN) for m in meanings)


def name_first_things(search: PlaceSearch) -> None:
    """Read unknown nouns that begin a clause, before what is wanted of them, as the subject: "gearbox on white"."""
    for start, end in search.spans(at_conjunctions=True):
        first = next((i for i in range(start, end) if not _opens(search, i)), end)
        last = first
        while last < end and last in search.unknown and last - first < MAX_NOUN_LENGTH:
            last += 1
        is_noun = last > first and _is_noun(search, last - 1, first, start)
        if is_noun and last < end and _wants(search, last) and not _asks_for_new(search, start, end):
            search.name_subject(first, last)


def _asks_for_new(search: PlaceSearch, start: int, end: int) -> bool:
    """Whether a clause asks for something that is not in the picture, or for another look."""
    places = search.places
    words = set(search.words[start:end])
    return not words.isdisjoint(places.insertions | places.exchanges | places.manners | places.makings)


def _next_kept(search: PlaceSearch, index: int, end: int) -> int | None:
    return next((i for i in range(index + 1, end) if i not in search.dropped), None)


def _is_named(search: PlaceSearch, index: int) -> bool:
    """Whether a word is a thing, or a word for a picture."""
    is_subject = search.is_subject_word(index) or search.tokens[index].text in search.subjects
    return is_subject or search.words[index] in search.places.picture_words


def _is_inflected(search: PlaceSearch, index: int) -> bool:
    """Whether a word is written as an adjective before a noun, in languages that inflect those."""
    text, endings = search.tokens[index].text, search.lexicon.vocabulary.inflections
    return bool(endings) and text[:1].islower() and text.endswith(endings)


def _is_colour(search: PlaceSearch, index: int) -> bool:
    meanings = search.lexicon.meanings.get((search.words[index],), ())
    return any(isinstance(m, ColourName) for m in meanings[:1])


def _end_of_topic(search: PlaceSearch) -> int:
    """Where the first clause ends: at a colon, or at a mark between clauses."""
    for index in range(1, len(search.tokens)):
        before, token = search.tokens[index - 1], search.tokens[index]
        if token.kind == "separator" or ":" in search.text[before.end : token.start]:
            return index
    return len(search.tokens)


def _end_of_list(search: PlaceSearch) -> int:
    """Where the things before the first colon end, if they are a list; 0 for none: "saddle, horse tack shop: ..."."""
    for index in range(1, len(search.tokens)):
        if ":" in search.text[search.tokens[index - 1].end : search.tokens[index].start]:
            marks = [i for i in range(index) if search.tokens[i].kind == "separator"]
            is_list = bool(marks) and all(search.tokens[i].text == "," for i in marks)
            return index if is_list else 0
    return 0


def _can_name(search: PlaceSearch, index: int) -> bool:
    """Whether a word can be part of a name of what is photographed."""
    word, places = search.words[index], search.places
    if word in search.lexicon.scenery:
        return True
    if index in search.unknown and "".join(search.words[index + 1 : index + 2]) in places.determiners:
        return False  # "zorbify the chair": a verb
    if index in search.unknown:
        return not search.lexicon.vocabulary.capital_nouns or search.tokens[index].text[:1].isupper() or not index
    if search.is_subject_word(index):
        return True
    if word in places.commands or word in places.wishes:
        return False
    return bool(word) and (word in places.picture_words | places.attributes | places.determiners | places.contents
                           or word in search.lexicon.fillers)  # fmt: skip


def _opens(search: PlaceSearch, index: int) -> bool:
    """Whether a word can stand before the thing that a clause begins with: an article, an attribute, "we need"."""
    word = search.words[index]
    is_open = search.is_small(index) or word in search.places.attributes or word in search.places.needs
    return is_open and index not in search.unknown


def _is_noun(search: PlaceSearch, index: int, first: int, start: int) -> bool:
    """Whether an unknown word looks like a noun: with a capital letter in German, elsewhere by its article or place."""
    text = search.tokens[index].text
    if search.lexicon.vocabulary.capital_nouns:
        return text[:1].isupper() or (first == start and text.islower() and not text.endswith("n"))
    return first == start or search.words[first - 1] in search.places.determiners | search.places.attributes


def _wants(search: PlaceSearch, index: int) -> bool:
    """Whether what stands behind a thing says what is wanted of it: "on white", "brighter", "without ..."."""
    word = search.words[index]
    if word in search.places.grounds | search.places.purposes | search.places.origins:
        return True
    meanings = search.lexicon.meanings.get((word,), ())
    kinds = (Gradation, Degree, Negation, Phrase, ColourName, Adjective)
    return any(isinstance(m, kinds) for m in meanings) and not any(isinstance(m, Noun | Break) for m in meanings)
