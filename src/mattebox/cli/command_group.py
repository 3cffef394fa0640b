"""Groups of commands that suggest the command that was meant, and the top group, which cuts what is no command."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Any

import click
from click.shell_completion import CompletionItem

from mattebox.cli.help_all import HelpAllMixin, is_help_complete
from mattebox.core.suggestions import similar_names, suggest_names

COMMAND_SECTIONS: Mapping[str, tuple[str, ...]] = {  # each command is a module of this package
    "Photographs": ("cut", "enhance", "portrait", "upscale", "anonymise", "run", "say"),
    "Video": ("video",),
    "Measurements and rules": ("find", "depth", "info", "analyse", "check", "verify", "recipes"),
    "Shops": ("shop",),
    "Server": ("serve", "page", "mcp", "keys"),
    "Models and this installation": ("models", "cache", "provenance", "audit", "doctor", "completion", "help"),
}
PLUGIN_SECTION = "Training and plug-ins"
COMMANDS = tuple(name for names in COMMAND_SECTIONS.values() for name in names)
DEFAULT_COMMAND = "cut"
MIN_COMMAND_SIMILARITY = 0.7  # of spelling, 0 to 1
ENTRY_POINT_GROUP = "mattebox.commands"  # of commands from mattebox.training and from other packages
COMMAND_SYNONYMS = {  # words of other tools
    "remove": "cut", "removebg": "cut", "remove-bg": "cut", "rembg": "cut", "cutout": "cut", "matte": "cut", "i": "cut",
    "enlarge": "upscale", "resize": "upscale", "scale": "upscale", "improve": "enhance", "denoise": "enhance",
    "restore": "enhance", "analyze": "analyse", "exif": "info", "metadata": "info", "validate": "check",
    "detect": "find",
    "bg": "cut", "nobg": "cut", "background": "cut", "remove-background": "cut", "segment": "cut", "batch": "cut",
    "watch": "cut --watch", "folder": "cut", "crop": "cut --crop", "mask": "cut --matte-only", "erase": "cut",
    "convert": "cut", "clip": "video cut", "movie": "video cut", "film": "video cut", "rvm": "video cut",
    "superres": "upscale", "super-resolution": "upscale", "sharpen": "enhance --sharpen", "retouch": "enhance",
    "beautify": "enhance", "inspect": "info", "stats": "analyse", "marketplaces": "check",
    "evaluate": "eval", "fine-tune": "train", "finetune": "train", "api": "serve", "start": "serve",
    "install": "models pull", "licence": "models show", "license": "models show", "clear": "cache --clear",
    "clean": "cache --clear", "diagnose": "doctor", "settings": "serve --settings", "config": "serve --settings",
    "presets": "recipes", "preset": "recipes", "c2pa": "verify", "credentials": "verify", "authenticate": "verify",
    "sign": "provenance init", "shopify": "shop shopify", "undo": "shop undo",
    "bokeh": "portrait", "blur": "portrait", "depth-map": "depth",
    "anonymize": "anonymise", "redact": "anonymise", "deface": "anonymise",
    "blur-faces": "anonymise --method blur", "pixelate": "anonymise --method mosaic", "faces": "anonymise --faces",
    "server": "serve", "web": "serve", "ui": "serve", "gui": "serve", "pull": "models pull",
    "download": "models pull", "list": "models list", "version": "--version",
}  # fmt: skip
PICTURE_SUFFIXES = frozenset(  # of words that are photographs, whether or not they exist
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif", ".psd", ".exr",
     ".zip", ".jxl", ".jp2", ".tga", ".pdf", ".svg")
)  # fmt: skip


class SuggestingGroup(HelpAllMixin, click.Group):
    """A group whose error for an unknown command names the command that was probably meant."""

    synonyms: Mapping[str, str] = {}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no command {name!r}{self._suggest_command(ctx, name)}", ctx)
        return super().resolve_command(ctx, args)

    def _suggest_command(self, ctx: click.Context, name: str) -> str:
        """A question that ends an error, "" when nothing is similar."""
        word = name.lower()
        similar = _find_similar(word, self.list_commands(ctx), self.synonyms)
        commands = [f"`{ctx.command_path} {self.synonyms.get(match, match)}`" for match in similar]
        return f"; {suggest_names(commands)}" if commands else ""


def _find_similar(word: str, commands: Sequence[str], synonyms: Iterable[str]) -> list[str]:
    """The command or synonym that a word was probably meant to be: itself, one that it begins or that begins it, or
    one that is spelt nearly so."""
    candidates = [*commands, *synonyms]
    if word in candidates:
        return [word]
    related = [c for c in commands if len(word) > 2 and (c.startswith(word) or word.startswith(f"{c}-"))]
    swapped = [c for c in commands if sorted(c) == sorted(word)]  # `ctu`
    return (related or swapped)[:1] or similar_names(word, candidates, min_similarity=MIN_COMMAND_SIMILARITY)


class LazyGroup(SuggestingGroup):
    """The top group. It imports the module of a command on first use, takes further commands from entry points, and
    reads `mattebox photo.jpg` as `mattebox cut photo.jpg`."""

    synonyms = COMMAND_SYNONYMS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own_options = {name for option in self.get_params(ctx) for name in option.opts}
        return super().parse_args(ctx, insert_default_command(args, own_options, self.list_commands(ctx)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *plugin_names()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            points = tuple(entry_points(group=ENTRY_POINT_GROUP, name=cmd_name))
            plugin: click.Command | None = points[0].load() if points else None
            return plugin
        command: click.Command = import_module(f"mattebox.cli.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands; where none matches, a photograph."""
        return super().shell_complete(ctx, incomplete) or [CompletionItem(incomplete, type="file")]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for heading, names in {**COMMAND_SECTIONS, PLUGIN_SECTION: plugin_names()}.items():
            rows = [(name.ljust(width), _first_sentence(self.get_command(ctx, name))) for name in names]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if is_help_complete(ctx):
            super().format_epilog(ctx, formatter)
        else:
            formatter.write_paragraph()
            formatter.write_text(
                "`mattebox help COMMAND` explains a command, `mattebox --help-all` lists the exit codes."
            )


def plugin_names() -> tuple[str, ...]:
    """The commands from entry points."""
    return tuple(point.name for point in entry_points(group=ENTRY_POINT_GROUP) if point.name not in COMMANDS)


def insert_default_command(words: Sequence[str], own_options: set[str], commands: Sequence[str]) -> list[str]:
    """The words of a command line, with `cut` before the first photograph or option of `cut` where no command stands.

    Parameters
    ----------
    words
        Of the command line, without the program's name.
    own_options
        The options that belong before a command.
    commands
        The names of all commands.
    """
    for index, word in enumerate(words):
        if word in own_options:
            continue
        if word not in commands and (_is_input(word) or _is_default_command_option(word)):
            return [*words[:index], DEFAULT_COMMAND, *words[index:]]
        break
    return list(words)


def _is_input(word: str) -> bool:
    """Whether a word is rather a photograph, folder, pattern or address than a command."""
    if word == "-" or os.path.lexists(word):
        return True
    is_path = any(character in word for character in "/\\*?") or word.startswith("~")
    return is_path or PurePath(word).suffix.lower() in PICTURE_SUFFIXES


def _is_default_command_option(word: str) -> bool:
    """Whether a word is an option of `cut`, such as `--background` or `-o`."""
    if not word.startswith("-"):
        return False
    command: click.Command = import_module(f"mattebox.cli.{DEFAULT_COMMAND}").command
    name = word.partition("=")[0]
    options: list[Any] = [option for option in command.params if isinstance(option, click.Option)]
    return any(name in option.opts for option in options)


def _first_sentence(command: click.Command | None) -> str:
    """What a command does, in one sentence: its help's first."""
    return "" if command is None else command.get_short_help_str(limit=200)
