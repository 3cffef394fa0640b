"""Leases in an object store: of several processes, one at a time holds the claim to a piece of work.

A claim is an object that is created only where there is none. Its holder rewrites it several times per lease; one that
another process has seen unchanged for a whole lease, by its own clock, is taken over. So clocks need not agree, and a
process that was killed blocks its work for one lease. In rare races two processes may hold a claim for a moment:
what must happen once must itself be written by create-if-absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattebox.errors import OutputError
from mattebox.io import object_store
from mattebox.io.object_store import describe_error, is_already_there
from mattebox.io.store_address import StoreAddress

if TYPE_CHECKING:
    from obstore.store import ObjectStore

DEFAULT_LEASE_SECONDS = 60.0
RENEWALS_PER_LEASE = 3


@dataclass(frozen=True)
class _Sighting:
    """A claim of another process: its version, and when that was first seen."""

    version: str
    time: float


class ClaimTable:
    """The claims below a prefix, as one process sees them. Safe for threads; `close` gives all claims up.

    Parameters
    ----------
    prefix : StoreAddress
        Where the claims are.
    owner : str
        Name of this process, unique among all; written into its claims.
    lease_seconds : float
        After how long without a sign of life a claim is taken over.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        prefix: StoreAddress,
        owner: str,
        lease_seconds: float = DEFAULT_LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.prefix, self.owner, self.lease_seconds = prefix, owner, lease_seconds
        self._clock = clock
        self._store: ObjectStore = object_store.open_store(prefix.root)
        self._held: dict[str, str] = {}  # key -> version
        self._sightings: dict[str, _Sighting] = {}
        self._renewal_count = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stop, name="claims", daemon=True)
        self._thread.start()

    def acquire(self, name: str) -> bool:
        """Claim a piece of work; False while another process holds it. OutputError where the store refuses."""
        key = self._key(name)
        try:
            version = self._create(key)
            if version is None:
                version = self._take_over(key)
        except Exception as error:
            raise OutputError(
                f"{self.prefix}: cannot hold claims ({describe_error(error)})",
                "give a store that creates objects only where there are none, or leave out --share",
            ) from error
        if version is None:
            return False
        with self._lock:
            self._held[key] = version
            self._sightings.pop(key, None)
        return True

    def release(self, name: str) -> None:
        """Give a claim up. What the store does not delete lapses."""
        import obstore

        key = self._key(name)
        with self._lock:
            is_held = self._held.pop(key, None) is not None
        if is_held:
            with contextlib.suppress(Exception):
                obstore.delete(self._store, key)

    def close(self) -> None:
        """Give up all claims."""
        self._stop.set()
        self._thread.join()
        with self._lock:
            keys, self._held = list(self._held), {}
        if keys:
            import obstore

            with contextlib.suppress(Exception):
                obstore.delete(self._store, keys)

    def renew(self) -> None:
        """Show the others that this process is alive; a claim that was taken over is dropped."""
        import obstore

        with self._lock:
            held = dict(self._held)
            self._renewal_count += 1
        for key, version in held.items():
            try:
                new = obstore.put(self._store, key, self._content(), mode={"e_tag": version})
            except NotImplementedError:  # a store without compare-and-swap
                new = obstore.put(self._store, key, self._content())
            except Exception as error:  # noqa: BLE001  see acquire
                if is_already_there(error) or isinstance(error, FileNotFoundError):
                    with self._lock:
                        self._held.pop(key, None)
                continue
            with self._lock:
                if key in self._held:
                    self._held[key] = new["e_tag"] or ""

    def _create(self, key: str) -> str | None:
        import obstore

        try:
            return obstore.put(self._store, key, self._content(), mode="create")["e_tag"] or ""
        except Exception as error:
            if is_already_there(error):
                return None
            raise

    def _take_over(self, key: str) -> str | None:
        """Take over a claim that has not changed for a lease; its new version, or None."""
        import obstore

        try:
            version = obstore.head(self._store, key)["e_tag"] or ""
        except FileNotFoundError:
            return self._create(key)
        with self._lock:
            sighting = self._sightings.get(key)
            if sighting is None or sighting.version != version:
                self._sightings[key] = _Sighting(version, self._clock())
                return None
        if self._clock() - sighting.time < self.lease_seconds:
            return None
        try:
            return obstore.put(self._store, key, self._content(), mode={"e_tag": version})["e_tag"] or ""
        except NotImplementedError:
            with contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, key)
            return self._create(key)
        except Exception as error:
            if is_already_there(error) or isinstance(error, FileNotFoundError):
                return None
            raise

    def _renew_until_stop(self) -> None:
        while not self._stop.wait(self.lease_seconds / RENEWALS_PER_LEASE):
            self.renew()

    def _content(self) -> bytes:
        return f"{self.owner} {self._renewal_count}".encode()

    def _key(self, name: str) -> str:
        return self.prefix.child(hashlib.sha256(name.encode()).hexdigest()).key
