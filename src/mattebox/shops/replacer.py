"""What replacing pictures has in common in all shops: a ledger's entries one by one, refusals recorded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mattebox.shops.ledger import Ledger, LedgerEntry
from mattebox.shops.shop_error import ShopError, ShopUnavailable


@dataclass(frozen=True, kw_only=True)
class Replacer(ABC):
    """Changes a shop's pictures by a ledger.

    Attributes
    ----------
    ledger : Ledger
    on_entry : callable
        Is told of each picture that was sent, undone or refused.
    """

    ledger: Ledger
    on_entry: Callable[[LedgerEntry], None]

    def send(self, entries: Iterable[LedgerEntry]) -> None:
        """Put results into the shop. Those that it refuses are recorded, the others done. ShopUnavailable."""
        for entry in entries:
            self._attempt(entry, self._swap_in)

    def undo(self, entries: Iterable[LedgerEntry]) -> None:
        """Put the originals back. ShopUnavailable."""
        for entry in entries:
            self._attempt(entry, self._swap_out)

    @abstractmethod
    def _swap_in(self, entry: LedgerEntry) -> LedgerEntry:
        """Put a new picture into the place of the old one; may be repeated. ShopError."""

    @abstractmethod
    def _swap_out(self, entry: LedgerEntry) -> LedgerEntry:
        """Put the old picture back into its place; may be repeated. ShopError."""

    def _attempt(self, entry: LedgerEntry, change: Callable[[LedgerEntry], LedgerEntry]) -> None:
        try:
            self.on_entry(change(entry))
        except ShopUnavailable:
            raise
        except ShopError as error:
            self._refuse(self.ledger.entries[entry.image.id], str(error))

    def _refuse(self, entry: LedgerEntry, problem: str) -> None:
        """Record what went wrong; the stage stays, so that the next run tries again."""
        self.on_entry(self.ledger.advance(entry, error=problem))
