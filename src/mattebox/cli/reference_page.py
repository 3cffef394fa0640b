"""Generates docs/cli.md from the commands' help: `python -m mattebox.cli.reference_page docs/cli.md`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mattebox.cli.help_all import set_help_complete
from mattebox.cli.main import cli

PAGE_WIDTH_COLUMNS = 100
INTRODUCTION = "Generated from the commands' help by `python -m mattebox.cli.reference_page docs/cli.md`."


def render_page() -> str:
    """The page as Markdown."""
    parts = [f"# The command line\n\n{INTRODUCTION}\n"]
    top = _make_context(cli, "mattebox", None)
    parts.append(_render_section("mattebox", cli.get_help(top)))
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        parts += _render_command(f"mattebox {name}", command, _make_context(command, name, top))
    return "\n".join(parts)


def _render_command(title: str, command: click.Command, context: click.Context) -> list[str]:
    """The section of a command, and those of its subcommands."""
    parts = [_render_section(title, command.get_help(context))]
    for name, subcommand in getattr(command, "commands", {}).items():
        parts += _render_command(f"{title} {name}", subcommand, _make_context(subcommand, name, context))
    return parts


def _make_context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """A context of a fixed width, whatever the terminal."""
    settings = {
        "terminal_width": PAGE_WIDTH_COLUMNS,
        "max_content_width": PAGE_WIDTH_COLUMNS,
        **command.context_settings,
    }
    context = click.Context(command, parent, name, **settings)
    set_help_complete(context)
    return context


def _render_section(title: str, text: str) -> str:
    return f"## {title}\n\n```\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_page())
