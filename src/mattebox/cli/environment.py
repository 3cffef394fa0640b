"""--offline, --commercial and --no-cache: set environment variables for the time of one command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mattebox.errors import UsageError
from mattebox.io.store_address import is_output_address
from mattebox.models.store.settings import CACHE_VARIABLE, COMMERCIAL_VARIABLE, OFFLINE_VARIABLE, is_offline

if TYPE_CHECKING:
    from mattebox.io.audit_log import AuditLog

F = TypeVar("F", bound=Callable[..., Any])

AUDIT_VARIABLE = "MATTEBOX_AUDIT"
DEFAULT_CACHE_SIZE = "500MB"  # of the command line, unless the environment says otherwise


def audit_log() -> AuditLog | None:
    """The audit log that the environment names, if it names one."""
    from mattebox.io.audit_log import AuditLog

    name = os.environ.get(AUDIT_VARIABLE)
    return AuditLog(Path(name)) if name else None


def require_network_for_stores(words: Iterable[str | None]) -> None:
    """UsageError for places in stores among a command's words where the network is forbidden."""
    if is_offline() and any(map(is_output_address, words)):
        raise UsageError("a store needs the network, and it is forbidden", "leave out --offline")


def _environment_flag(flag: str, variable: str, help: str) -> Callable[[F], F]:
    """An option that sets a variable to 1."""

    def set_flag(context: click.Context, _: click.Parameter, is_set: bool) -> None:
        if is_set:
            _set_variable(context, variable, "1")

    return click.option(flag, is_flag=True, expose_value=False, is_eager=True, callback=set_flag, help=help)


def _set_cache_size(context: click.Context, _: click.Parameter, is_disabled: bool) -> None:
    """Enable the cache on the command line, or disable it."""
    if is_disabled or not os.environ.get(CACHE_VARIABLE):
        _set_variable(context, CACHE_VARIABLE, "0" if is_disabled else DEFAULT_CACHE_SIZE)


def _set_variable(context: click.Context, variable: str, value: str) -> None:
    """Set a variable until the command ends."""
    previous = os.environ.get(variable)
    os.environ[variable] = value
    context.call_on_close(lambda: _restore_variable(variable, previous))


def _restore_variable(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


offline_option = _environment_flag("--offline", OFFLINE_VARIABLE, f"Never use the network ({OFFLINE_VARIABLE}=1).")
commercial_option = _environment_flag(
    "--commercial",
    COMMERCIAL_VARIABLE,
    f"Refuse models whose licence forbids commercial use ({COMMERCIAL_VARIABLE}=1).",
)
no_cache_option = click.option(
    "--no-cache", is_flag=True, expose_value=False, is_eager=True, callback=_set_cache_size,
    help=f"Neither store nor reuse mattes of earlier runs ({CACHE_VARIABLE}=0; `mattebox cache`).",
)  # fmt: skip
