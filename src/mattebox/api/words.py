"""`plan` and `say`: requests in words."""

from __future__ import annotations

from mattebox.api.operations import Operation, Preset
from mattebox.api.parameters import PictureSource
from mattebox.api.result import CutoutResult
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.errors import MatteboxError
from mattebox.language.error_translation import translate_error
from mattebox.language.plan import ANY_LANGUAGE, Plan, plan_request
from mattebox.models.matte_session import Session
from mattebox.recipe.presets import find_preset_or_file
from mattebox.recipe.recipe import Recipe


def plan(words: str, *, preset: Preset | None = None, language: str = ANY_LANGUAGE) -> Plan:
    """Read a request in words, without doing it.

    Parameters
    ----------
    words : str
        Such as "white background, soft shadow, twice as large"; NAME=VALUE sets any parameter.
    preset : str, path or Recipe, optional
        The recipe that the words change: a built-in one such as "amazon", a recipe file, or a Recipe.
    language : {"auto", "en", "de"}
        The language of the words; "auto" is the one whose vocabulary knows more of them.

    Returns
    -------
    Plan
        `recipe`, and what each part of the request was read as.

    Raises
    ------
    AmbiguousWords
        The words can mean several things; `question` and `choices` say which.
    UsageError
        A word is unknown, words contradict each other, or a value is out of its range.

    Examples
    --------
        mb.plan("for amazon, light grey background").recipe.to_toml()
    """
    return plan_request(words, _base_recipe(preset), language)


def say(
    source: PictureSource,
    words: str,
    *,
    preset: Preset | None = None,
    language: str = ANY_LANGUAGE,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> CutoutResult:
    """Do to a photograph what is said in words.

    Parameters
    ----------
    source, device, threads, session, max_pixels
        As for `cut`.
    words, preset, language
        As for `plan`.

    Returns
    -------
    CutoutResult

    Raises
    ------
    MatteboxError
        As `plan` and `cut` raise them, in the language of the words.

    Examples
    --------
        mb.say("mug.jpg", "white background, soft shadow, a bit warmer").save("mug-white.jpg")
    """
    read = plan(words, preset=preset, language=language)
    operation = Operation({}, read.recipe, device=device, threads=threads, max_pixels=max_pixels)
    try:
        return operation.run(source, session)
    except MatteboxError as error:
        raise translate_error(error, read.language) from error


def _base_recipe(preset: Preset | None) -> Recipe | None:
    if preset is None or isinstance(preset, Recipe):
        return preset
    return find_preset_or_file(preset)
