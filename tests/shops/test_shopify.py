"""Shopify against a shop that answers by its published schema: places, limits, failures, kills, and the way back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("graphql", reason="graphql-core is not installed")

from graphql import parse, validate

from mattebox.errors import UsageError
from mattebox.shops import shopify_shop
from mattebox.shops.graphql_client import SHOP_NAME, GraphqlClient, GraphqlOperation
from mattebox.shops.http_exchange import HttpAnswer, send_with_retries
from mattebox.shops.ledger import Ledger
from mattebox.shops.shop_error import ShopError, ShopUnavailable
from mattebox.shops.shopify_login import ClientCredentialsLogin, TokenLogin, login_from_environment, site_of
from mattebox.shops.shopify_operations import ALL_OPERATIONS
from mattebox.shops.shopify_shop import ShopifyShop
from tests.batch.test_kill import CHILD
from tests.cli.conftest import Run
from tests.cli.conftest import run as run
from tests.shops.shopify_mock import CLIENT_ID, CLIENT_SECRET, TOKEN, MockShop, serve
from tests.stores import photo_bytes

QUICK = "from mattebox.shops import shopify_shop; shopify_shop.POLL_SECONDS = 0.01"
RECIPE = """
[[steps]]
step = "cut"
[[steps]]
step = "background"
paint = "white"
[[steps]]
step = "save"
format = "{}"
"""
JPEG_RECIPE, PNG_RECIPE = RECIPE.format("jpg"), RECIPE.format("png")


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MockShop]:
    """A shop of three products: JPEGs, one PNG, and one that fails to be processed is added where a test wants it."""
    shop = MockShop(bucket=2000, rate=20_000)
    monkeypatch.setattr(shopify_shop, "POLL_SECONDS", 0.01)
    for n in range(3):
        shop.add_product(
            f"Mug {n}", [(f"mug-{n}-{k}.jpg", photo_bytes(100 + 10 * n + k)) for k in range(2)], variant_count=1
        )
    monkeypatch.setenv("MATTEBOX_SHOPIFY_TOKEN", TOKEN)
    (tmp_path / "jpeg.toml").write_text(JPEG_RECIPE)
    (tmp_path / "png.toml").write_text(PNG_RECIPE)
    with serve(shop):
        yield shop
    assert shop.invalid == []
    assert shop.throttled_count == 0


def words(mock: MockShop, recipe: str = "jpeg", *more: str) -> tuple[str, ...]:
    return ("shop", "shopify", "--shop", mock.address, "--folder", "work", "--recipe", f"{recipe}.toml", *more)


def undo_words(mock: MockShop) -> tuple[str, ...]:
    return ("shop", "undo", "--shop", mock.address, "--folder", "work", "--yes")


def contents(snapshot: dict[str, Any]) -> list[bytes]:
    return [content for media, _ in snapshot.values() for _, content in media]


def alts(snapshot: dict[str, Any]) -> Any:
    return [
        ([alt for alt, _ in media], {v: [alt for alt, _ in shown] for v, shown in variants.items()})
        for media, variants in snapshot.values()
    ]


def test_the_schema_knows_all_that_is_asked() -> None:
    schema = MockShop().schema
    for operation in (SHOP_NAME, *ALL_OPERATIONS):
        assert validate(schema, parse(operation.text)) == []
    assert validate(schema, parse("{ shop { nmae } }")) != []


def test_results_replace_contents_and_undo_brings_the_originals_back(run: Run, mock: MockShop) -> None:
    before, ids = mock.snapshot(), {p.id: list(p.media) for p in mock.products.values()}
    ran = run(*words(mock, "jpeg", "--yes"))
    assert (ran.code, "6 sent, 0 refused" in ran.err) == (0, True), ran.err
    after = mock.snapshot()
    assert {p.id: p.media for p in mock.products.values()} == ids
    assert alts(after) == alts(before)
    assert not set(contents(after)) & set(contents(before))
    assert all(c.startswith(b"\xff\xd8") for c in contents(after))
    assert run(*words(mock, "jpeg", "--yes")).code == 0  # nothing is done twice
    assert mock.snapshot() == after
    ran = run(*undo_words(mock))
    assert (ran.code, "6 put back, 0 refused" in ran.err) == (0, True), ran.err
    assert mock.snapshot() == before
    assert "nothing was sent" in run(*undo_words(mock)).err


def test_another_kind_of_file_takes_the_place_and_gives_it_back(run: Run, mock: MockShop) -> None:
    before = mock.snapshot()
    ran = run(*words(mock, "png", "--yes", "--search", "mug-1"))
    assert (ran.code, "2 sent, 0 refused" in ran.err) == (0, True), ran.err
    after = mock.snapshot()
    assert alts(after) == alts(before)
    (_, variants), media = list(after.values())[1], list(mock.products.values())[1].media
    assert all(shown[0][1].startswith(b"\x89PNG") for shown in variants.values())
    assert [mock.files[m].filename.rpartition(".")[2] for m in media] == ["png"] * 2
    assert sum(f.filename.endswith(".jpg") for f in mock.files.values()) == 6  # the old ones are still files
    assert run(*undo_words(mock)).code == 0
    assert mock.snapshot() == before


def test_a_rehearsal_changes_nothing_and_shows_everything(run: Run, mock: MockShop) -> None:
    before = mock.snapshot()
    ran = run(*words(mock, "jpeg", "--dry-run"))
    assert (ran.code, "6 pictures to send, 0 failed" in ran.err) == (0, True), ran.err
    page = Path("work/before-and-after.html").read_text()
    assert page.count("<figure") == 6
    for name in ("originals", "results"):
        assert len(list(Path("work", name).iterdir())) == 6
    assert mock.snapshot() == before
    assert set(mock.counts) == {"ShopName", "Products"}
    ran = run(*words(mock, "jpeg"))
    assert "nobody can be asked" in ran.err.splitlines()[-1]
    assert mock.snapshot() == before


def test_a_picture_that_fails_is_reported_and_the_others_are_done(run: Run, mock: MockShop) -> None:
    product = mock.add_product("Plate", [("unlucky.jpg", photo_bytes(90)), ("plate.jpg", photo_bytes(91))])
    mock.add_product("Empty", [("blank.jpg", b"no picture")])
    before = mock.snapshot()
    ran = run(*words(mock, "jpeg", "--yes"))
    assert ran.code == 1
    assert "IMAGE_PROCESSING_FAILURE" in ran.err
    assert "Empty, blank.jpg" in ran.err
    assert "7 sent, 1 refused" in ran.err
    assert mock.snapshot()[product.id][0][0] == before[product.id][0][0]  # as it was, and ready
    assert all(f.status == "READY" for f in mock.files.values())


def test_results_that_break_the_rules_are_held_back(run: Run, mock: MockShop) -> None:
    Path("rules.toml").write_text(JPEG_RECIPE + 'check_for = "amazon"\n')
    before = mock.snapshot()
    ran = run(*words(mock, "rules", "--yes", "--limit", "2"))
    assert (ran.code, ran.err.count("not sent")) == (1, 2)
    assert mock.snapshot() == before
    assert run(*words(mock, "rules", "--yes", "--limit", "2", "--include-failing")).code == 0
    assert mock.snapshot() != before


def test_killed_and_started_again_nothing_is_double(mock: MockShop, tmp_path: Path) -> None:
    before = mock.snapshot()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", f"{QUICK}{CHILD}", *words(mock, "png", "--yes")]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)

    for calls in (2, 6):
        process, end = start(), time.monotonic() + 30
        count = sum(mock.counts.values())
        names = ("CreateFiles", "UpdateFiles", "Reorder", "AttachToVariants")
        begin = sum(mock.counts.get(name, 0) for name in names)
        while sum(mock.counts.get(n, 0) for n in names) < begin + calls and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert sum(mock.counts.values()) > count
    assert start().wait(50) == 0
    after = mock.snapshot()
    assert alts(after) == alts(before)
    assert len(mock.files) == 12  # each picture made once
    assert all(content.startswith(b"\x89PNG") for content in contents(after))
    rows = [
        json.loads(line) for line in (tmp_path / "work/ledger.jsonl").read_text().splitlines() if line.endswith("}")
    ]
    assert sum(row["stage"] == "sent" for row in rows) == 6


def client(mock: MockShop) -> GraphqlClient:
    return GraphqlClient(mock.address, TokenLogin(TOKEN))


def test_pages_of_products_and_media(mock: MockShop) -> None:
    mock.bucket = mock.available = 5000
    for n in range(11):
        mock.add_product(f"Cup {n}", [(f"cup-{n}.jpg", b"x")])
    mock.add_product("Album", [(f"a{n}.jpg", b"x") for n in range(70)])
    shop = ShopifyShop(client(mock))
    assert len(list(shop.images())) == 6 + 11 + 70
    assert [i.position for i in shop.images(query="album")] == list(range(70))
    assert len(list(shop.images(collection="cup"))) == 11
    with pytest.raises(ShopError, match="no collection 'none'"):
        list(shop.images(collection="none"))


def test_no_request_is_refused_for_its_cost_however_small_the_bucket(mock: MockShop) -> None:
    mock.bucket = mock.available = 800
    mock.rate = 4000
    shop = ShopifyShop(client(mock))
    for _ in range(10):
        assert len(list(shop.images())) == 6
    assert mock.throttled_count == 0


def test_a_bucket_that_others_empty_is_waited_for(mock: MockShop) -> None:
    asker = client(mock)
    asker.execute(SHOP_NAME)
    mock.available, mock.rate = 0, 200.0
    assert len(list(ShopifyShop(asker).images())) == 6
    assert asker.throttled_count >= 1
    mock.throttled_count = 0


def test_a_busy_shop_is_asked_again(mock: MockShop) -> None:
    mock.busy_answers = 1
    assert client(mock).execute(SHOP_NAME) == {"shop": {"name": "Test"}}


def test_logins(mock: MockShop) -> None:
    right = ClientCredentialsLogin(mock.address, CLIENT_ID, CLIENT_SECRET)
    assert GraphqlClient(mock.address, right).execute(SHOP_NAME)["shop"]["name"] == "Test"
    with pytest.raises(ShopUnavailable, match="shop_not_permitted"):
        ClientCredentialsLogin(mock.address, CLIENT_ID, "wrong").token()
    with pytest.raises(ShopUnavailable, match="refuses the token"):
        GraphqlClient(mock.address, TokenLogin("wrong")).execute(SHOP_NAME)
    assert isinstance(login_from_environment("x", {"MATTEBOX_SHOPIFY_TOKEN": "t"}), TokenLogin)
    with pytest.raises(UsageError, match="MATTEBOX_SHOPIFY_TOKEN"):
        login_from_environment("x", {})


def test_a_token_is_renewed_before_it_lapses_and_when_it_is_refused() -> None:
    now, tokens = [0.0], iter("abc")

    def exchange(*_: Any) -> HttpAnswer:
        return HttpAnswer(200, {}, json.dumps({"access_token": next(tokens), "expires_in": 1000}).encode())

    login = ClientCredentialsLogin("https://s", "i", "s", exchange, lambda: now[0])
    assert [login.token(), login.token()] == ["a", "a"]
    now[0] = 701.0
    assert [login.token(), login.token(renew=True)] == ["b", "c"]


def test_names_of_shops() -> None:
    assert site_of("My-Shop") == site_of("my-shop.myshopify.com") == "https://my-shop.myshopify.com"
    for wrong in ("", "a b", "shop.example.com", "https://x/y"):
        with pytest.raises(UsageError, match="no name of a shop"):
            site_of(wrong)


def test_a_shop_that_is_away_is_one_line() -> None:
    waits: list[float] = []

    def refuse(*_: Any) -> HttpAnswer:
        raise ConnectionRefusedError("refused")

    with pytest.raises(ShopUnavailable, match="cannot be reached"):
        send_with_retries(refuse, "POST", "https://s/x", b"", {}, waits.append)
    assert len(waits) == 5


def test_what_the_shop_refuses_is_said(mock: MockShop) -> None:
    with pytest.raises(ShopError, match="refuses the request"):
        client(mock).execute(GraphqlOperation("query Wrong { nothing }", 1))
    mock.invalid.clear()


def test_a_line_that_a_kill_cut_off_is_ignored(run: Run, mock: MockShop) -> None:
    assert run(*words(mock, "jpeg", "--dry-run", "--limit", "2")).code == 0
    path = Path("work/ledger.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    ledger = Ledger(Path("work"))
    assert len(ledger.entries) == 1
    ledger.close()
    assert "no ledger" in run("shop", "undo", "--shop", mock.address, "--folder", "none", "--yes").error
