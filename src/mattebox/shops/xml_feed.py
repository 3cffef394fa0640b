"""Product feeds as XML: RSS 2.0 and Atom with Google's names, as for Google Merchant Center and Meta's catalogue.

The new feed is the old one's bytes with other addresses in it: comments, order and everything else stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from mattebox.errors import UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.shops.product_feed import LINK_COLUMNS, FeedPicture

GOOGLE_NAMESPACE = "http://base.google.com/ns/1.0"
PRODUCT_ELEMENTS = ("item", "entry")  # of RSS and of Atom
SEPARATOR = " "  # between a name's namespace and itself


@dataclass(frozen=True)
class _Link:
    """An address in the feed: the bytes that it takes."""

    url: str
    start: int
    end: int


@dataclass
class _Product:
    id: str = ""
    links: list[_Link] = field(default_factory=list)


@dataclass
class XmlFeed:
    """A feed: its bytes, and the products in it."""

    content: bytes
    products: list[_Product]

    @classmethod
    def read(cls, path: Path) -> XmlFeed:
        """Read a feed. UsageError where it is none."""
        reader = _FeedReader()
        try:
            content = path.read_bytes()
            reader.parse(content)
        except (OSError, ValueError, expat.ExpatError) as error:
            raise UsageError(f"{path}: cannot be read ({error})", "give a feed as RSS or Atom in UTF-8") from error
        if not any(product.id and product.links for product in reader.products):
            raise UsageError(f"{path}: is no product feed", "its items have g:id and g:image_link")
        return cls(content, reader.products)

    def pictures(self) -> Iterator[FeedPicture]:
        """The pictures of all products, in their order; each once for a product."""
        for product in self.products:
            for number, url in enumerate(dict.fromkeys(link.url for link in product.links)):
                yield FeedPicture(product.id, number, url)

    def replace_links(self, new_links: Mapping[tuple[str, str], str]) -> None:
        """Put new addresses into the place of others, by product and address; what is not named stays."""
        places = [(link, new_links.get((p.id, link.url))) for p in self.products for link in p.links]
        for link, new in sorted(places, key=lambda place: -place[0].start):
            if new is not None:
                self.content = self.content[: link.start] + escape(new).encode() + self.content[link.end :]

    def write(self, path: Path) -> None:
        """Write the feed. OutputError."""
        write_bytes(path, self.content, overwrite=True)


class _FeedReader:
    """Finds products and the places of their links by the events of a parser."""

    def __init__(self) -> None:
        self.products: list[_Product] = []
        self._parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self._parser.buffer_text = False
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add_text
        self._parser.StartCdataSectionHandler = self._mark_text
        self._parser.XmlDeclHandler = self._check_encoding
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._product: _Product | None = None
        self._text, self._text_start = "", -1

    def parse(self, content: bytes) -> None:
        """Read a whole document. ValueError, ExpatError."""
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError("it is in UTF-16")
        self._parser.Parse(content, True)

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        if _local(name) in PRODUCT_ELEMENTS:
            self._product = _Product()
            self.products.append(self._product)
        self._text, self._text_start = "", -1

    def _end(self, name: str) -> None:
        product, text = self._product, self._text.strip()
        if _local(name) in PRODUCT_ELEMENTS:
            self._product = None
        elif product is not None and text and _local(name) in LINK_COLUMNS:
            product.links.append(_Link(text, self._text_start, self._parser.CurrentByteIndex))
        elif product is not None and _local(name) == "id" and (_is_google(name) or not product.id):
            product.id = text
        self._text, self._text_start = "", -1

    def _mark_text(self) -> None:
        if self._text_start < 0:
            self._text_start = self._parser.CurrentByteIndex

    def _add_text(self, text: str) -> None:
        self._mark_text()
        self._text += text

    @staticmethod
    def _check_encoding(_: str, encoding: str | None, __: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii", "ascii"):
            raise ValueError(f"it is in {encoding}")

    @staticmethod
    def _refuse_doctype(*_: Any) -> None:
        raise ValueError("it has a document type, whose entities are not read")


def _local(name: str) -> str:
    return name.rpartition(SEPARATOR)[2]


def _is_google(name: str) -> bool:
    return name.startswith(GOOGLE_NAMESPACE)
