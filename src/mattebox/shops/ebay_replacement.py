"""Puts results in the place of the pictures of a seller's items on eBay, and the old ones back.

A picture on eBay is an address in its item. A new one takes its place; the old one goes back by its address or, where
eBay has purged it, is uploaded again from the copy that was kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.io.sources import read_bytes
from mattebox.shops.ebay_shop import EbayShop
from mattebox.shops.ledger import LedgerEntry
from mattebox.shops.replacement import new_filename
from mattebox.shops.replacer import Replacer
from mattebox.shops.shop_error import ShopError, ShopUnavailable


@dataclass(frozen=True, kw_only=True)
class EbayReplacer(Replacer):
    """Changes pictures of items by a ledger; see `Replacer`."""

    shop: EbayShop

    def _swap_in(self, entry: LedgerEntry) -> LedgerEntry:
        if entry.stage != "sending":
            entry = self.ledger.advance(entry, stage="sending")
        if not entry.new_id:
            url = self.shop.add_image(new_filename(entry), read_bytes(self.ledger.file(entry.result)))
            entry = self.ledger.advance(entry, new_id=url)
        self._exchange(entry, entry.image.url, entry.new_id)
        return self.ledger.advance(entry, stage="sent", error="")

    def _swap_out(self, entry: LedgerEntry) -> LedgerEntry:
        if entry.new_id:
            try:
                self._exchange(entry, entry.new_id, entry.image.url)
            except ShopUnavailable:
                raise
            except ShopError:
                original = read_bytes(self.ledger.file(entry.original))
                self._exchange(entry, entry.new_id, self.shop.add_image(entry.image.filename, original))
        return self.ledger.advance(entry, stage="undone", error="")

    def _exchange(self, entry: LedgerEntry, going: str, coming: str) -> None:
        """Show one picture in the place of another; as often as wanted."""
        sku = entry.image.product_id
        urls = self.shop.image_urls(sku)
        if going in urls:
            self.shop.set_image_urls(sku, [coming if url == going else url for url in urls])
        elif coming not in urls:
            raise ShopError(f"{entry.image.title}: does not show the picture any more", "leave it as it is")
