"""Requests in words by a language model that the user names: its answer is a recipe, decoded as recipes from files are.

Any address with the interface of OpenAI's chat completions will do (llama.cpp, Ollama, vLLM). Only the words and the
recipe that they change are sent, never a picture.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urlsplit

import msgspec

from mattebox.errors import MatteboxError, UsageError
from mattebox.language.description import changed_values
from mattebox.language.interpretation import Reading
from mattebox.language.plan import Plan
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe, recipe_json_schema
from mattebox.recipe.validation_wording import describe_problem

KEY_VARIABLE = "MATTEBOX_WORDS_MODEL_KEY"  # its value is sent as a bearer token
DEFAULT_NAME = "default"  # of the model, where the address has no #NAME; servers of a single model ignore it
TIMEOUT_SECONDS = 120
MAX_ANSWER_BYTES = 1_000_000
MAX_WORDS_LENGTH = 10_000
MODEL_LANGUAGE = "en"  # of the words in which the plan is shown
_PATH = re.compile(r"[/\\]|\.(?:png|jpe?g|webp|tiff?|avif|heic|bmp|exr|toml|json)\b", re.IGNORECASE)
_COLOUR_FUNCTION = re.compile(r"\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\([^()]*\)")
INSTRUCTIONS = """\
You turn requests about one photograph into a recipe, a JSON object that fits the schema. Take only the steps and fields
that the request asks for, and leave all other fields out. "cut" removes the background; a background, shadow, outline,
crop, margin or fill needs it. If the request asks for something that no step does, or can mean several things, answer
{"steps": []}. The photograph itself is not shown to you. Recipe that the request changes, or null: """


def plan_with_model(words: str, address: str, base: Recipe | None = None) -> Plan:
    """Read a request in words by a language model.

    Parameters
    ----------
    words
        In any language.
    address
        Base of an OpenAI-compatible interface, such as "http://127.0.0.1:11434/v1#qwen3"; #NAME names the model.
    base
        The recipe that the words change.

    Returns
    -------
    Plan
        To be shown before it is done: a model may have misunderstood.

    Raises
    ------
    UsageError
        The address is none, or the answer is no valid recipe, has no steps, or names a file that the words do not.
    MatteboxError
        The model cannot be reached, or answers with an error.
    """
    if len(words) > MAX_WORDS_LENGTH:
        raise UsageError(f"the request has more than {MAX_WORDS_LENGTH:,} letters", "say it in fewer")
    url, name = _split_address(address)
    answer = _complete(url, _build_request(words, name, base))
    recipe = _decode_recipe(answer)
    _require_named_paths(recipe, words)
    return Plan(recipe, (Reading(words, changed_values(recipe)),), {}, MODEL_LANGUAGE)


def _split_address(address: str) -> tuple[str, str]:
    """The address to which requests are sent, and the model's name."""
    base, name = urldefrag(address)
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{address!r} is no address of a language model", "give such as http://127.0.0.1:11434/v1#MODEL"
        )
    return f"{base.rstrip('/')}/chat/completions", name or DEFAULT_NAME


def _build_request(words: str, name: str, base: Recipe | None) -> bytes:
    current = "null" if base is None else msgspec.json.encode(base).decode()
    messages = [{"role": "system", "content": INSTRUCTIONS + current}, {"role": "user", "content": words}]
    schema = {"name": "recipe", "schema": json.loads(recipe_json_schema())}
    return msgspec.json.encode(
        {
            "model": name,
            "messages": messages,
            "temperature": 0,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
    )


def _complete(url: str, body: bytes) -> str:
    """The text of the model's answer. MatteboxError."""
    headers = {"Content-Type": "application/json"}
    key = os.environ.get(KEY_VARIABLE)
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            content = response.read(MAX_ANSWER_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise MatteboxError(
                f"the language model answered {error.code}", f"check its address, its name and {KEY_VARIABLE}"
            ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MatteboxError(
            f"the language model at {url} cannot be reached", "is it running? Without --words-model no model is needed"
        ) from error
    return _answer_text(content)


def _answer_text(content: bytes) -> str:
    try:
        if len(content) > MAX_ANSWER_BYTES:
            raise ValueError
        answer: Any = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        answer = None
    if not isinstance(answer, str):
        raise MatteboxError("the language model's answer is no chat completion", "check its address")
    return answer


def _decode_recipe(answer: str) -> Recipe:
    """The recipe that an answer is. UsageError."""
    remedy = "say it otherwise, or without --words-model"
    try:
        data = msgspec.json.decode(answer.encode())
        if isinstance(data, dict) and data.get("steps") == []:
            raise UsageError("the language model found nothing that can be done in the request", remedy)
        return parse_recipe(data)
    except msgspec.DecodeError as error:
        raise UsageError(f"the language model's answer is no recipe: {describe_problem(str(error))}", remedy) from error


def _require_named_paths(recipe: Recipe, words: str) -> None:
    """UsageError for a file in the recipe that the words do not name."""
    for path in _list_paths(recipe):
        if path not in words:
            raise UsageError(
                f"the language model chose the file {path!r}", "name the file in the request if you want it"
            )


def _list_paths(recipe: Recipe) -> Iterator[str]:
    for value in changed_values(recipe).values():
        if isinstance(value, str):
            text = _COLOUR_FUNCTION.sub("", value)
            if _PATH.search(text):
                yield text.removeprefix("plate(").removesuffix(")") if text.startswith("plate(") else text
