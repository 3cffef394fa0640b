"""WooCommerce in small: new pictures take the places of old ones, and give them back."""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mattebox.errors import UsageError
from mattebox.shops.shop_error import ShopUnavailable
from mattebox.shops.woocommerce_shop import WooCommerceShop, open_woocommerce
from tests.cli.conftest import Run
from tests.cli.conftest import run as run
from tests.shops.test_shopify import CHILD, JPEG_RECIPE
from tests.stores import photo_bytes

LOGINS = {"wc": "ck:cs", "wp": "user:pass word"}


class WooMock:
    """Products, their variations, and the library of pictures."""

    def __init__(self) -> None:
        self.media: dict[int, dict[str, Any]] = {}
        self.products: dict[int, dict[str, Any]] = {}
        self.variations: dict[int, dict[int, int]] = {}
        self.broken_products: set[int] = set()
        self.address = ""

    def add_media(self, filename: str, content: bytes, alt: str = "") -> int:
        number = len(self.media) + 100
        self.media[number] = {"filename": filename, "content": content, "alt": alt}
        return number

    def add_product(self, name: str, count: int) -> int:
        number = len(self.products) + 1
        images = [self.add_media(f"{name}-{n}.jpg", photo_bytes(100 + n), f"{name} {n}") for n in range(count)]
        self.products[number] = {"name": name, "images": images}
        self.variations[number] = {number * 10: images[0], number * 10 + 1: images[-1]}
        return number

    def snapshot(self) -> Any:
        def fetch_shown(number: int) -> tuple[str, bytes]:
            return self.media[number]["alt"], self.media[number]["content"]

        return copy.deepcopy(
            [
                ([fetch_shown(i) for i in p["images"]], [fetch_shown(i) for i in self.variations[n].values()])
                for n, p in self.products.items()
            ]
        )

    def describe_product(self, number: int) -> dict[str, Any]:
        product = self.products[number]
        images = [
            {"id": i, "src": f"{self.address}/files/{i}/{self.media[i]['filename']}", "alt": self.media[i]["alt"]}
            for i in product["images"]
        ]
        return {"id": number, "name": product["name"], "slug": product["name"].lower(), "images": images}

    def answer(self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: bytes) -> tuple[int, Any]:
        if headers.get("Authorization") != "Basic " + base64.b64encode(LOGINS[path[9:11]].encode()).decode():
            return 401, {"message": "no"}
        if path == "/wp-json/wp/v2/media" and method == "POST":
            filename = unquote(headers["Content-Disposition"].partition("''")[2])
            return 201, {"id": self.add_media(filename, body)}
        if path == "/wp-json/wp/v2/media":
            slug = query["slug"][0]
            stems = {
                i: re.sub(r"[^a-z0-9]+", "-", m["filename"].rpartition(".")[0].lower()) for i, m in self.media.items()
            }
            return 200, [{"id": i} for i, stem in stems.items() if stem == slug]
        if path.startswith("/wp-json/wp/v2/media/"):
            self.media[int(path.rpartition("/")[2])]["alt"] = json.loads(body)["alt_text"]
            return 200, {}
        return self.answer_shop(method, [int(n) for n in re.findall(r"/(\d+)", path)], path, query, body)

    def answer_shop(
        self, method: str, numbers: list[int], path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        if not numbers:
            page, size = int(query["page"][0]), int(query["per_page"][0])
            return 200, [self.describe_product(n) for n in list(self.products)[(page - 1) * size : page * size]]
        product = numbers[0]
        if method == "PUT" and product in self.broken_products:
            return 400, {"message": "this product cannot be edited"}
        if path.endswith("/variations"):
            found = self.variations[product].items() if query["page"] == ["1"] else ()
            return 200, [{"id": v, "image": {"id": i}} for v, i in found]
        if len(numbers) == 2:
            self.variations[product][numbers[1]] = json.loads(body)["image"]["id"]
            return 200, {}
        if method == "PUT":
            self.products[product]["images"] = [image["id"] for image in json.loads(body)["images"]]
        return 200, self.describe_product(product)


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WooMock]:
    shop = WooMock()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/files/"):
                status, body = 200, shop.media[int(parts.path.split("/")[2])]["content"]
            else:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, content = shop.answer(self.command, parts.path, parse_qs(parts.query), self.headers, sent)
                body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = reply  # noqa: N815  names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("MATTEBOX_WOOCOMMERCE_KEY", "ck")
    monkeypatch.setenv("MATTEBOX_WOOCOMMERCE_SECRET", "cs")
    monkeypatch.setenv("MATTEBOX_WORDPRESS_USER", "user")
    monkeypatch.setenv("MATTEBOX_WORDPRESS_PASSWORD", "pass word")
    (tmp_path / "white.toml").write_text(JPEG_RECIPE)
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


def test_there_and_back(run: Run, mock: WooMock) -> None:
    mock.add_product("Mug", 3)
    broken = mock.add_product("Plate", 1)
    mock.broken_products.add(broken)
    before = mock.snapshot()
    words = ("shop", "woocommerce", "--shop", mock.address, "--folder", "work", "--recipe", "white.toml", "--yes")
    ran = run(*words)
    assert ran.code == 1
    assert "3 sent, 1 refused" in ran.err
    assert "this product cannot be edited" in ran.err
    mock.broken_products.clear()
    ran = run(*words)
    assert (ran.code, "1 sent, 0 refused" in ran.err) == (0, True), ran.err
    after = mock.snapshot()
    assert len(mock.media) == 8  # each made once
    for (old, old_variations), (new, new_variations) in zip(before, after, strict=True):
        assert [alt for alt, _ in old] == [alt for alt, _ in new]
        assert [alt for alt, _ in old_variations] == [alt for alt, _ in new_variations]
        assert all(a[1] != b[1] for a, b in zip(old + old_variations, new + new_variations, strict=True))
    undo = ("shop", "undo", "--on", "woocommerce", "--shop", mock.address, "--folder", "work", "--yes")
    assert run(*undo).code == 0
    assert mock.snapshot() == before


@pytest.mark.timeout(240)
def test_killed_and_started_again_nothing_is_double(run: Run, mock: WooMock, tmp_path: Path) -> None:
    for n in range(4):
        mock.add_product(f"Mug{n}", 2)
    before, count = mock.snapshot(), len(mock.media)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = ("shop", "woocommerce", "--shop", mock.address, "--folder", "work", "--recipe", "white.toml", "--yes")

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", CHILD, *words]
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)

    for made in (1, 4):  # new pictures in the library when it is killed, at whichever step it then is
        process, wanted = start(), count + made
        end = time.monotonic() + 100
        while len(mock.media) < wanted and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        assert process.poll() is None
        process.kill()
        process.wait()
    assert start().wait(100) == 0
    assert len(mock.media) == 2 * count  # each made once
    after = mock.snapshot()
    for (old, old_variations), (new, new_variations) in zip(before, after, strict=True):
        assert [alt for alt, _ in old] == [alt for alt, _ in new]
        assert [alt for alt, _ in old_variations] == [alt for alt, _ in new_variations]
        assert all(a[1] != b[1] for a, b in zip(old + old_variations, new + new_variations, strict=True))
    undo = ("shop", "undo", "--on", "woocommerce", "--shop", mock.address, "--folder", "work", "--yes")
    assert run(*undo).code == 0
    assert mock.snapshot() == before


def test_pages(mock: WooMock) -> None:
    for n in range(51):
        mock.add_product(f"P{n}", 1)
    assert len(list(open_woocommerce(mock.address).images())) == 51


def test_logins(mock: WooMock) -> None:
    mock.add_product("Mug", 1)
    with pytest.raises(ShopUnavailable, match="refuses the login"):
        list(WooCommerceShop(mock.address, "a:b", "c:d").images())
    with pytest.raises(UsageError, match="no https address"):
        open_woocommerce("http://shop.example.com")
    with pytest.raises(UsageError, match="MATTEBOX_WORDPRESS_USER"):
        open_woocommerce("https://shop.example.com", {"MATTEBOX_WOOCOMMERCE_KEY": "k"})
