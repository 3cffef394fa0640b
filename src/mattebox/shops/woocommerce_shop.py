"""A shop on WooCommerce: its products' pictures, through WooCommerce's and WordPress' REST interfaces."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from mattebox.errors import UsageError
from mattebox.shops.http_exchange import Exchange, send_request, send_with_retries
from mattebox.shops.product_image import ProductImage, filename_of
from mattebox.shops.shop_error import ShopError, ShopUnavailable
from mattebox.shops.shopify_shop import MIME_TYPES

KEY_VARIABLE, SECRET_VARIABLE = "MATTEBOX_WOOCOMMERCE_KEY", "MATTEBOX_WOOCOMMERCE_SECRET"
USER_VARIABLE, PASSWORD_VARIABLE = "MATTEBOX_WORDPRESS_USER", "MATTEBOX_WORDPRESS_PASSWORD"
ITEMS_PER_PAGE = 50
PRODUCTS_PATH, MEDIA_PATH = "/wp-json/wc/v3/products", "/wp-json/wp/v2/media"


class WooCommerceShop:
    """A shop on WooCommerce.

    Parameters
    ----------
    site : str
        Address of the shop; https, unless it is on this machine: the login goes with each request.
    shop_login, site_login : str
        "NAME:PASSWORD" of WooCommerce's key and secret, and of a WordPress user with an application password.
    exchange, sleep : callable
        Replaced in tests.
    """

    def __init__(
        self,
        site: str,
        shop_login: str,
        site_login: str,
        exchange: Exchange = send_request,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.site = site
        self._logins = {PRODUCTS_PATH: shop_login, MEDIA_PATH: site_login}
        self._exchange, self._sleep = exchange, sleep

    def images(self, *, collection: str | None = None, query: str | None = None) -> Iterator[ProductImage]:
        """The pictures of all products, of those of a category (by its number), or of those that a search finds."""
        filters = {"category": collection, "search": query}
        for product in self._pages(PRODUCTS_PATH, {name: value for name, value in filters.items() if value}):
            for position, image in enumerate(product["images"]):
                yield ProductImage(
                    f"{product['id']}/{image['id']}", str(product["id"]), product["name"], product["slug"],
                    image.get("alt") or "", image["src"], filename_of(image["src"]), position, True,
                )  # fmt: skip

    def image_ids(self, product_id: str) -> list[int]:
        """The pictures of a product, in their order."""
        return [image["id"] for image in self._call("GET", PRODUCTS_PATH, f"/{product_id}")["images"]]

    def set_images(self, product_id: str, media_ids: Sequence[int]) -> None:
        """Show exactly these pictures with a product, in this order."""
        self._call("PUT", PRODUCTS_PATH, f"/{product_id}", {"images": [{"id": i} for i in media_ids]})

    def variations_showing(self, product_id: str, media_id: int) -> list[str]:
        """The variations of a product that show a picture."""
        path = f"{PRODUCTS_PATH}/{product_id}/variations"
        return [str(v["id"]) for v in self._pages(path, {}) if (v.get("image") or {}).get("id") == media_id]

    def set_variation_image(self, product_id: str, variation_id: str, media_id: int) -> None:
        """Show a picture with a variation."""
        self._call("PUT", PRODUCTS_PATH, f"/{product_id}/variations/{variation_id}", {"image": {"id": media_id}})

    def find_media(self, filename: str) -> int | None:
        """The number of the picture of this file name in the library."""
        slug = re.sub(r"[^a-z0-9]+", "-", filename.rpartition(".")[0].lower()).strip("-")
        found = self._call("GET", MEDIA_PATH, f"?{urlencode({'slug': slug})}")
        return next((int(item["id"]) for item in found), None)

    def set_alt_text(self, media_id: int, alt: str) -> None:
        """Give a picture of the library its description."""
        self._call("POST", MEDIA_PATH, f"/{media_id}", {"alt_text": alt})

    def add_media(self, filename: str, content: bytes) -> int:
        """Put a picture into the library; its number. ShopError."""
        suffix = f".{filename.rpartition('.')[2].lower()}"
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename)}",
            "Content-Type": MIME_TYPES.get(suffix, "application/octet-stream"),
        }
        made = self._read(self._send("POST", MEDIA_PATH, "", content, headers))
        return int(made["id"])

    def _pages(self, path: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        number = 1
        while True:
            query = urlencode({**filters, "per_page": ITEMS_PER_PAGE, "page": number})
            items = self._call("GET", PRODUCTS_PATH, f"{path.removeprefix(PRODUCTS_PATH)}?{query}")
            yield from items
            if len(items) < ITEMS_PER_PAGE:
                return
            number += 1

    def _call(self, method: str, path: str, rest: str, content: Mapping[str, Any] | None = None) -> Any:
        body = None if content is None else json.dumps(content).encode()
        return self._read(self._send(method, path, rest, body, {"Content-Type": "application/json"}))

    def _send(
        self, method: str, path: str, rest: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        login = base64.b64encode(self._logins[path].encode()).decode()
        answer = send_with_retries(
            self._exchange, method, f"{self.site}{path}{rest}", body, {**headers, "Authorization": f"Basic {login}"},
            self._sleep,
        )  # fmt: skip
        return answer.status, answer.body

    def _read(self, answer: tuple[int, bytes]) -> Any:
        status, body = answer
        if status in (401, 403):
            raise ShopUnavailable(
                f"{self.site} refuses the login ({status})", "check the keys and the application password"
            )
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        if status not in (200, 201) or content is None:
            reason = content.get("message", "") if isinstance(content, dict) else ""
            raise ShopError(f"{self.site} answers {status} {reason}".strip(), "see what it says of the product")
        return content


def open_woocommerce(site: str, environment: Mapping[str, str] = os.environ) -> WooCommerceShop:
    """The shop at an address, with the login that the environment holds. UsageError."""
    address = site.rstrip("/")
    is_local = re.match(r"http://(127\.0\.0\.1|localhost)(:\d+)?$", address) is not None
    if not (address.startswith("https://") or is_local):
        raise UsageError(f"{site}: is no https address", "give the shop's, such as https://shop.example.com")
    names = (KEY_VARIABLE, SECRET_VARIABLE, USER_VARIABLE, PASSWORD_VARIABLE)
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise UsageError("no login for WooCommerce is set", f"set {', '.join(missing)}")
    key, secret, user, password = (environment[name] for name in names)
    return WooCommerceShop(address, f"{key}:{secret}", f"{user}:{password}")
