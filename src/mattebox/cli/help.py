"""`mattebox help [COMMAND]`: the help of mattebox or of one of its commands."""

from __future__ import annotations

import click

from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.value_completion import complete_commands


@click.command("help", context_settings=CONTEXT_SETTINGS)
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=complete_commands)
@click.option("--all", "is_complete", is_flag=True, help="Show all options.")
@click.pass_context
def command(context: click.Context, words: tuple[str, ...], is_complete: bool) -> int:
    """Show the help of mattebox, or of a command.

    \b
      mattebox help cut
      mattebox help models pull
    """
    parent = context.parent
    assert parent is not None
    option = "--help-all" if is_complete else "--help"
    code: int = parent.command.main([*words, option], prog_name=parent.info_name, standalone_mode=False)
    return code
