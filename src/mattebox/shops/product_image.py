"""A picture of a product, as a shop has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class ProductImage:
    """A picture of a product.

    Attributes
    ----------
    id, product_id : str
        The shop's names of the picture and of its product.
    title, handle : str
        Of the product.
    alt : str
        The picture's description for screen readers.
    url : str
        Where its content is; the original as it was sent where the shop keeps that.
    filename : str
        As the shop calls it.
    position : int
        Among the product's media, from 0.
    is_ready : bool
        Whether the shop has processed it.
    """

    id: str
    product_id: str
    title: str
    handle: str
    alt: str
    url: str
    filename: str
    position: int
    is_ready: bool

    @property
    def suffix(self) -> str:
        """Of its file name, in lower case, with the dot."""
        return PurePosixPath(self.filename).suffix.lower()


def filename_of(url: str) -> str:
    """The last part of an address, without what follows a question mark."""
    return PurePosixPath(unquote(urlsplit(url).path)).name
