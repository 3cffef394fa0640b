"""Self-corrections: what is said behind "no wait" takes the place of what was said before ("on cream, no, on tan")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mattebox.language.anchors import Anchor, accepts
from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.interpretation import Reading
from mattebox.language.lexicon import Lexicon
from mattebox.language.meanings import Break, Gradation, Word
from mattebox.language.tokens import fold_word


def mark_corrections(words: Sequence[Word], lexicon: Lexicon) -> list[Word]:
    """The words, with a lone "no" between two breaks as the break behind which something is corrected."""
    marked: list[Word] = []
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        is_lone = before is not None and after is not None and _is_break(before) and _is_break(after)
        if is_lone and fold_word(word.text) in lexicon.denials and len(marked) > 1:
            word = Word(word.text, (Break(is_hard=True, corrects=True),))
        marked.append(word)
    return marked


def _is_break(word: Word) -> bool:
    return word.find(Break) is not None


def correct_anchors(found: Sequence[Anchor], before: Sequence[Anchor]) -> list[Anchor]:
    """The anchors of a clause that corrects those before it; a bare value takes the place of one of its kind there."""
    kept = []
    for anchor in found:
        if anchor.meaning is not None or not _replace_modifiers(anchor, before):
            anchor.corrects = True
            kept.append(anchor)
    return kept


def restates(anchor: Anchor, anchors: Sequence[Anchor]) -> bool:
    """Whether another anchor names what an anchor changes: "a bit darker, no wait, much darker"."""
    meaning = anchor.meaning
    others = [a.meaning for a in anchors if a is not anchor]
    return isinstance(meaning, Gradation) and any(
        isinstance(other, Gradation) and other.name == meaning.name for other in others
    )


def _replace_modifiers(correction: Anchor, before: Sequence[Anchor]) -> bool:
    """Give a correction's words to the last anchor that has such; whether there is one."""
    kinds = tuple(type(m) for m in correction.modifiers)
    for anchor in reversed(before):
        if all(accepts(anchor, m) for m in correction.modifiers) and anchor.find(*kinds):
            anchor.modifiers[:] = [m for m in anchor.modifiers if not isinstance(m, kinds)] + correction.modifiers
            anchor.words.extend(correction.words)
            return True
    return False


def mark_readings(readings: list[Reading], first: int, *, is_restated: bool) -> None:
    """Let the readings from `first` on correct earlier ones.

    WordsNotUnderstood where those say nothing of the kind, and what was said of it is not already gone (`is_restated`).
    """
    said = {name for reading in readings[:first] for name in reading.values}
    for index in range(first, len(readings)):
        reading = readings[index]
        if said.isdisjoint(reading.values) and not is_restated:
            raise WordsNotUnderstood(
                '"{words}" does not say what it corrects',
                "say only what you want; nothing was done",
                words=reading.text,
            )
        readings[index] = replace(reading, corrects=True)
