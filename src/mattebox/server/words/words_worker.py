"""The process that reads requests in words: calls on standard input, answers on standard output.

    python -m mattebox.server.words.words_worker

It ends after an answer by which it has grown beyond MAX_KEPT_BYTES; the server then starts another one.
"""

from __future__ import annotations

import contextlib
import sys
from functools import singledispatch
from traceback import format_tb
from typing import Any

import msgspec

from mattebox.core.interface import Interface, use_interface
from mattebox.errors import MatteboxError
from mattebox.language.completion import list_completions
from mattebox.language.description import describe_recipe
from mattebox.language.error_translation import translate_lines
from mattebox.language.errors import AmbiguousWords
from mattebox.language.lexicon_cache import load_lexicon
from mattebox.language.plan import ANY_LANGUAGE, FIRST_LANGUAGE, Plan, plan_request
from mattebox.language.vocabulary import language_codes
from mattebox.recipe.serialization import parse_recipe
from mattebox.server.words.messages import ChangeRecipe, ListPhrases, ReadPlan, TranslateLines, WordsAnswer, WordsCall
from mattebox.server.workers.child_process import peak_bytes, prepare_child, send_bytes

MAX_BYTES = 1 << 30  # of address space
MAX_KEPT_BYTES = 400_000_000  # of memory; building all lexicons takes 200 MB
NICENESS = 0  # somebody waits for them, and they take milliseconds


def main() -> None:
    """Load the lexicon that every request needs, then answer calls until standard input ends."""
    out = prepare_child(MAX_BYTES, NICENESS)
    with contextlib.suppress(BrokenPipeError), use_interface(Interface.HTTP):  # BrokenPipeError: the server has gone
        load_lexicon(FIRST_LANGUAGE)
        send_bytes(out, encode_line(WordsAnswer("ready")))
        for line in sys.stdin.buffer:
            send_bytes(out, encode_line(answer_line(line)))
            if peak_bytes() > MAX_KEPT_BYTES:
                return


def encode_line(message: WordsAnswer | WordsCall) -> bytes:
    """A message as a line."""
    return msgspec.json.encode(message) + b"\n"


def answer_line(line: bytes) -> WordsAnswer:
    """The answer to a call. Every exception becomes an error."""
    try:
        return WordsAnswer(answer_call(msgspec.json.decode(line, type=WordsCall)))
    except MatteboxError as error:
        return WordsAnswer(error={"code": error.code, "problem": error.problem, "remedy": error.remedy})
    except (MemoryError, RecursionError):
        lines = {"problem": "the words cannot be read: there are too many", "remedy": "say it in fewer words"}
        return WordsAnswer(error={"code": "words_not_understood"} | lines)
    except Exception as error:  # noqa: BLE001  the boundary: anything else is a bug of ours
        name = type(error).__name__
        fields = {"code": "internal", "problem": f"internal error ({name})", "remedy": "please report it"}
        return WordsAnswer(error={**fields, "kind": name, "trace": format_tb(error.__traceback__)})


@singledispatch
def answer_call(call: WordsCall) -> Any:
    """The result of a call. MatteboxError."""
    raise NotImplementedError(type(call).__name__)


@answer_call.register
def _read_plan(call: ReadPlan) -> dict[str, Any]:
    try:
        plan = plan_request(call.words, None if call.base is None else parse_recipe(call.base), call.language)
    except AmbiguousWords as error:
        choices = [{"words": choice, "request": error.resolve(call.words, choice)} for choice in error.choices]
        question = {"words": error.words, "ask": error.question, "choices": choices}
        return {"question": question, "plan": None}
    return {"question": None, "plan": _plan_fields(plan)}


@answer_call.register
def _change_recipe(call: ChangeRecipe) -> tuple[Any, str]:
    plan = plan_request(call.words, parse_recipe(call.recipe))
    return msgspec.to_builtins(plan.recipe), plan.language


@answer_call.register
def _list_phrases(call: ListPhrases) -> list[str]:
    languages = language_codes() if call.language == ANY_LANGUAGE else [call.language]
    return [phrase for language in languages for phrase in list_completions(language)]


@answer_call.register
def _translate_lines(call: TranslateLines) -> tuple[str, str]:
    return translate_lines(call.problem, call.remedy, call.language)


def _plan_fields(plan: Plan) -> dict[str, Any]:
    return {
        "language": plan.language,
        "readings": [{"text": r.text, "values": dict(r.values), "area": r.area or None} for r in plan.readings],
        "corrections": dict(plan.corrections),
        "passed_over": list(plan.passed_over),
        "cuts": plan.recipe.cut_step is not None,
        "recipe": msgspec.to_builtins(plan.recipe),
        "words": describe_recipe(plan.recipe, plan.language),
    }


if __name__ == "__main__":
    main()
