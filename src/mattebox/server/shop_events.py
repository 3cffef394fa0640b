"""Announcements of shops (web hooks): their signatures, and the pictures of a new product in them.

Shopify and WooCommerce both sign the bytes of the body by HMAC-SHA256 with a secret that operator and shop share.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mattebox.core.struct_types import build_type_info
from mattebox.server.http.problems import Problem

MAX_PICTURES = 250  # of a product on Shopify
MAX_SLUG_CHARACTERS = 60
UTC_SUFFIX = "+00:00"


@dataclass(frozen=True)
class ShopSystem:
    """How a shop announces things.

    Attributes
    ----------
    name : str
    signature_header, topic_header : str
        The headers that hold the signature, and what happened.
    topic : str
        That of a new product.
    """

    name: str
    signature_header: str
    topic_header: str
    topic: str


SHOPIFY = ShopSystem("shopify", "x-shopify-hmac-sha256", "x-shopify-topic", "products/create")
WOOCOMMERCE = ShopSystem("woocommerce", "x-wc-webhook-signature", "x-wc-webhook-topic", "product.created")


class _Preview(msgspec.Struct):
    src: str = ""


class _Picture(msgspec.Struct):
    id: int
    src: str = ""
    preview_image: _Preview | None = None
    media_content_type: str = "IMAGE"


class _Payload(msgspec.Struct):
    """What is read of a product; Shopify has `handle` and `created_at`, WooCommerce `slug` and `date_created_gmt`."""

    id: int
    handle: str = ""
    slug: str = ""
    created_at: str = ""
    date_created_gmt: str = ""
    images: list[_Picture] = []
    media: list[_Picture] = []


@dataclass(frozen=True)
class ProductPicture:
    """A picture of a new product: its number in the shop, and its public address."""

    id: str
    url: str


@dataclass(frozen=True)
class NewProduct:
    """A product as it was announced. `slug` is its name in addresses, `created_at` seconds since 1970."""

    id: str
    slug: str
    created_at: float
    pictures: tuple[ProductPicture, ...]


def is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Whether a signature (base64) is that of the body by this secret."""
    try:
        sent = base64.b64decode(signature or "", validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(sent, hmac.new(secret.encode(), body, hashlib.sha256).digest())


def read_product(system: ShopSystem, body: bytes) -> NewProduct:
    """The product of a signed announcement. Problem 422 for one that is not of the shop's form."""
    build_type_info(_Payload)
    try:
        payload = msgspec.json.decode(body, type=_Payload)
        created = payload.created_at or payload.date_created_gmt
        has_zone = re.search(r"(Z|[+-]\d\d:?\d\d)$", created) is not None
        created_at = datetime.fromisoformat(created if has_zone else created + UTC_SUFFIX).timestamp()
    except (msgspec.DecodeError, ValueError, OverflowError):
        raise Problem(
            422, "invalid_parameter", f"this is no product of {system.name}", "subscribe to new products, as JSON"
        ) from None
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", payload.handle or payload.slug)[:MAX_SLUG_CHARACTERS].strip("-")
    return NewProduct(str(payload.id), slug or "product", created_at, tuple(_list_pictures(payload))[:MAX_PICTURES])


def _list_pictures(payload: _Payload) -> Iterator[ProductPicture]:
    """Pictures, each once: `images`, or what Shopify's `media` shows of a picture."""
    seen: set[str] = set()
    for item in (*payload.images, *payload.media):
        url = item.src or (item.preview_image.src if item.preview_image else "")
        if url and url not in seen and item.media_content_type == "IMAGE":
            seen.add(url)
            yield ProductPicture(str(item.id), url)
