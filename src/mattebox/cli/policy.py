"""--offline and --commercial: what the environment can forbid, forbidden for the time of one command."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mattebox.zoo.settings import COMMERCIAL, OFFLINE

F = TypeVar("F", bound=Callable[..., Any])


def _switch(flag: str, variable: str, help: str) -> Callable[[F], F]:
    def forbid(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            before = os.environ.get(variable)
            os.environ[variable] = "1"
            context.call_on_close(lambda: _restore(variable, before))

    return click.option(flag, is_flag=True, expose_value=False, is_eager=True, callback=forbid, help=help)


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


offline = _switch("--offline", OFFLINE, f"Never use the network ({OFFLINE}=1).")
commercial = _switch("--commercial", COMMERCIAL, f"Refuse models that may not be used commercially ({COMMERCIAL}=1).")
