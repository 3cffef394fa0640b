"""Puts results in the place of a WooCommerce shop's pictures, and the old ones back.

WordPress replaces no picture's content, so that a new picture takes each one's place; the old one stays in the library.
"""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.io.sources import read_bytes
from mattebox.shops.ledger import LedgerEntry
from mattebox.shops.replacement import new_filename
from mattebox.shops.replacer import Replacer
from mattebox.shops.shop_error import ShopError
from mattebox.shops.woocommerce_shop import WooCommerceShop


@dataclass(frozen=True, kw_only=True)
class WooCommerceReplacer(Replacer):
    """Changes a shop's pictures by a ledger; see `Replacer`."""

    shop: WooCommerceShop

    def _swap_in(self, entry: LedgerEntry) -> LedgerEntry:
        product_id, old = entry.image.product_id, media_number(entry)
        if entry.stage != "sending":
            variations = tuple(self.shop.variations_showing(product_id, old))
            entry = self.ledger.advance(entry, stage="sending", variants=variations)
        if not entry.new_id:
            filename = new_filename(entry)
            number = self.shop.find_media(filename)
            if number is None:
                content = read_bytes(self.ledger.file(entry.result))
                number = self.shop.add_media(filename, content)
            if entry.image.alt:
                self.shop.set_alt_text(number, entry.image.alt)  # also of one that an interrupted run made
            entry = self.ledger.advance(entry, new_id=f"{product_id}/{number}")
        self._exchange(entry, old, int(entry.new_id.rpartition("/")[2]))
        return self.ledger.advance(entry, stage="sent", error="")

    def _swap_out(self, entry: LedgerEntry) -> LedgerEntry:
        if entry.new_id:
            self._exchange(entry, int(entry.new_id.rpartition("/")[2]), media_number(entry))
        return self.ledger.advance(entry, stage="undone", error="")

    def _exchange(self, entry: LedgerEntry, going: int, coming: int) -> None:
        """Show one picture in the place of another; as often as wanted."""
        product_id = entry.image.product_id
        images = self.shop.image_ids(product_id)
        if going in images:
            self.shop.set_images(product_id, [coming if i == going else i for i in images if i != coming])
        elif coming not in images:
            raise ShopError(f"{entry.image.title}: does not show the picture any more", "leave it as it is")
        for variation_id in entry.variants:
            self.shop.set_variation_image(product_id, variation_id, coming)


def media_number(entry: LedgerEntry) -> int:
    """The number of the old picture in the library."""
    return int(entry.image.id.rpartition("/")[2])
