"""`mattebox mcp`: tools for language-model agents, over standard input and output."""

from __future__ import annotations

import contextlib
import sys

import click

from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.value_completion import complete_folders


@click.command("mcp", context_settings=CONTEXT_SETTINGS)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="DIR",
    default=["."],
    show_default="the current folder",
    shell_complete=complete_folders,
    help="A folder that agents may read and write; may be given several times.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
def command(folders: tuple[str, ...], device: str) -> int:
    """Serve tools for agents by the Model Context Protocol: cut, enhance, upscale, find, check, run_recipe, say.

    \b
      mattebox mcp --folder ~/Pictures

    It reads JSON lines from standard input and is started by the agent's program, whose settings name this command. No
    file outside of the folders is read or written, and nothing is overwritten.
    """
    from mattebox.core.interface import Interface, use_interface
    from mattebox.mcp.folders import AllowedFolders
    from mattebox.mcp.handlers import ToolContext
    from mattebox.mcp.stdio_server import serve_lines

    answers = sys.stdout.buffer

    def write(line: bytes) -> None:
        answers.write(line)
        answers.flush()

    with use_interface(Interface.HTTP), contextlib.redirect_stdout(sys.stderr):  # whatever prints must not break a line
        serve_lines(sys.stdin.buffer, write, ToolContext(AllowedFolders(folders), device))
    return 0
