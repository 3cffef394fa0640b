"""A seller's items on eBay: their pictures through the Inventory API, and new ones through the Media API."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from mattebox.errors import UsageError
from mattebox.shops.ebay_login import EbayLogin, ebay_login_from_environment
from mattebox.shops.http_exchange import Exchange, HttpAnswer, send_request, send_with_retries
from mattebox.shops.product_image import ProductImage, filename_of
from mattebox.shops.shop_error import ShopError, ShopUnavailable

API, MEDIA_API = "https://api.ebay.com", "https://apim.ebay.com"
SANDBOX = "sandbox"
ITEM_PATH, IMAGE_PATH = "/sell/inventory/v1/inventory_item", "/commerce/media/v1_beta/image"
ITEMS_PER_PAGE = 100
UPLOAD_SECONDS = 0.1  # between uploads: eBay takes 50 in 5 s
MAX_IMAGE_BYTES = 12_000_000
READ_ONLY_FIELDS = ("sku", "locale", "groupIds", "inventoryItemGroupKeys")  # of an item, refused when it is written
DEFAULT_LOCALE = "en_US"


class EbayShop:
    """The items of a seller.

    Parameters
    ----------
    api, media_api : str
        Addresses of eBay's interfaces.
    login : EbayLogin
    exchange, sleep : callable
        Replaced in tests.
    """

    def __init__(
        self,
        api: str,
        media_api: str,
        login: EbayLogin,
        exchange: Exchange = send_request,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api, self.media_api = api, media_api
        self._login, self._exchange, self._sleep = login, exchange, sleep

    def images(self, *, collection: str | None = None, query: str | None = None) -> Iterator[ProductImage]:
        """The pictures of all items, or of those whose SKU holds a text. UsageError for a collection."""
        if collection:
            raise UsageError("eBay has no collections", "leave out --collection, or choose by SKU with --search")
        for item in self._items():
            sku, product = item["sku"], item.get("product") or {}
            if query and query not in sku:
                continue
            for position, url in enumerate(product.get("imageUrls") or ()):
                yield ProductImage(
                    f"{sku}/{hashlib.sha256(url.encode()).hexdigest()[:12]}", sku, product.get("title") or sku, sku,
                    "", url, filename_of(url), position, True,
                )  # fmt: skip

    def image_urls(self, sku: str) -> list[str]:
        """The addresses of an item's pictures, in their order."""
        return list((self._item(sku).get("product") or {}).get("imageUrls") or ())

    def set_image_urls(self, sku: str, urls: Sequence[str]) -> None:
        """Show exactly these pictures with an item, in this order; live listings follow. Everything else stays."""
        item = self._item(sku)
        language = str(item.get("locale") or DEFAULT_LOCALE).replace("_", "-")
        fields = {name: value for name, value in item.items() if name not in READ_ONLY_FIELDS}
        fields["product"] = {**(item.get("product") or {}), "imageUrls": list(urls)}
        headers = {"Content-Type": "application/json", "Content-Language": language}
        body = json.dumps(fields).encode()
        _check(self._send("PUT", f"{self.api}{ITEM_PATH}/{quote(sku, safe='')}", body, headers))

    def add_image(self, filename: str, content: bytes) -> str:
        """Upload a picture; its address, which eBay keeps for 30 days if no item shows it. ShopError."""
        if len(content) > MAX_IMAGE_BYTES:
            raise ShopError(f"{filename}: has more than {MAX_IMAGE_BYTES:,} bytes, eBay's limit", "use another preset")
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{filename}"\r\n\r\n'
        body = b"".join([head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        self._sleep(UPLOAD_SECONDS)
        made = self._send("POST", f"{self.media_api}{IMAGE_PATH}/create_image_from_file", body, headers)
        _check(made)
        location = made.headers.get("location", "")
        image_id = location.rstrip("/").rpartition("/")[2]
        described = _check(self._send("GET", f"{self.media_api}{IMAGE_PATH}/{quote(image_id, safe='')}", None, {}))
        return str(described["imageUrl"])

    def _items(self) -> Iterator[dict[str, Any]]:
        url = f"{self.api}{ITEM_PATH}?limit={ITEMS_PER_PAGE}&offset=0"
        while True:
            page = _check(self._send("GET", url, None, {}))
            yield from page.get("inventoryItems") or ()
            if not page.get("next"):
                return
            url = urljoin(url, page["next"])
            if not url.startswith(f"{self.api}/"):
                raise ShopError("eBay names a page that is not eBay's", "try the same command again")

    def _item(self, sku: str) -> dict[str, Any]:
        return _check(self._send("GET", f"{self.api}{ITEM_PATH}/{quote(sku, safe='')}", None, {}))

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        """Send a request, once more with a new token where the token was refused. ShopUnavailable."""
        answer = self._attempt(method, url, body, headers, self._login.token())
        if answer.status == 401:
            answer = self._attempt(method, url, body, headers, self._login.token(renew=True))
        if answer.status in (401, 403):
            raise ShopUnavailable(f"eBay refuses the login ({answer.status})", "check the token and its scopes")
        return answer

    def _attempt(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], token: str) -> HttpAnswer:
        all_headers = {**headers, "Accept": "application/json", "Authorization": f"Bearer {token}"}
        return send_with_retries(self._exchange, method, url, body, all_headers, self._sleep)


def open_ebay(shop_name: str, environment: Mapping[str, str] = os.environ) -> EbayShop:
    """The items of the seller whose login the environment holds, in eBay's sandbox where the shop is called so.
    UsageError."""
    api, media_api = API, MEDIA_API
    if shop_name == SANDBOX:
        api, media_api = (address.replace(".ebay", ".sandbox.ebay") for address in (API, MEDIA_API))
    if re.match(r"http://(127\.0\.0\.1|localhost)(:\d+)?$", shop_name):
        api = media_api = shop_name
    return EbayShop(api, media_api, ebay_login_from_environment(api, environment))


def _check(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON of an answer, empty where it has none. ShopError for a refusal."""
    try:
        content = json.loads(answer.body) if answer.body else {}
    except ValueError:
        content = {}
    if not 200 <= answer.status < 300 or not isinstance(content, dict):
        errors = content.get("errors") if isinstance(content, dict) else None
        reason = "; ".join(str(error.get("longMessage") or error.get("message")) for error in errors or ())
        raise ShopError(f"eBay answers {answer.status} {reason}".strip()[:300], "see what it says of the item")
    return content
