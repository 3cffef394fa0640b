"""Lines on standard error and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from mattebox.errors import MatteboxError

CONTEXT_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
recursive_option = click.option("--recursive", is_flag=True, help="Take the folders inside folders, too.")


def echo_stderr(line: str) -> None:
    """Write one line to standard error."""
    click.echo(f"mattebox: {line}", err=True)


def report_error(error: MatteboxError) -> int:
    """Write the error to standard error, and return its exit code."""
    echo_stderr(str(error))
    return error.exit_code


def first_failure(codes: Iterable[int]) -> int:
    """The first exit code that is not 0, after all are computed."""
    return next((code for code in list(codes) if code), 0)
