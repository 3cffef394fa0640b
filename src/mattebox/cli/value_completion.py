"""Shell completion of values: names of presets, models and marketplaces, and files and folders.

Each function is a `shell_complete` of click. Where no name matches what was typed, the shell completes file names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """File names, by the shell."""
    return [CompletionItem(incomplete, type="file")]


def complete_folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folder names, by the shell."""
    return [CompletionItem(incomplete, type="dir")]


def complete_presets(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Presets with their titles."""
    from mattebox.recipe.presets import preset_titles

    return [CompletionItem(n, help=title) for n, title in preset_titles().items() if n.startswith(incomplete)]


def complete_marketplaces(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Marketplaces that have rules."""
    from mattebox.composition.marketplace.rules import load_marketplaces

    return _matching_names(load_marketplaces(), incomplete)


def complete_models(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Models of every task."""
    from mattebox.models.cards.registry import all_cards

    return [CompletionItem(n, help=c.summary) for n, c in all_cards().items() if n.startswith(incomplete)]


def complete_commands(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Commands of the group above."""
    group = context.parent.command if context.parent else None
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    return _matching_names(names, incomplete)


def completer_of_model(*presets: str, tasks: Iterable[str]) -> Completer:
    """A completer of presets and of the models of these tasks, or the path of a card."""
    known_tasks = frozenset(tasks)

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from mattebox.models.cards.registry import all_cards

        names = [*presets, *(name for name, card in all_cards().items() if card.task in known_tasks)]
        return _matching_names(names, incomplete) or complete_files(context, parameter, incomplete)

    return complete


def completer_of_words(*words: str) -> Completer:
    """A completer of words, or else of a picture's path."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _matching_names(words, incomplete) or complete_files(context, parameter, incomplete)

    return complete


def _matching_names(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


COMPLETER_BY_PARAMETER: dict[str, Completer] = {  # of the recipe's steps, by flat name
    "model": completer_of_model("fast", "balanced", "best", tasks=("cutout",)),
    "depth_model": completer_of_model("fast", "balanced", "best", tasks=("cutout", "depth")),
    "bokeh_depth": completer_of_model("auto", "layers", "tilt", tasks=("depth",)),
    "distance_depth": completer_of_model("auto", "layers", tasks=("depth",)),
    "restore_model": completer_of_model("standard", tasks=("restore",)),
    "upscale_model": completer_of_model("faithful", "real", tasks=("upscale",)),
    "faces_model": completer_of_model(tasks=("faces",)),
    "faces_finder": completer_of_model(tasks=("detect",)),
    "restore": completer_of_words("auto", "none"),
    "balance": completer_of_words("auto", "grey", "none"),
    "style": completer_of_words("watercolour", "glass", "swirl", "none"),
    "background": completer_of_words("transparent", "white", "black", "grey", "blur", "studio"),
    "bokeh": completer_of_words("f/1.4", "f/2", "f/2.8", "f/4", "none"),
    "upscale": completer_of_words("2x", "3x", "4x"),
    "pick": completer_of_words("all", "largest"),
    "format": completer_of_words("png", "jpg", "webp", "avif", "tiff", "bmp", "psd", "exr", "zip"),
    "check_for": complete_marketplaces,
} | dict.fromkeys(("heal", "trimap", "garbage", "holdout", "core"), complete_files)
