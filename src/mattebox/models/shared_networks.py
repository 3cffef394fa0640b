"""Sharing of open networks: a function that opens one returns the same network for the same arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from mattebox.core.lru_cache import LruCache
from mattebox.models.cards.registry import find_card

P = ParamSpec("P")
NetworkT = TypeVar("NetworkT")


class SharedOpener(Generic[P, NetworkT]):
    """A function that opens networks, and keeps the last `max_open` of them open for all threads.

    The function must have a parameter `model`. Its licence is checked at every call, also where the network is open.
    """

    def __init__(self, open_network: Callable[P, NetworkT], max_open: int) -> None:
        self._open_network = open_network
        self._signature = inspect.signature(open_network)
        self._networks: LruCache[NetworkT] = LruCache(max_open)
        functools.update_wrapper(self, open_network)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> NetworkT:
        arguments = self._signature.bind(*args, **kwargs)
        arguments.apply_defaults()
        find_card(arguments.arguments["model"])
        key = tuple(arguments.arguments.values())
        return self._networks.get_or_create(key, lambda: self._open_network(*args, **kwargs))

    def clear(self) -> None:
        """Forget the open networks; those in use elsewhere stay open there."""
        self._networks.clear()


def share_networks(max_open: int = 1) -> Callable[[Callable[P, NetworkT]], SharedOpener[P, NetworkT]]:
    """Decorate a function that opens a network by the name of its `model`; see `SharedOpener`."""

    def decorate(open_network: Callable[P, NetworkT]) -> SharedOpener[P, NetworkT]:
        return SharedOpener(open_network, max_open)

    return decorate
