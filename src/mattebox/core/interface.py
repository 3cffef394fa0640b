"""The interface through which mattebox is used, so that errors name parameters and remedies as its users write them.

In Python that is the default; the command line, the server and its workers say so when they start.
"""

from __future__ import annotations

import contextlib
import enum
import shlex
from collections.abc import Iterator, Mapping


class Interface(enum.Enum):
    """A way to use mattebox."""

    PYTHON = "python"
    COMMAND_LINE = "command line"
    HTTP = "http"


_current = Interface.PYTHON  # of the process: threads of a batch share it
_flags: Mapping[str, str] = {}  # of parameters that the running command has under other flags


@contextlib.contextmanager
def use_interface(interface: Interface) -> Iterator[None]:
    """Inside, errors are worded for this interface."""
    global _current
    before, _current = _current, interface
    try:
        yield
    finally:
        _current = before


@contextlib.contextmanager
def use_flags(flags: Mapping[str, str]) -> Iterator[None]:
    """Inside, these parameters are named by these flags on the command line: flat name -> flag."""
    global _flags
    before, _flags = _flags, flags
    try:
        yield
    finally:
        _flags = before


def choose_wording(*, command_line: str, python: str, http: str) -> str:
    """The wording for the interface that is used."""
    return {Interface.COMMAND_LINE: command_line, Interface.PYTHON: python, Interface.HTTP: http}[_current]


def name_parameter(name: str, value: object = None) -> str:
    """A parameter by its flat name, with a value: `--empty keep`, `empty="keep"` or `empty=keep`.

    Without a value: `--keep`, `keep=...` or `keep`. True is a switch that is on.
    """
    flag = _flags.get(name, f"--{name.replace('_', '-')}")
    if value is None:
        return choose_wording(command_line=flag, python=f"{name}=...", http=f"`{name}`")
    is_number = isinstance(value, bool | int | float)
    return choose_wording(
        command_line=flag if value is True else f"{flag} {_quote(str(value))}",
        python=f"{name}={value}" if is_number else f'{name}="{value}"',
        http=f"{name}={str(value).lower() if value is True else value}",
    )


def name_image(role: str, path: str) -> str:
    """A picture that a parameter names: "the trimap drawn.png", or "the trimap" where it was given in memory."""
    return f"the {role}" if path.startswith("<") else f"the {role} {path}"


def install_extra(extra: str) -> str:
    """The remedy for a package that is missing, by the extra of mattebox that installs it."""
    command = f"pip install 'mattebox[{extra}]'"
    return choose_wording(
        command_line=command, python=command, http=f"ask the operator of this server to install mattebox[{extra}]"
    )


def pull_models(*names: str) -> str:
    """The remedy for models that are not installed."""
    command = f"mattebox models pull {' '.join(names)}"
    return choose_wording(
        command_line=command,
        python=f"run `{command}` in a terminal",
        http=f"choose another model, or ask the operator of this server to install {' and '.join(names)}",
    )


def list_models(options: str = "") -> str:
    """Where models are listed."""
    command = f"`mattebox models list{options}`"
    return choose_wording(command_line=command, python=command, http="/v1/models")


def _quote(value: str) -> str:
    """Quoted with double quotes where a shell needs it."""
    return value if shlex.quote(value) == value or value.endswith("%") else f'"{value}"'
