"""--offline, --commercial and --no-cache: what the environment can forbid, forbidden for the time of one command."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mattebox.models.store.environment import CACHE, COMMERCIAL, OFFLINE

F = TypeVar("F", bound=Callable[..., Any])

USUAL = "500MB"  # of answers are kept, unless the environment says otherwise


def _switch(flag: str, variable: str, help: str) -> Callable[[F], F]:
    def forbid(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            _set(context, variable, "1")

    return click.option(flag, is_flag=True, expose_value=False, is_eager=True, callback=forbid, help=help)


def _keep(context: click.Context, _: click.Parameter, given: bool) -> None:
    """The command line keeps what networks said unless told otherwise."""
    if given or not os.environ.get(CACHE):
        _set(context, CACHE, "0" if given else USUAL)


def _set(context: click.Context, variable: str, value: str) -> None:
    """For the time of the command."""
    before = os.environ.get(variable)
    os.environ[variable] = value
    context.call_on_close(lambda: _restore(variable, before))


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


offline = _switch("--offline", OFFLINE, f"Never use the network ({OFFLINE}=1).")
commercial = _switch("--commercial", COMMERCIAL, f"Refuse models that may not be used commercially ({COMMERCIAL}=1).")
no_cache = click.option(
    "--no-cache", is_flag=True, expose_value=False, is_eager=True, callback=_keep,
    help=f"Neither keep nor use mattes of earlier runs ({CACHE}=0; `mattebox cache`).",
)  # fmt: skip
