"""docs/cli.md, made from the commands' own help: `python -m mattebox.cli.reference_page docs/cli.md`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mattebox.cli.main import cli

WIDTH = 100


def page() -> str:
    """The whole page."""
    parts = [
        "# The command line\n\nMade from the commands' own help by `python -m mattebox.cli.reference_page docs/cli.md`.\n"
    ]
    top = _context(cli, "mattebox", None)
    parts.append(_section("mattebox", cli.get_help(top)))
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        parts += _sections(f"mattebox {name}", command, _context(command, name, top))
    return "\n".join(parts)


def _sections(title: str, command: click.Command, context: click.Context) -> list[str]:
    """The command's own section, and those of the commands inside it."""
    parts = [_section(title, command.get_help(context))]
    for name, inner in getattr(command, "commands", {}).items():
        parts += _sections(f"{title} {name}", inner, _context(inner, name, context))
    return parts


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """As click makes it, but of one width whatever the terminal."""
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    return click.Context(command, parent, name, **settings)


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n```\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
