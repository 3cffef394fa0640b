"""Batches from and into object stores on the command line, with stores in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mattebox.io.object_store import find_object, list_objects, read_object, write_object
from mattebox.io.store_address import StoreAddress, parse_store_address
from tests.cli.conftest import Run
from tests.cli.conftest import run as run
from tests.stores import memory_stores, photo_bytes


@pytest.fixture(autouse=True)
def stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    opened = memory_stores(monkeypatch)
    for n in range(3):
        put(f"s3://shop/in/{n}.jpg", photo_bytes(100 + n))
    return opened


def put(url: str, content: bytes) -> None:
    write_object(parse_store_address(url), content, overwrite=True)


def get(url: str) -> bytes:
    return read_object(parse_store_address(url), 1 << 30)[0]


def keys(root: str = "s3://shop", prefix: str = "out/") -> list[str]:
    return [o.address.key for o in list_objects(StoreAddress(root, prefix))]


def rows(path: str = "r.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_results_in_a_store_are_those_of_the_disk(run: Run) -> None:
    Path("in").mkdir()
    for n in range(3):
        Path(f"in/{n}.jpg").write_bytes(get(f"s3://shop/in/{n}.jpg"))
    assert run("cut", "in", "-o", "local/").code == 0
    assert run("cut", "s3://shop/in/", "-o", "gs://other/").code == 0
    assert run("cut", "s3://shop/in/", "-o", "from-store/").code == 0
    assert run("cut", "in", "-o", "az://photos/to-store").code == 0
    for n in range(3):
        expected = Path(f"local/{n}.png").read_bytes()
        assert get(f"gs://other/{n}.png") == expected
        assert Path(f"from-store/{n}.png").read_bytes() == expected
        assert get(f"az://photos/to-store/{n}.png") == expected


def test_depth_goes_from_and_to_stores(run: Run) -> None:
    Path("0.jpg").write_bytes(get("s3://shop/in/0.jpg"))
    assert run("depth", "0.jpg", "-o", "0.png").code == 0
    assert run("depth", "s3://shop/in/", "-o", "s3://shop/out/").code == 0
    assert keys() == ["out/0.png", "out/1.png", "out/2.png"]
    assert get("s3://shop/out/0.png") == Path("0.png").read_bytes()
    again = run("depth", "s3://shop/in/0.jpg", "-o", "s3://shop/out/0.png")
    assert "already exists" in again.err
    assert run("depth", "s3://shop/in/0.jpg", "-o", "s3://shop/out/0.png", "--overwrite", "--colour").code == 0
    assert "not written as .jpg" in run("depth", "0.jpg", "-o", "s3://shop.example/0.jpg").err


def test_other_commands_read_from_stores_too(run: Run) -> None:
    assert run("enhance", "s3://shop/in/0.jpg", "-o", "s3://shop/out/").code == 0
    assert keys() == ["out/0.jpg"]
    assert run("analyse", "s3://shop/in/0.jpg").out.startswith("s3://shop/in/0.jpg")
    assert run("find", "s3://shop/in/0.jpg").out.startswith("s3://shop/in/0.jpg")
    assert run("check", "s3://shop/in/0.jpg", "--for", "ebay").out.startswith("s3://shop/in/0.jpg")
    assert (
        run("cut", "s3://shop/in/0.jpg", "-o", "one.png", "--compare", "look.html", "--sheet", "sheet.html").code == 0
    )
    assert "data:image/webp" in Path("look.html").read_text()


def test_what_is_there_stays_and_failures_are_reported(run: Run) -> None:
    put("s3://shop/in/bad.jpg", b"no picture")
    put("s3://shop/out/1.png", b"mine")
    ran = run("cut", "s3://shop/in/", "-o", "s3://shop/out/", "--report", "r.jsonl")
    assert ran.code == 1  # of two kinds
    assert "s3://shop/out/1.png: already exists" in ran.err
    assert get("s3://shop/out/1.png") == b"mine"
    assert {r["input"]: r["verdict"] for r in rows()} == {
        "s3://shop/in/0.jpg": "ok", "s3://shop/in/1.jpg": "failed", "s3://shop/in/2.jpg": "ok",
        "s3://shop/in/bad.jpg": "failed",
    }  # fmt: skip
    assert run("cut", "s3://shop/in/1.jpg", "-o", "s3://shop/out/", "--overwrite").code == 0
    assert get("s3://shop/out/1.png").startswith(b"\x89PNG")


def test_a_batch_is_resumed_by_versions(run: Run) -> None:
    words = ("cut", "s3://shop/in/", "-o", "s3://shop/out/", "--report", "r.jsonl", "--resume")
    assert run(*words).code == 0
    assert all(row["output_version"] and row["input_version"] and row["output_sha256"] for row in rows())
    put("s3://shop/out/1.png", b"damaged")
    put("s3://shop/in/2.jpg", photo_bytes(160))
    ran = run(*words)
    assert (ran.code, ran.err) == (0, "mattebox: 1 had been done before\n")
    assert [row["input"] for row in rows()[3:]] == ["s3://shop/in/1.jpg", "s3://shop/in/2.jpg"]
    assert get("s3://shop/out/1.png").startswith(b"\x89PNG")


def test_signed_results_without_a_place_for_the_signature_are_refused(run: Run) -> None:
    ran = run("cut", "s3://shop/in/0.jpg", "-o", "s3://shop/out/x.bmp", "--background", "white", "--sign", "yes")
    assert ran.code in (2, 5)
    assert keys() == []


def test_a_shared_batch_leaves_nothing_but_its_results(run: Run) -> None:
    words = ("cut", "s3://shop/in/", "-o", "s3://shop/out/", "--share")
    assert run(*words).code == 0
    assert keys() == ["out/.mattebox/batch.json", "out/0.png", "out/1.png", "out/2.png"]
    before = find_object(StoreAddress("s3://shop", "out/1.png"))
    ran = run(*words)
    assert (ran.code, ran.err) == (0, "mattebox: 3 had been done before\n")
    assert find_object(StoreAddress("s3://shop", "out/1.png")) == before
    assert "another recipe or model" in run(*words, "--background", "white").error


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("s3://shop/in/",), "need a place"),
        (("s3://shop/in/", "-o", "s3://shop/out/", "--report", "s3://shop/r.jsonl"), "--report cannot be written to a"),
        (("s3://shop/in/", "-o", "s3://shop/out/", "--review", "look"), "--review links local results"),
        (("s3://shop/in/", "-o", "out/", "--share"), "--share needs a store"),
        (("s3://shop/in/", "-o", "https://h/out/", "--share"), "--share needs a store"),
        (("s3://shop/in/", "-o", "s3://shop/out/", "--share", "--overwrite"), "--share cannot be combined"),
        (("s3://", "-o", "out/"), "names no store"),
        (("s3://shop/none/", "-o", "out/"), "no pictures in s3://shop/none"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run: Run, words: tuple[str, ...], reason: str) -> None:
    ran = run("cut", *words)
    assert ran.code in (2, 3)
    assert reason in ran.error
    assert "Traceback" not in ran.err
    assert keys() == []


def test_stores_need_the_network(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_OFFLINE", "1")
    assert "a store needs the network" in run("cut", "s3://shop/in/", "-o", "out/").error
