"""`mattebox`: the group of commands; turns errors into lines on standard error and exit codes.

A command's module is imported when it is called, and what it needs when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from mattebox._version import __version__
from mattebox.cli.command_group import LazyGroup
from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr, report_error
from mattebox.core.interface import Interface, use_interface
from mattebox.errors import MatteboxError
from mattebox.recipe.deprecated_names import DeprecatedNameWarning

EXIT_INTERNAL_ERROR, EXIT_INTERRUPTED = 70, 130
COMPLETION_VARIABLE = "_MATTEBOX_COMPLETE"  # of click, set by the completion scripts

EPILOG = """
\b
Exit codes:
  0  all went well
  1  everything was tried, and not all is good: a check did not pass, or pictures failed for different reasons
  2  the command line or the recipe is invalid
  3  a picture is missing, damaged, too large or of an unsupported format
  4  no subject was found
  5  a result cannot be written
  6  a model is unknown or not installed, or its weights do not match its card
  7  the requested device is not available
  8  the words of `mattebox say` can mean several things
  70  an error in mattebox itself (--debug shows the traceback)
  130  interrupted
"""


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings=CONTEXT_SETTINGS)
@click.version_option(__version__, "-V", "--version", prog_name="mattebox")
@click.option("--debug", is_flag=True, help="Show the traceback of an error in mattebox itself.")
def cli(debug: bool) -> None:
    """Remove the background of photographs, or make photographs better.

    \b
      mattebox photo.jpg                          writes photo-cut.png beside it; short for `mattebox cut photo.jpg`
      mattebox cut photos/ -o cutouts/            a whole folder
      mattebox cut photo.jpg --background white -o photo-white.jpg
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit with its code. Every error is one line with its remedy, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if COMPLETION_VARIABLE in os.environ:
        import_module("mattebox.cli.shell_completion")  # registers itself
    try:
        with _show_deprecations(), use_interface(Interface.COMMAND_LINE):
            code = cli.main(words, prog_name="mattebox", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command, such as `mattebox` alone
        click.echo(error.format_message())
        code = 0
    except click.ClickException as error:
        code = _report_usage_error(error)
    except (KeyboardInterrupt, click.Abort):
        echo_stderr("interrupted; finished files are complete, and none is half-written")
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader has closed the pipe
        code = 0
    except MatteboxError as error:
        code = report_error(error)
    except Exception as error:  # noqa: BLE001  any other exception is a fault of ours
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


def _report_usage_error(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "mattebox"
    message = " ".join(error.format_message().split()).rstrip(".")
    echo_stderr(f"{message}{' See' if message.endswith('?') else '; see'} `{path} --help`")
    return 2


def _report_internal_error(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    reason = " ".join(str(error).split())[:200]
    echo_stderr(
        f"internal error ({type(error).__name__}: {reason}); please report it, with what `mattebox --debug ...` shows"
    )
    return EXIT_INTERNAL_ERROR
