"""Feeds: pictures in by their links, files and a feed with new links out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.io.object_store import write_object
from mattebox.io.store_address import parse_store_address
from mattebox.shops.product_feed import FeedPicture, ProductFeed
from mattebox.shops.xml_feed import XmlFeed
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


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">
  <channel><title>Müller's mugs</title> <!-- kept, as it is -->
    <item>
      <g:id>A1</g:id><title><![CDATA[Blue & white]]></title>
      <g:image_link>s3://shop/a.jpg</g:image_link>
      <g:additional_image_link><![CDATA[ s3://shop/b.jpg?w=1&h=2 ]]></g:additional_image_link>
      <g:additional_image_link>
        s3://shop/c.jpg
      </g:additional_image_link>
      <g:price>9.99 EUR</g:price><g:image_link/>
    </item>
    <item><id>B2</id><image_link>s3://shop/x.jpg?a=1&amp;b=2</image_link></item>
  </channel>
</rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><id>tag:shop</id>
<entry><id>tag:shop,2026:1</id><g:id>A1</g:id><g:image_link>https://h/a.jpg</g:image_link><link href="https://h/p"/></entry>
<entry><g:id>A2</g:id><id>tag:shop,2026:2</id><g:image_link>https://h/b.jpg</g:image_link></entry></feed>"""


def read_xml(tmp_path: Path, text: str) -> XmlFeed:
    path = tmp_path / "feed.xml"
    path.write_bytes(text.encode())
    return XmlFeed.read(path)


def test_rss_keeps_every_other_byte(tmp_path: Path) -> None:
    feed = read_xml(tmp_path, RSS)
    assert list(feed.pictures()) == [
        FeedPicture("A1", 0, "s3://shop/a.jpg"), FeedPicture("A1", 1, "s3://shop/b.jpg?w=1&h=2"),
        FeedPicture("A1", 2, "s3://shop/c.jpg"), FeedPicture("B2", 0, "s3://shop/x.jpg?a=1&b=2"),
    ]  # fmt: skip
    feed.replace_links({})
    assert feed.content == RSS.encode()
    feed.replace_links({("A1", "s3://shop/b.jpg?w=1&h=2"): "https://n/b?x&y", ("B2", "s3://shop/x.jpg?a=1&b=2"): "n",
                        ("A1", "s3://shop/a.jpg"): "https://n/a.jpg"})  # fmt: skip
    expected = RSS.replace("s3://shop/a.jpg", "https://n/a.jpg").replace("s3://shop/x.jpg?a=1&amp;b=2", "n")
    expected = expected.replace("<![CDATA[ s3://shop/b.jpg?w=1&h=2 ]]>", "https://n/b?x&amp;y")
    assert feed.content == expected.encode()
    feed.write(tmp_path / "new.xml")
    assert next(iter(XmlFeed.read(tmp_path / "new.xml").pictures())).url == "https://n/a.jpg"


def test_atom_has_google_ids(tmp_path: Path) -> None:
    feed = read_xml(tmp_path, ATOM)
    assert [(p.product_id, p.url) for p in feed.pictures()] == [("A1", "https://h/a.jpg"), ("A2", "https://h/b.jpg")]


@pytest.mark.parametrize(
    "text",
    ["", "<rss/>", "<rss><item>", "<rss><item><id>1</id></item></rss>",
     '<?xml version="1.0" encoding="ISO-8859-1"?><rss/>',
     '<!DOCTYPE r [<!ENTITY a "b">]><rss><item><id>1</id><image_link>&a;</image_link></item></rss>'],
)  # fmt: skip
def test_what_is_no_xml_feed_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"feed\.xml"):
        read_xml(tmp_path, text)


def test_rss_there_and_back(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memory_stores(monkeypatch)
    write_object(parse_store_address("s3://shop/a.jpg"), photo_bytes(100), overwrite=True)
    Path("feed.xml").write_text("<rss><item><id>A1</id><image_link>s3://shop/a.jpg</image_link></item></rss>")
    words = ("shop", "feed", "feed.xml", "-o", "new", "--base-url", "https://cdn.example.com/p/", "--preset", "product")
    ran = run(*words)
    assert ran.code == 0, ran.err
    new = Path("new/feed.xml").read_text()
    (picture,) = Path("new/pictures").iterdir()
    link = f"https://cdn.example.com/p/{picture.name}"
    assert new == f"<rss><item><id>A1</id><image_link>{link}</image_link></item></rss>"
