"""Compiled lexicons on disk, in the user's cache folder: reading one takes a tenth of the time of building it.

A file belongs to one vocabulary and one version of the code that builds lexicons; it holds no words of any request.
Where it cannot be read or written the lexicon is built, as at the first time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mattebox._version import __version__
from mattebox.core.user_folders import cache_folder
from mattebox.language import meanings as meanings_module
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Ambiguity, Gradation, Meaning, Noun
from mattebox.language.phrase_tables import FoldedWords, PhraseTables
from mattebox.language.stored_phrases import SEPARATOR, StoredPhrases
from mattebox.language.vocabulary import VOCABULARY_FOLDER, Vocabulary, load_vocabulary

BUILDING_MODULES = (
    "colour_names", "concepts", "lexicon", "lexicon_cache", "meanings", "phrase_tables", "places",
    "stored_phrases", "tokens", "vocabulary",
)  # fmt: skip
SUFFIX = ".lexicon"
CACHE_VARIABLE, OFF_WORDS = "MATTEBOX_CACHE", ("0", "no", "false", "off")

EncodedMeaning = list[Any]
"""Name of its class, then its fields; a concept or question by its name in the vocabulary."""


class CompiledLexicon(Struct, frozen=True, array_like=True):
    """A lexicon as data: each phrase with the number of its group of meanings, and groups as numbers of meanings."""

    vocabulary: Vocabulary
    meanings: list[EncodedMeaning]
    groups: list[list[int]]
    phrases: dict[str, int]
    whole_phrases: dict[str, int]
    stems: dict[str, int]
    stem_of_word: dict[str, str]
    words_by_stem: dict[str, str]
    standing_words: dict[str, str]
    longest_phrase: int


@cache
def load_lexicon(language: str) -> Lexicon:
    """The lexicon of a language, compiled at an earlier start if it can be. UsageError for one without a vocabulary.

    MATTEBOX_CACHE=0, which keeps mattes out of the cache, keeps lexicons out of it too.
    """
    if os.environ.get(CACHE_VARIABLE, "").strip().lower() in OFF_WORDS:
        return _unpack(_pack(Lexicon(load_vocabulary(language))))
    return load_compiled_lexicon(language, cache_folder() / "lexicons")


def load_compiled_lexicon(language: str, folder: Path) -> Lexicon:
    """The lexicon of a language, from the folder if it is there, else built and left there.

    Parameters
    ----------
    language
        ISO 639-1 code.
    folder
        Of compiled lexicons; it need not exist.

    Raises
    ------
    UsageError
        There is no such vocabulary.
    """
    file = folder / f"{language}-{_fingerprint(language)}{SUFFIX}"
    try:
        return _unpack(msgspec.msgpack.decode(file.read_bytes(), type=CompiledLexicon))
    except (OSError, msgspec.DecodeError, ValueError, LookupError, TypeError):
        compiled = _pack(Lexicon(load_vocabulary(language)))
    with contextlib.suppress(OSError):  # a cache that cannot be written is none
        _write(file, msgspec.msgpack.encode(compiled), language)
    return _unpack(compiled)


def _fingerprint(language: str) -> str:
    """Of the vocabulary and of the code that builds lexicons; of one that does not exist, of the code."""
    digest = hashlib.sha256(__version__.encode())
    for path in (
        VOCABULARY_FOLDER / f"{language}.toml",
        *(Path(__file__).with_name(f"{m}.py") for m in BUILDING_MODULES),
    ):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:20]


def _write(file: Path, content: bytes, language: str) -> None:
    """Write atomically, and remove those of earlier vocabularies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in file.parent.glob(f"{language}-*{SUFFIX}"):
        old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
        part.write(content)
    os.replace(part.name, file)


def _pack(lexicon: Lexicon) -> CompiledLexicon:
    tables = lexicon.tables
    questions = {id(question): key for key, question in lexicon.vocabulary.questions.items()}
    numbers: dict[int, int] = {}  # of meanings by their identity
    encoded: dict[bytes, int] = {}  # equal meanings are one
    groups: dict[tuple[int, ...], int] = {}

    def number_meaning(meaning: Meaning) -> int:
        if id(meaning) not in numbers:
            content = msgspec.msgpack.encode(_encode_meaning(meaning, questions))
            numbers[id(meaning)] = encoded.setdefault(content, len(encoded))
        return numbers[id(meaning)]

    def number_groups(phrases: Mapping[FoldedWords, tuple[Meaning, ...]]) -> dict[str, int]:
        members = {words: tuple(map(number_meaning, found)) for words, found in phrases.items()}
        return {SEPARATOR.join(words): groups.setdefault(group, len(groups)) for words, group in members.items()}

    phrases, whole, stems = map(number_groups, (tables.meanings, tables.whole_phrases, tables.stems))
    return CompiledLexicon(
        lexicon.vocabulary, list(map(msgspec.msgpack.decode, encoded)), list(map(list, groups)), phrases, whole, stems,
        tables.stem_of_word, tables.words_by_stem, tables.standing_words, tables.longest_phrase,
    )  # fmt: skip


def _encode_meaning(meaning: Meaning, questions: Mapping[int, str]) -> EncodedMeaning:
    kind = type(meaning).__name__
    if isinstance(meaning, Noun):
        return [kind, meaning.name, meaning.is_optional]
    if isinstance(meaning, Gradation):
        return [kind, meaning.name, meaning.direction]
    if isinstance(meaning, Ambiguity):
        return [kind, questions[id(meaning.question)]]
    return [kind, *(getattr(meaning, field.name) for field in fields(meaning))]


def _unpack(compiled: CompiledLexicon) -> Lexicon:
    """The lexicon, in less memory than one just built: phrases stay as they are stored, equal meanings are one."""
    found = [_decode_meaning(each, compiled.vocabulary) for each in compiled.meanings]
    groups = [tuple(found[number] for number in group) for group in compiled.groups]
    stored = (compiled.phrases, compiled.whole_phrases, compiled.stems)
    phrases, whole, stems = (StoredPhrases(numbers, groups) for numbers in stored)
    tables = PhraseTables(
        phrases, whole, stems, compiled.stem_of_word, compiled.words_by_stem, compiled.standing_words,
        compiled.longest_phrase,
    )  # fmt: skip
    return Lexicon(compiled.vocabulary, tables)


def _decode_meaning(encoded: EncodedMeaning, vocabulary: Vocabulary) -> Meaning:
    kind, *values = encoded
    if kind == "Noun":
        return Noun(values[0], vocabulary.concepts[values[0]], values[1])
    if kind == "Gradation":
        return Gradation(values[0], vocabulary.concepts[values[0]], values[1])
    if kind == "Ambiguity":
        return Ambiguity(vocabulary.questions[values[0]])
    return getattr(meanings_module, kind)(*values)  # type: ignore[no-any-return]
