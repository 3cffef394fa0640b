"""Feeds: pictures in by their links, files and a feed with new links out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.io.object_store import write_object
from mattebox.io.store_address import parse_store_address
from mattebox.shops.product_feed import FeedPicture, ProductFeed
from tests.cli.conftest import Run
from tests.cli.conftest import run as run
from tests.stores import memory_stores, photo_bytes

GOOGLE = (
    "id\ttitle\timage link\tadditional image link\n"
    "A1\tMug, blue\ts3://shop/a.jpg\ts3://shop/b.jpg,s3://shop/c.jpg\n"
    "A/2\tPlate\ts3://shop/d.jpg\t\n"
)


def test_feeds_of_google_and_meta(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    path.write_text(GOOGLE)
    feed = ProductFeed.read(path)
    assert list(feed.pictures())[:3] == [FeedPicture("A1", n, f"s3://shop/{c}.jpg") for n, c in enumerate("abc")]
    assert [p.name for p in feed.pictures()] == ["A1", "A1-2", "A1-3", "A-2"]
    path.write_text('id,image[0].url,image[1].url,price\n7,"https://h/x.jpg?w=1,2",https://h/y.PNG,3\n')
    feed = ProductFeed.read(path)
    assert [(p.url, p.suffix) for p in feed.pictures()] == [
        ("https://h/x.jpg?w=1,2", ".jpg"),
        ("https://h/y.PNG", ".png"),
    ]
    feed.replace_links({("7", "https://h/y.PNG"): "https://new/y.png"})
    feed.write(path)
    assert path.read_text() == 'id,image[0].url,image[1].url,price\n7,"https://h/x.jpg?w=1,2",https://new/y.png,3\n'


@pytest.mark.parametrize("text", ["", "id,title\n1,x\n", "name,image_link\nx,y\n", "\x00\xff"])
def test_what_is_no_feed_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"feed\.csv"):
        ProductFeed.read(path)


def test_there_and_back(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memory_stores(monkeypatch)
    for n, name in enumerate("abc"):
        write_object(parse_store_address(f"s3://shop/{name}.jpg"), photo_bytes(100 + n), overwrite=True)
    Path("feed.tsv").write_text(GOOGLE)
    Path("white.toml").write_text(
        '[[steps]]\nstep = "cut"\n[[steps]]\nstep = "background"\npaint = "white"\n'
        '[[steps]]\nstep = "save"\nformat = "jpg"\n'
    )
    words = (
        "shop",
        "feed",
        "feed.tsv",
        "-o",
        "new",
        "--base-url",
        "https://cdn.example.com/p/",
        "--recipe",
        "white.toml",
    )
    ran = run(*words)
    assert ran.code == 3, ran.err  # d.jpg is missing
    assert "s3://shop/d.jpg: no such object" in ran.err
    rows = list(csv.DictReader(Path("new/feed.tsv").read_text().splitlines(), delimiter="\t"))
    assert rows[0] == {
        "id": "A1", "title": "Mug, blue", "image link": "https://cdn.example.com/p/A1.jpg",
        "additional image link": "https://cdn.example.com/p/A1-2.jpg,https://cdn.example.com/p/A1-3.jpg",
    }  # fmt: skip
    assert rows[1]["image link"] == "s3://shop/d.jpg"
    assert sorted(p.name for p in Path("new/pictures").iterdir()) == ["A1-2.jpg", "A1-3.jpg", "A1.jpg"]
    write_object(parse_store_address("s3://shop/d.jpg"), photo_bytes(90), overwrite=True)
    before = Path("new/pictures/A1.jpg").stat().st_mtime_ns
    ran = run(*words)
    assert (ran.code, "4 pictures, 3 had been done before" in ran.err) == (0, True), ran.err
    assert Path("new/pictures/A1.jpg").stat().st_mtime_ns == before
    assert "https://cdn.example.com/p/A-2.jpg" in Path("new/feed.tsv").read_text()
    assert "is no address" in run(*words[:6], "cdn", *words[7:]).error
