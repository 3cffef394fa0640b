"""Photographs that clients sent once and refer to by an id, each with what the networks predicted for it.

The bytes are in the buffer, hence encrypted with a key that only this process holds, and gone when it ends. A
photograph is erased when its owner says so, some time after its last use, or when newer ones need the room.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mattebox.server.content_buffer import Content
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem

SWEEP_SECONDS = 30.0  # between sweeps of expired photographs


@dataclass(eq=False)
class StoredPhotograph:
    """A photograph, whose it is, and the networks' predictions for it (from a worker, for workers alone)."""

    owner: str
    picture: EncodedPicture
    used_at: float
    predictions: Content | None = None

    def __len__(self) -> int:
        return len(self.picture) + (0 if self.predictions is None else len(self.predictions))


class PhotographStore:
    """Photographs by id, used on the event loop only.

    Parameters
    ----------
    keep_seconds
        How long one is kept after its last use; 0 to keep none.
    max_bytes
        Of all together; the least recently used ones are erased first.
    now
        The clock, in seconds.
    """

    def __init__(self, keep_seconds: int, max_bytes: int, now: Callable[[], float] = time.monotonic) -> None:
        self.keep_seconds, self.max_bytes = keep_seconds, max_bytes
        self._now = now
        self._photographs: OrderedDict[str, StoredPhotograph] = OrderedDict()  # least recently used first

    def __len__(self) -> int:
        return len(self._photographs)

    def add(self, owner: str, picture: EncodedPicture) -> str:
        """Keep a photograph and return its id. Problem 503 where none are kept, or one is larger than the room."""
        if not self.keep_seconds or len(picture) > self.max_bytes:
            raise Problem(503, "no_photographs", "this server keeps no photograph", "send it with each request")
        photograph_id = secrets.token_hex(16)
        self._photographs[photograph_id] = StoredPhotograph(owner, picture, self._now())
        self.enforce_limits()
        return photograph_id

    def find(self, owner: str, photograph_id: str) -> StoredPhotograph:
        """A photograph, which is thereby used. Problem 404 for one that is erased or another caller's."""
        self.enforce_limits()
        photograph = self._photographs.get(photograph_id)
        if photograph is None or photograph.owner != owner:
            raise Problem(404, "photograph_unknown", "there is no such photograph, or no longer", "send it again")
        photograph.used_at = self._now()
        self._photographs.move_to_end(photograph_id)
        return photograph

    def erase(self, owner: str, photograph_id: str) -> None:
        """Erase a photograph and its predictions; a request in hand still finishes with it. Problem 404."""
        self.find(owner, photograph_id)
        del self._photographs[photograph_id]

    def enforce_limits(self) -> None:
        """Erase what has expired, and the least recently used ones beyond the room."""
        oldest_use = self._now() - self.keep_seconds
        total = sum(map(len, self._photographs.values()))
        while self._photographs:
            oldest = next(iter(self._photographs.values()))
            if oldest.used_at > oldest_use and total <= self.max_bytes:
                return
            total -= len(oldest)
            self._photographs.popitem(last=False)

    async def sweep_periodically(self) -> None:
        """Erase what has expired, again and again."""
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, max(0.5, self.keep_seconds / 4)))
            self.enforce_limits()
