"""Asynchronous twins of methods that wait for the server."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

OwnerT = TypeVar("OwnerT")
ReturnT = TypeVar("ReturnT")
Params = ParamSpec("Params")


def run_in_thread(
    method: Callable[Concatenate[OwnerT, Params], ReturnT],
) -> Callable[Concatenate[OwnerT, Params], Awaitable[ReturnT]]:
    """The asynchronous twin of a method, which runs it in a thread."""

    async def call(self: OwnerT, /, *args: Params.args, **kwargs: Params.kwargs) -> ReturnT:
        return await asyncio.to_thread(method, self, *args, **kwargs)

    functools.update_wrapper(call, method)
    return call
