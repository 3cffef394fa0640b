"""Object stores: addresses, reading, writing once, listing, and claims between processes."""

from __future__ import annotations

from typing import Any

import pytest

from mattebox.errors import InputMissing, InputTooLarge, OutputExists, UsageError
from mattebox.io import object_store
from mattebox.io.claim_table import ClaimTable
from mattebox.io.input_items import InputItem, expand_inputs
from mattebox.io.object_store import find_object, list_objects, read_object, write_object
from mattebox.io.sources import read_item
from mattebox.io.store_address import StoreAddress, is_output_address, is_store_address, parse_store_address
from tests.stores import memory_stores


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return memory_stores(monkeypatch)


def put(url: str, content: bytes = b"x") -> None:
    write_object(parse_store_address(url), content, overwrite=True)


def names(argument: str, *, recursive: bool = False) -> list[str]:
    found = expand_inputs([argument], recursive=recursive)
    return [item.relative_path.as_posix() if isinstance(item, InputItem) else item.problem for item in found]


@pytest.mark.parametrize(
    ("text", "root", "key"),
    [
        ("s3://b/a/c.jpg", "s3://b", "a/c.jpg"),
        ("S3://b", "s3://b", ""),
        ("gs://b/", "gs://b", ""),
        ("az://photos/a%20b.png", "az://photos", "a%20b.png"),
        ("https://h:8080/a%20b.png", "https://h:8080", "a b.png"),
    ],
)
def test_addresses(text: str, root: str, key: str) -> None:
    assert parse_store_address(text) == StoreAddress(root, key)


@pytest.mark.parametrize("text", ["s3://", "s3:///a", "s3://b/../c", "s3://b//c", "ftp://h/a", "https://u@h/a"])
def test_what_names_no_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_store_address(text)


def test_what_is_an_address() -> None:
    assert [is_store_address(t) for t in ("s3://b", "a/b", "https://h/x", None)] == [True, False, False, False]
    assert is_output_address("https://h/x")
    assert not is_output_address("C:/x")
    prefix = StoreAddress("s3://b", "out/")
    assert str(prefix.child("a/1.png")) == "s3://b/out/a/1.png"
    assert prefix.contains(StoreAddress("s3://b", "out/1.png"))
    assert not prefix.contains(StoreAddress("s3://b", "outer/1.png"))
    assert str(StoreAddress("https://h", "a b.png")) == "https://h/a%20b.png"


def test_a_prefix_gives_its_pictures_as_a_folder_does(stores: dict[str, Any]) -> None:
    for key in ("in/a.jpg", "in/b.txt", "in/deep/c.PNG", "in/.hidden/d.jpg", "in/ä b.webp", "inner/e.jpg"):
        put(f"s3://b/{key}")
    assert names("s3://b/in/") == ["a.jpg", "ä b.webp"]
    assert names("s3://b/in", recursive=True) == ["a.jpg", "deep/c.PNG", "ä b.webp"]
    assert names("s3://b", recursive=True)[0] == "in/a.jpg"
    assert names("s3://b/in/*.jpg") == ["a.jpg"]
    assert names("s3://b/in/**") == ["a.jpg", "deep/c.PNG", "ä b.webp"]
    assert names("s3://b/in/a.jpg") == ["a.jpg"]
    assert names("s3://b/in/z.jpg") == ["s3://b/in/z.jpg: no such object"]
    assert names("s3://b/nothing/") == ["no pictures in s3://b/nothing"]
    (item,) = expand_inputs(["s3://b/in/ä b.webp"])
    assert isinstance(item, InputItem)
    assert (item.name, read_item(item.path, item.member, item.url)) == ("s3://b/in/ä b.webp", b"x")


def test_listing_is_lazy(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(2500):
        put(f"s3://b/{n:04}.jpg")
    import obstore

    chunks, list_store = [], obstore.list

    def count_listing(*words: Any, **options: Any) -> Any:
        for chunk in list_store(*words, **options):
            chunks.append(len(chunk))
            yield chunk

    monkeypatch.setattr("obstore.list", count_listing)
    items = expand_inputs(["s3://b/"])
    assert [next(items).name for _ in range(2)] == ["s3://b/0000.jpg", "s3://b/0001.jpg"]  # type: ignore[union-attr]
    assert chunks == [1000]
    assert sum(1 for _ in items) == 2498


def test_objects_are_written_once_unless_replaced(stores: dict[str, Any]) -> None:
    address = StoreAddress("s3://b", "out/1.png")
    first = write_object(address, b"one", overwrite=False)
    with pytest.raises(OutputExists, match="s3://b/out/1.png: already exists"):
        write_object(address, b"two", overwrite=False)
    assert read_object(address, 10) == (b"one", first)
    second = write_object(address, memoryview(b"three"), overwrite=True)
    found = find_object(address)
    assert found is not None
    assert (found.size, found.version, first != second) == (5, second, True)
    with pytest.raises(InputTooLarge):
        read_object(address, 4)
    with pytest.raises(InputMissing, match="no such object"):
        read_object(StoreAddress("s3://b", "none.png"), 4)
    assert [o.address.key for o in list_objects(StoreAddress("s3://b", "out/"))] == ["out/1.png"]


def test_large_objects_are_sent_in_parts(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "MULTIPART_BYTES", 1 << 20)
    address, content = StoreAddress("s3://b", "large.tif"), bytes(range(256)) * 12_000
    write_object(address, content, overwrite=True)
    assert read_object(address, 1 << 30)[0] == content


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "obstore.store", None)
    object_store.open_store.cache_clear()
    with pytest.raises(UsageError, match=r"mattebox\[store\]"):
        object_store.open_store("s3://b")


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def tables(*owners: str, clock: Clock) -> list[ClaimTable]:
    return [ClaimTable(StoreAddress("s3://b", ".mattebox/claims/"), owner, 60.0, clock) for owner in owners]


def test_of_two_processes_one_holds_a_claim(stores: dict[str, Any]) -> None:
    clock = Clock()
    one, other = tables("one", "other", clock=clock)
    assert one.acquire("1.png")
    assert not other.acquire("1.png")
    assert other.acquire("2.png")
    one.release("1.png")
    assert other.acquire("1.png")
    one.release("1.png")  # not its own any more
    assert not one.acquire("1.png")
    one.close()
    other.close()
    assert list(list_objects(StoreAddress("s3://b", ".mattebox"))) == []


def test_a_claim_lapses_when_its_holder_shows_no_life_for_a_lease(stores: dict[str, Any]) -> None:
    clock = Clock()
    one, other = tables("one", "other", clock=clock)
    assert one.acquire("1.png")
    assert not other.acquire("1.png")
    clock.now = 50
    one.renew()
    clock.now = 70
    assert not other.acquire("1.png")  # renewed since: the lease starts anew
    clock.now = 129
    assert not other.acquire("1.png")
    clock.now = 131
    assert other.acquire("1.png")
    one.renew()  # sees that it was taken over
    one.release("1.png")
    assert not one.acquire("1.png")
    one.close()
    other.close()
