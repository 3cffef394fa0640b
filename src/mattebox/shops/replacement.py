"""Puts results in the place of a shop's pictures, and the originals back.

Where the kind of file stays, the picture's content is replaced: its id, address, links, order and alt text stay. Else
a new picture takes its place - made, shown with the product and its variants, moved - and the old one is taken out of
the product but stays among the shop's files. Each step may be repeated, so that a killed run goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from mattebox.io.sources import read_bytes
from mattebox.shops.ledger import LedgerEntry
from mattebox.shops.replacer import Replacer
from mattebox.shops.shop_error import ShopError, ShopUnavailable
from mattebox.shops.shopify_shop import FileUpload, ShopifyShop

PICTURES_PER_CALL = 10
SUFFIX_SYNONYMS = {".jpeg": ".jpg"}


@dataclass(frozen=True, kw_only=True)
class PictureReplacer(Replacer):
    """Changes a shop's pictures by a ledger; see `Replacer`.

    Attributes
    ----------
    shop : ShopifyShop
    fetch : callable
        The bytes at an address of the shop.
    """

    shop: ShopifyShop
    fetch: Callable[[str], bytes]
    _links: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def send(self, entries: Iterable[LedgerEntry]) -> None:
        """Put results into the shop. Those that it refuses are recorded, the others done. ShopUnavailable."""
        for chunk in _chunks(entries):
            self._replace_contents([self.ledger.advance(e, stage="sending") for e in chunk if replaces_content(e)])
            for entry in chunk:
                if not replaces_content(entry):
                    self._attempt(entry, self._swap_in)

    def undo(self, entries: Iterable[LedgerEntry]) -> None:
        """Put the originals back. ShopUnavailable."""
        for chunk in _chunks(entries):
            self._restore_contents([e for e in chunk if replaces_content(e)])
            for entry in chunk:
                if not replaces_content(entry):
                    self._attempt(entry, self._swap_out)

    def _replace_contents(self, entries: list[LedgerEntry]) -> None:
        for entry, problem, _ in self._exchange_contents(entries, lambda e: e.result):
            if problem:
                self._refuse(entry, problem)
            else:
                self.on_entry(self.ledger.advance(entry, stage="sent", error=""))

    def _restore_contents(self, entries: list[LedgerEntry]) -> None:
        for entry, problem, url in self._exchange_contents(entries, lambda e: e.original):
            if problem:
                self._refuse(entry, problem)
                continue
            is_same = hashlib.sha256(self.fetch(url)).hexdigest() == entry.original_sha256
            note = "" if is_same else "the shop holds the original, but not byte for byte"
            self.on_entry(self.ledger.advance(entry, stage="undone", error=note))

    def _exchange_contents(
        self, entries: list[LedgerEntry], file_name: Callable[[LedgerEntry], str]
    ) -> Iterator[tuple[LedgerEntry, str, str]]:
        """Make files the contents of their pictures, several in one call; each with what went wrong, and its address.

        At least one of the two is empty.
        """
        if not entries:
            return
        try:
            files = [FileUpload(e.image.filename, read_bytes(self.ledger.file(file_name(e)))) for e in entries]
            self._settle([entry.image.id for entry in entries])
            addresses = self.shop.upload(files)
            self.shop.replace_contents({e.image.id: a for e, a in zip(entries, addresses, strict=True)})
        except ShopUnavailable:
            raise
        except ShopError as error:
            if len(entries) == 1:
                yield entries[0], str(error), ""
                return
            for entry in entries:  # one of them is refused, and with it all
                yield from self._exchange_contents([entry], file_name)
            return
        states = self.shop.wait_until_ready([entry.image.id for entry in entries])
        failed = [entry.image.id for entry in entries if not states[entry.image.id].is_ready]
        if failed:
            self.shop.acknowledge_failures(failed)
        for entry in entries:
            state = states[entry.image.id]
            yield (entry, "", state.url) if state.is_ready else (entry, state.problem, "")

    def _settle(self, media_ids: list[str]) -> None:
        """Wait until the shop is done with what an interrupted run sent: it refuses changes of a picture before."""
        states = self.shop.wait_until_ready(media_ids)
        failed = [media_id for media_id, state in states.items() if not state.is_ready]
        if failed:
            self.shop.acknowledge_failures(failed)

    def _swap_in(self, entry: LedgerEntry) -> LedgerEntry:
        """Put a new picture into the place of the old one."""
        shop, image = self.shop, entry.image
        if entry.stage != "sending":
            variants = tuple(self._variant_links(image.product_id).get(image.id, ()))
            entry = self.ledger.advance(entry, stage="sending", variants=variants)
        if not entry.new_id:
            entry = self.ledger.advance(entry, new_id=self._create(entry))
        state = shop.wait_until_ready([entry.new_id])[entry.new_id]
        if not state.is_ready:
            raise ShopError(f"{entry.result}: the shop cannot use the result ({state.problem})", "look at the result")
        self._take_place(entry, entry.new_id, image.id)
        return self.ledger.advance(entry, stage="sent", error="")

    def _variant_links(self, product_id: str) -> dict[str, list[str]]:
        """What the shop says of a product's variants; asked once for pictures of one product in a row."""
        if product_id not in self._links:
            self._links.clear()
            self._links[product_id] = self.shop.variant_links(product_id)
        return self._links[product_id]

    def _create(self, entry: LedgerEntry) -> str:
        """Make the new picture; one that an interrupted run made is taken."""
        filename = new_filename(entry)
        existing = self.shop.find_file(filename)
        if existing is not None:
            return existing
        content = read_bytes(self.ledger.file(entry.result))
        (address,) = self.shop.upload([FileUpload(filename, content)])
        return self.shop.create_picture(address, filename, entry.image.alt)

    def _swap_out(self, entry: LedgerEntry) -> LedgerEntry:
        """Put the old picture back into its place; the new one stays among the shop's files."""
        self._take_place(entry, entry.image.id, entry.new_id)
        return self.ledger.advance(entry, stage="undone", error="")

    def _take_place(self, entry: LedgerEntry, coming: str, going: str) -> None:
        """Show one picture in the place of another: with the product, in its order, and with its variants."""
        shop, product_id = self.shop, entry.image.product_id
        media = shop.media_ids(product_id)
        position = media.index(going) if going in media else entry.image.position
        if coming not in media:
            shop.attach(coming, product_id)
            shop.wait_until_ready([coming])
        shop.unlink_variants(product_id, entry.variants, going)
        shop.link_variants(product_id, entry.variants, coming)
        shop.move(product_id, coming, position)
        if going in media:
            shop.detach(going, product_id)


def replaces_content(entry: LedgerEntry) -> bool:
    """Whether the result is of the same kind of file as the picture."""
    return _kind(entry.image.filename) == _kind(entry.result)


def new_filename(entry: LedgerEntry) -> str:
    """The file name of a new picture: like the old one's, and of its content, so that it is made once."""
    stem = PurePosixPath(entry.image.filename).stem
    return f"{stem}-{entry.result_sha256[:8]}{PurePosixPath(entry.result).suffix}"


def _kind(filename: str) -> str:
    suffix = PurePosixPath(filename).suffix.lower()
    return SUFFIX_SYNONYMS.get(suffix, suffix)


def _chunks(entries: Iterable[LedgerEntry]) -> Iterator[list[LedgerEntry]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, PICTURES_PER_CALL)):
        yield chunk
