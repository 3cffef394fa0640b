"""eBay in small: new pictures take the places of old ones in items, and give them back."""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mattebox.errors import UsageError
from mattebox.shops.ebay_login import EbayLogin, ebay_login_from_environment
from mattebox.shops.ebay_shop import EbayShop, open_ebay
from mattebox.shops.http_exchange import HttpAnswer
from mattebox.shops.shop_error import ShopError, ShopUnavailable
from tests.cli.conftest import Run
from tests.cli.conftest import run as run
from tests.shops.test_shopify import JPEG_RECIPE
from tests.stores import photo_bytes

ITEMS = "/sell/inventory/v1/inventory_item"
IMAGES = "/commerce/media/v1_beta/image"
READ_ONLY = {"sku", "locale", "groupIds", "inventoryItemGroupKeys"}


class EbayMock:
    """Items and pictures, and what they are asked for with which token."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, bytes] = {}
        self.purged: set[str] = set()
        self.languages: list[str] = []
        self.tokens = ["token-1"]
        self.address, self.page_size = "", 2

    def add_item(self, sku: str, count: int) -> None:
        urls = [self.add_picture(photo_bytes(100 + n)) for n in range(count)]
        self.items[sku] = {
            "sku": sku, "locale": "de_DE", "groupIds": ["g"], "condition": "NEW",
            "availability": {"shipToLocationAvailability": {"quantity": 5}},
            "product": {"title": f"Item {sku}", "aspects": {"Brand": ["x"]}, "imageUrls": urls},
        }  # fmt: skip

    def add_picture(self, content: bytes) -> str:
        name = f"/files/z{len(self.pictures)}/$_1.JPG"
        self.pictures[name] = content
        return f"{self.address}{name}"

    def list_shown_images(self, sku: str) -> list[bytes]:
        return [self.pictures[urlsplit(url).path] for url in self.items[sku]["product"]["imageUrls"]]

    def answer(self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: bytes) -> Any:
        """Status, headers and JSON."""
        if path == "/identity/v1/oauth2/token":
            fields = parse_qs(body.decode())
            is_right = headers["Authorization"] == "Basic " + base64.b64encode(b"id:secret").decode()
            if not is_right or fields["refresh_token"] != ["refresh"] or fields["grant_type"] != ["refresh_token"]:
                return 400, {}, {"error": "invalid_grant"}
            self.tokens.append(f"token-{len(self.tokens) + 1}")
            return 200, {}, {"access_token": self.tokens[-1], "expires_in": 7200}
        if headers["Authorization"] != f"Bearer {self.tokens[-1]}":
            return 401, {}, {"errors": [{"message": "Invalid access token"}]}
        if path == f"{IMAGES}/create_image_from_file":
            content = re.findall(rb'name="image"; filename="[^"]*"\r\n\r\n(.*)\r\n--', body, re.DOTALL)[0]
            number = self.add_picture(content).split("/")[-2]
            return 201, {"Location": f"{self.address}{IMAGES}/{number}"}, {}
        if path.startswith(IMAGES):
            return 200, {}, {"imageUrl": f"{self.address}/files/{path.split('/')[-1]}/$_1.JPG"}
        if path == ITEMS:
            return 200, {}, self.page(int(query["offset"][0]))
        return self.answer_item(method, unquote(path.removeprefix(f"{ITEMS}/")), headers, body)

    def page(self, number: int) -> dict[str, Any]:
        found = list(self.items.values())
        items = found[number * self.page_size : (number + 1) * self.page_size]
        is_last = (number + 1) * self.page_size >= len(found)
        return {"inventoryItems": items} | ({} if is_last else {"next": f"{ITEMS}?limit=100&offset={number + 1}"})

    def answer_item(self, method: str, sku: str, headers: Any, body: bytes) -> Any:
        if method == "GET":
            return 200, {}, self.items[sku]
        fields = json.loads(body)
        self.languages.append(headers["Content-Language"])
        if READ_ONLY & fields.keys() or self.purged & set(fields["product"]["imageUrls"]):
            return 400, {}, {"errors": [{"message": "bad", "longMessage": "A picture does not exist"}]}
        self.items[sku] = {name: self.items[sku][name] for name in READ_ONLY & self.items[sku].keys()} | fields
        return 204, {}, None


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EbayMock]:
    shop = EbayMock()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            parts, extra = urlsplit(self.path), {}
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if parts.path.startswith("/files/"):
                status, body = 200, shop.pictures[parts.path]
            else:
                status, extra, content = shop.answer(
                    self.command, parts.path, parse_qs(parts.query), self.headers, sent
                )
                body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = reply  # noqa: N815  names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("MATTEBOX_EBAY_TOKEN", "token-1")
    (tmp_path / "white.toml").write_text(JPEG_RECIPE)
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


def words(mock: EbayMock, *more: str) -> tuple[str, ...]:
    return ("shop", "ebay", "--shop", mock.address, "--folder", "work", "--recipe", "white.toml", "--yes", *more)


def undo(mock: EbayMock) -> tuple[str, ...]:
    return ("shop", "undo", "--on", "ebay", "--shop", mock.address, "--folder", "work", "--yes")


def test_there_and_back(run: Run, mock: EbayMock) -> None:
    mock.add_item("MUG/1 blue", 3)
    mock.add_item("PLATE", 1)
    mock.add_item("BOWL", 1)
    before = copy.deepcopy(mock.items)
    assert run(*words(mock, "--dry-run")).code == 0
    assert (mock.items, len(mock.pictures)) == (before, 5)
    ran = run(*words(mock))
    assert (ran.code, "5 sent, 0 refused" in ran.err) == (0, True), ran.err
    assert len(mock.pictures) == 10
    for sku, item in mock.items.items():
        old_urls, new_urls = before[sku]["product"].pop("imageUrls"), item["product"].pop("imageUrls")
        assert (item, len(new_urls)) == (before[sku], len(old_urls))  # all else is as before
        assert not set(old_urls) & set(new_urls)
        item["product"]["imageUrls"], before[sku]["product"]["imageUrls"] = new_urls, old_urls
    assert set(mock.languages) == {"de-DE"}
    assert run(*words(mock)).code == 0
    assert len(mock.pictures) == 10  # nothing is done twice
    assert run(*undo(mock)).code == 0
    assert mock.items == before


def test_undo_uploads_what_ebay_has_purged(run: Run, mock: EbayMock) -> None:
    mock.add_item("MUG", 2)
    originals = mock.list_shown_images("MUG")
    old_urls = mock.items["MUG"]["product"]["imageUrls"]
    assert run(*words(mock)).code == 0
    mock.purged.add(old_urls[0])
    assert run(*undo(mock)).code == 0
    assert mock.list_shown_images("MUG") == originals
    assert mock.items["MUG"]["product"]["imageUrls"][0] != old_urls[0]
    assert mock.items["MUG"]["product"]["imageUrls"][1] == old_urls[1]


def test_interrupted_after_the_upload_it_is_not_sent_again(run: Run, mock: EbayMock) -> None:
    mock.add_item("MUG", 1)
    urls = list(mock.items["MUG"]["product"]["imageUrls"])
    assert run(*words(mock)).code == 0
    path = Path("work/ledger.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:-1]))  # killed before it was written down
    mock.items["MUG"]["product"]["imageUrls"] = urls
    assert run(*words(mock)).code == 0
    assert len(mock.pictures) == 2
    assert mock.items["MUG"]["product"]["imageUrls"] != urls


def test_choice_by_sku_and_refusals(run: Run, mock: EbayMock) -> None:
    mock.add_item("MUG", 1)
    mock.add_item("PLATE", 1)
    ran = run(*words(mock, "--search", "PLA", "--dry-run"))
    assert "1 pictures to send" in ran.err
    assert "eBay has no collections" in run(*words(mock, "--collection", "x")).error
    shop = EbayShop(mock.address, mock.address, EbayLogin(mock.address, "token-1"), sleep=lambda _: None)
    with pytest.raises(ShopError, match="12,000,000"):
        shop.add_image("a.jpg", bytes(12_000_001))
    mock.purged.add("x")
    with pytest.raises(ShopError, match="A picture does not exist"):
        shop.set_image_urls("MUG", ["x"])


def test_logins(mock: EbayMock) -> None:
    mock.add_item("MUG", 1)
    refreshed = EbayLogin(mock.address, "stale", "id", "secret", "refresh")
    assert len(list(EbayShop(mock.address, mock.address, refreshed).images())) == 1
    assert mock.tokens == ["token-1", "token-2"]
    with pytest.raises(ShopUnavailable, match="refuses the token"):
        list(EbayShop(mock.address, mock.address, EbayLogin(mock.address, "stale")).images())
    with pytest.raises(ShopUnavailable, match="gives no token"):
        EbayLogin(mock.address, "", "id", "wrong", "refresh").token()
    with pytest.raises(UsageError, match="MATTEBOX_EBAY_TOKEN"):
        ebay_login_from_environment("x", {})
    login = {"MATTEBOX_EBAY_TOKEN": "t"}
    assert open_ebay("sandbox", login).media_api == "https://apim.sandbox.ebay.com"
    assert open_ebay("mine", login).api == "https://api.ebay.com"


def test_a_token_is_renewed_before_it_lapses() -> None:
    now, tokens = [0.0], iter("abc")

    def exchange(*_: Any) -> HttpAnswer:
        return HttpAnswer(200, {}, json.dumps({"access_token": next(tokens), "expires_in": 1000}).encode())

    login = EbayLogin("https://e", "", "i", "s", "r", exchange, lambda: now[0])
    assert [login.token(), login.token()] == ["a", "a"]
    now[0] = 701.0
    assert [login.token(), login.token(renew=True)] == ["b", "c"]
