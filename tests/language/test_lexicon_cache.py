"""Compiled lexicons: the same as built ones, renewed with the vocabulary, and no harm where they cannot be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.language.lexicon import Lexicon
from mattebox.language.lexicon_cache import SUFFIX, load_compiled_lexicon
from mattebox.language.meanings import ColourName
from mattebox.language.stored_phrases import StoredPhrases
from mattebox.language.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache") / "lexicons"
    load_compiled_lexicon("en", folder)
    return folder


def test_a_compiled_lexicon_is_the_built_one(folder: Path) -> None:
    built, compiled = Lexicon(load_vocabulary("en")), load_compiled_lexicon("en", folder)
    assert len(list(folder.iterdir())) == 1
    assert compiled.tables == built.tables
    for name in ("vocabulary", "fillers", "heads", "known_words", "longest_phrase", "praises"):
        assert getattr(compiled, name) == getattr(built, name)


def test_a_damaged_one_is_built_again(folder: Path, tmp_path: Path) -> None:
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    damaged = tmp_path / file.name
    damaged.write_bytes(whole[: len(whole) // 2])
    assert load_compiled_lexicon("en", tmp_path).find_phrase(("white",))
    assert damaged.read_bytes() == whole


def test_those_of_earlier_vocabularies_go(tmp_path: Path) -> None:
    old, other = tmp_path / f"en-0123{SUFFIX}", tmp_path / f"xx-0123{SUFFIX}"
    old.write_bytes(b"old")
    other.write_bytes(b"of another language")
    load_compiled_lexicon("en", tmp_path)
    assert not old.exists()
    assert other.exists()


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert load_compiled_lexicon("en", tmp_path / "file" / "lexicons").find_phrase(("white",))


def test_there_is_none_of_a_language_without_a_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no vocabulary"):
        load_compiled_lexicon("tlh", tmp_path)


def test_equal_meanings_are_kept_once(folder: Path) -> None:
    tables = load_compiled_lexicon("en", folder).tables
    colours = {id(m): m for found in tables.meanings.values() for m in found if isinstance(m, ColourName)}
    assert len(colours) == len(set(colours.values()))


def test_stored_phrases_are_looked_up_by_their_words() -> None:
    white = (ColourName("white"),)
    phrases = StoredPhrases({"white": 0, "pure white": 0}, [white])
    assert phrases["pure", "white"] is phrases.get(("white",)) is white
    assert phrases.get(("black",), ()) == ()
    assert ("pure", "white") in phrases
    assert ("pure",) not in phrases
    assert list(phrases) == [("white",), ("pure", "white")]
    assert len(phrases) == 2
    with pytest.raises(KeyError):
        phrases["pure",]
