"""`mattebox`: the group of commands, and the one place where errors become lines and exit codes.

Commands load when they are called, and what they stand on when they run, so that `--help` is quick.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NoReturn

import click

from mattebox._version import __version__
from mattebox.errors import MatteboxError
from mattebox.recipe.deprecated_names import DeprecatedNameWarning

COMMANDS = {
    "cut": "cut",
    "enhance": "enhance",
    "upscale": "upscale",
    "run": "run",
    "find": "find",
    "analyse": "analyse",
    "check": "check",
    "recipes": "recipes",
    "serve": "serve",
    "keys": "keys",
    "models": "models",
    "cache": "cache",
    "doctor": "doctor",
    "completion": "completion",
}
ENTRY_POINT_GROUP = "mattebox.commands"  # entry points that add commands: the workshop's, and anybody's
EXIT_INTERNAL_ERROR, EXIT_INTERRUPTED = 70, 130

EPILOG = """
\b
Exit codes:
  0  all went well
  1  several pictures failed, for different reasons; or a check did not pass
  2  the command line or the recipe makes no sense
  3  a picture is missing, broken, too large or of a kind we do not read
  4  no subject was found
  5  a result cannot be written
  6  a model is unknown or its weights are not what its card says
  7  the device asked for is not there
  70  an error in mattebox itself (--debug shows the traceback)
  130  interrupted
"""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [
            *COMMANDS,
            *(point.name for point in entry_points(group=ENTRY_POINT_GROUP) if point.name not in COMMANDS),
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            found = tuple(entry_points(group=ENTRY_POINT_GROUP, name=cmd_name))
            other: click.Command | None = found[0].load() if found else None
            return other
        command: click.Command = import_module(f"mattebox.cli.{COMMANDS[cmd_name]}").command
        return command


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mattebox")
@click.option("--debug", is_flag=True, help="Show the traceback of an error in mattebox itself.")
def cli(debug: bool) -> None:
    """A photograph goes in, a faithful cutout comes out.

    \b
      mattebox cut photo.jpg                      photo-cut.png beside it
      mattebox cut photos/ -o cutouts/            a whole folder
      mattebox cut photo.jpg --background white -o photo-white.jpg
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit with its code; no error leaves without its remedy, none with a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _show_deprecations():
            code = cli.main(words, prog_name="mattebox", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        code = _report_usage_error(error)
    except (KeyboardInterrupt, click.Abort):
        echo_stderr("interrupted; files that were finished are whole, nothing is half-written")
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read has enough; nothing more can be said to it
        code = 0
    except MatteboxError as error:
        echo_stderr(str(error))
        code = error.exit_code
    except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
        code = _report_internal_error(error, "--debug" in words)
    sys.exit(code if isinstance(code, int) else 0)


@contextlib.contextmanager
def _show_deprecations() -> Iterator[None]:
    """Inside, a deprecated name in a flag or recipe is one line on standard error."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_line(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
            if issubclass(category, DeprecatedNameWarning):
                echo_stderr(str(message))
            else:
                show(message, category, *args, **kwargs)

        warnings.simplefilter("always", DeprecatedNameWarning)
        warnings.showwarning = show_line
        yield


def echo_stderr(line: str) -> None:
    """One line on standard error."""
    click.echo(f"mattebox: {line}", err=True)


def _report_usage_error(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "mattebox"
    echo_stderr(f"{' '.join(error.format_message().split()).rstrip('.')}; see `{path} --help`")
    return 2


def _report_internal_error(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    reason = " ".join(str(error).split())[:200]
    echo_stderr(
        f"internal error ({type(error).__name__}: {reason}); please report it, with what `mattebox --debug ...` shows"
    )
    return EXIT_INTERNAL_ERROR
