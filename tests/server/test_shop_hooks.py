"""Web hooks of shops: signatures, replays, and the jobs that a new product's pictures become."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.api_keys import create_key
from mattebox.server.app import create_app
from mattebox.server.auth import AccessControl
from mattebox.server.routes.shop_hooks import create_shop_router
from mattebox.server.settings import Settings, load_settings
from mattebox.server.shop_events import SHOPIFY, is_signed, read_product
from tests.server.conftest import decode_image
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(240)  # a server starts, on a busy machine too

MAX_SECONDS = 150.0  # until jobs are done

SHOPIFY_SECRET, WOOCOMMERCE_SECRET = "shpss_0f", "a, b & c"
RECIPE = '[[steps]]\nstep = "cut"\nempty = "keep"\nmodel = "fast"\nby = "network"\n'


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def test_signatures() -> None:
    """The first is what OpenSSL makes: printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64."""
    assert is_signed(b'{"id":1}', "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=", "hush")
    assert not is_signed(b'{"id":2}', "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=", "hush")
    for wrong in (None, "", "x", "not base64 at all", sign(b'{"id":1}', "hush ")[:-4]):
        assert not is_signed(b'{"id":1}', wrong, "hush")


@pytest.fixture(scope="module")
def picture_site(mug: bytes) -> Iterator[str]:
    """A shop's file server; its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if "mug" in self.path else 404)
            self.end_headers()
            self.wfile.write(mug if "mug" in self.path else b"")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, dict[str, str]]:
    """The headers of two keys, of which new products belong to the first."""
    return {
        name: {"X-API-Key": create_key(folder / "keys", name, ("pictures", "jobs"), 500, 0)[1]}
        for name in ("shop", "other")
    }


@pytest.fixture(scope="module")
def client(folder: Path, keys: dict[str, dict[str, str]], picture_site: str) -> Iterator[TestClient]:
    (folder / "recipe.toml").write_text(RECIPE)
    settings = Settings(
        model="fast", workers=1, data=str(folder / "data"), keys=str(folder / "keys"), shop_key="shop",
        shopify_secret=SHOPIFY_SECRET, woocommerce_secret=WOOCOMMERCE_SECRET, shop_recipe=str(folder / "recipe.toml"),
        url_networks="127.0.0.1/32", url_ports=picture_site.rpartition(":")[2], outputs=f"drop={folder / 'drop'}",
        shop_output="drop/new",
    )  # fmt: skip
    with TestClient(create_app(settings), headers=keys["shop"]) as client:
        yield client


def shopify_product(site: str, number: int = 788, age_seconds: float = 0.0, **changes: Any) -> bytes:
    """What Shopify sends of a new product, in part."""
    created = datetime.fromtimestamp(time.time() - age_seconds, UTC).isoformat(timespec="seconds")
    images = [{"id": number * 10 + n, "position": n + 1, "product_id": number, "alt": None, "width": 320, "height": 240,
               "src": f"{site}/mug-{n}.jpg?v=1", "variant_ids": []} for n in range(2)]  # fmt: skip
    media = [
        {"id": number * 100, "media_content_type": "IMAGE", "preview_image": {"src": images[0]["src"]}},
        {"id": number * 100 + 1, "media_content_type": "VIDEO", "preview_image": {"src": f"{site}/mug-v.jpg"}},
    ]
    product = {"id": number, "title": "Blue mug", "handle": "blue-mug", "created_at": created, "images": images,
               "variants": [{"id": 1, "price": "9.99"}], "media": media, "template_suffix": None}  # fmt: skip
    return json.dumps(product | changes).encode()


def woocommerce_product(site: str, number: int = 12) -> bytes:
    created = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    images = [{"id": 44, "src": f"{site}/mug.jpg", "name": "mug", "alt": ""}]
    return json.dumps({"id": number, "slug": "mug", "date_created_gmt": created, "images": images}).encode()


def announce(client: TestClient, body: bytes, **changes: str) -> Any:
    """Send an announcement of Shopify, signed unless the headers are changed."""
    headers = {
        "Content-Type": "application/json", "X-Shopify-Topic": "products/create",
        "X-Shopify-Hmac-Sha256": sign(body, SHOPIFY_SECRET), "X-Shopify-Webhook-Id": "b54557e4",
    }  # fmt: skip
    return client.post(
        "/hooks/shopify", content=body, headers=headers | {k.replace("_", "-"): v for k, v in changes.items()}
    )


def announce_woocommerce(client: TestClient, body: bytes, **changes: str) -> Any:
    headers = {"Content-Type": "application/json", "X-WC-Webhook-Topic": "product.created",
               "X-WC-Webhook-Signature": sign(body, WOOCOMMERCE_SECRET)}  # fmt: skip
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return client.post("/hooks/woocommerce", content=body, headers=headers)


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "drop").rglob("*.png"))


def list_jobs(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/jobs").json()["jobs"]
    return found


def test_a_new_product_of_shopify(
    client: TestClient, keys: dict[str, dict[str, str]], folder: Path, picture_site: str
) -> None:
    body, before = shopify_product(picture_site), len(list_jobs(client))
    answered = announce(client, body)
    assert (answered.status_code, answered.json()) == (200, {"queued": 2})
    expected = ["blue-mug-788-7880.png", "blue-mug-788-7881.png"]
    wait_until(lambda: set(expected) <= set(results(folder)), MAX_SECONDS)
    assert all(decode_image((folder / "drop/new" / name).read_bytes()).mode == "RGBA" for name in expected)
    assert announce(client, body).json() == {"queued": 0}  # sent again
    assert announce(client, shopify_product(picture_site, title="Red mug")).json() == {"queued": 0}  # the same product
    assert len(list_jobs(client)) == before + 2

    def list_results() -> set[str]:
        return {job["made"]["output_object"] for job in list_jobs(client) if job["made"]}

    wait_until(lambda: {f"drop/new/{name}" for name in expected} <= list_results(), MAX_SECONDS)
    assert client.get("/v1/jobs", headers=keys["other"]).json()["jobs"] == []


def test_a_new_product_of_woocommerce(client: TestClient, folder: Path, picture_site: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    ping = client.post("/hooks/woocommerce", content=b"webhook_id=7", headers=form)
    assert (ping.status_code, ping.json()) == (200, {"queued": 0})
    assert announce_woocommerce(client, woocommerce_product(picture_site)).json() == {"queued": 1}
    wait_until(lambda: "mug-12-44.png" in results(folder), MAX_SECONDS)


def test_wrong_signatures_are_refused_and_nothing_is_done(client: TestClient, picture_site: str) -> None:
    body, before = shopify_product(picture_site, number=31), len(list_jobs(client))
    hexadecimal = hmac.new(SHOPIFY_SECRET.encode(), body, hashlib.sha256).hexdigest()
    for wrong in ("", "AAAA", sign(body, "other"), sign(body + b" ", SHOPIFY_SECRET), hexadecimal, "!"):
        refused = announce(client, body, X_Shopify_Hmac_Sha256=wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "signature_wrong")
    refused = announce_woocommerce(client, body, X_WC_Webhook_Signature=sign(body, SHOPIFY_SECRET))
    assert refused.status_code == 401
    assert client.post("/hooks/woocommerce", content=b"webhook_id=7&x=1").status_code == 401
    assert client.post("/hooks/shopify", content=b"webhook_id=7").status_code == 401
    assert len(list_jobs(client)) == before


def test_what_is_signed_but_no_new_product(client: TestClient, picture_site: str) -> None:
    body, before = shopify_product(picture_site, number=41), len(list_jobs(client))
    assert announce(client, body, X_Shopify_Topic="products/update").json() == {"queued": 0}
    assert announce(client, shopify_product(picture_site, 42, age_seconds=3 * 86_400)).json() == {"queued": 0}
    assert announce(client, shopify_product(picture_site, 43, images=[], media=[])).json() == {"queued": 0}
    for broken in (b"[]", b"{", b'{"id":"x"}', b'{"id":1}', json.dumps({"id": 1, "created_at": "soon"}).encode()):
        refused = announce(client, broken)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter")
    assert announce(client, b" " * 2_000_001).status_code == 413
    assert len(list_jobs(client)) == before


def test_addresses_must_be_allowed_though_they_are_signed(client: TestClient) -> None:
    known = {job["id"] for job in list_jobs(client)}
    assert announce(client, shopify_product("http://169.254.169.254", number=5)).json() == {"queued": 2}

    def new_jobs() -> list[dict[str, Any]]:
        return [job for job in list_jobs(client) if job["id"] not in known]

    wait_until(lambda: all(job["finished"] for job in new_jobs()), MAX_SECONDS)
    assert [job["error"]["code"] for job in new_jobs()] == ["address_refused"] * 2


def test_an_announcement_that_fails_part_way_is_done_when_it_comes_again(
    client: TestClient, picture_site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattebox.jobs.manager import TooManyJobs
    from mattebox.server.routes import shop_hooks

    store_job, calls, before = shop_hooks.store_job, [], len(list_jobs(client))

    async def refuse_second(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise TooManyJobs("too many", "wait")
        return await store_job(*arguments)

    monkeypatch.setattr(shop_hooks, "store_job", refuse_second)
    body = shopify_product(picture_site, number=61)
    refused = announce(client, body)
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert announce(client, body).json() == {"queued": 2}
    assert len(list_jobs(client)) == before + 2  # the first one is not made again


def test_off_unless_configured(folder: Path, keys: dict[str, dict[str, str]]) -> None:
    def hooks(**settings: str) -> set[str]:
        made = Settings(data=str(folder / "none"), **settings)  # type: ignore[arg-type]
        router = create_shop_router(made, AccessControl.from_file(made.keys))
        return {route.path for route in router.routes if isinstance(route, APIRoute)}

    assert hooks() == set()
    assert hooks(woocommerce_secret="s") == {"/hooks/woocommerce"}
    with pytest.raises(UsageError, match="SHOP_KEY"):
        hooks(shopify_secret="s", keys=str(folder / "keys"))
    with pytest.raises(UsageError, match="preset"):
        hooks(shopify_secret="s", shop_recipe="no-such")
    with pytest.raises(UsageError, match="SHOP_OUTPUT"):
        load_settings({"MATTEBOX_SERVER_SHOP_OUTPUT": "drop/x"})


def test_products_are_read_as_shops_write_them() -> None:
    product = read_product(SHOPIFY, shopify_product("https://cdn.example.com", created_at="2026-11-30T12:00:00-05:00"))
    assert (product.id, product.slug, len(product.pictures)) == ("788", "blue-mug", 2)
    assert product.created_at == datetime(2026, 11, 30, 17, tzinfo=UTC).timestamp()
    strange = read_product(SHOPIFY, shopify_product("https://h", handle="../../x y"))
    assert strange.slug == "x-y"
