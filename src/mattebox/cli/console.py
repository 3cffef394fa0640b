"""Lines on standard error and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from mattebox.errors import MatteboxError

EXIT_FAILURES = 1  # all pictures were tried, and not all of them are good

CONTEXT_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
recursive_option = click.option("--recursive", is_flag=True, help="Include subfolders.")


def echo_stderr(line: str) -> None:
    """Write one line to standard error."""
    click.echo(f"mattebox: {line}", err=True)


def report_error(error: MatteboxError) -> int:
    """Write the error to standard error, and return its exit code."""
    echo_stderr(str(error))
    return error.exit_code


def combine_exit_codes(codes: Iterable[int]) -> int:
    """0, the one code that all failures share, or 1 when they differ."""
    failures = set(codes) - {0}
    return 0 if not failures else failures.pop() if len(failures) == 1 else EXIT_FAILURES
