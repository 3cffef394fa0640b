"""How many connections there may be, so that one address cannot take them all: the last ones are for others.

A reverse proxy is one address and may hold all but those.
"""

from __future__ import annotations

from collections import Counter

OTHERS_SHARE = 0.1  # of all connections: kept for addresses that hold less than half of them


class ConnectionShares:
    """The connections that each address holds."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, address: str) -> None:
        """Count a connection."""
        self._counts[address] += 1

    def remove(self, address: str) -> None:
        """Count a connection no more."""
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]

    def limit_for(self, address: str, max_connections: int) -> int:
        """The number of connections, of all addresses together, from which on requests of this one are refused."""
        if self._counts[address] <= max_connections // 2:
            return max_connections
        return max_connections - round(OTHERS_SHARE * max_connections)
