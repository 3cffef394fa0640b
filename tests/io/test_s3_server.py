"""The same on a server that speaks S3 (moto), where one is installed; the long form is a benchmark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("obstore", reason="the extra `store` is not installed")
pytest.importorskip("moto.server", reason="moto[server] is in no lock: it brings fifty packages")

from benchmarks.store_crash_recovery import INPUT, OUTPUT, s3_server
from mattebox.errors import InputMissing, OutputExists
from mattebox.io import object_store
from mattebox.io.claim_table import ClaimTable
from mattebox.io.input_items import InputItem, expand_inputs
from mattebox.io.object_store import find_object, list_objects, read_object, write_object
from mattebox.io.store_address import StoreAddress


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "")  # set by the server, restored afterwards
    object_store.open_store.cache_clear()
    with s3_server():
        yield
    object_store.open_store.cache_clear()


def test_objects_claims_and_parts() -> None:
    address, content = StoreAddress(OUTPUT, "a b/ü.png"), bytes(range(256)) * 80_000
    version = write_object(address, b"one", overwrite=False)
    with pytest.raises(OutputExists):
        write_object(address, b"two", overwrite=False)
    assert read_object(address, 10) == (b"one", version)
    write_object(address, content, overwrite=True)  # 20 MB, in parts
    assert read_object(address, 1 << 30)[0] == content
    found = find_object(address)
    assert found is not None
    assert found.version != version
    with pytest.raises(InputMissing, match="no such object"):
        read_object(StoreAddress(OUTPUT, "none.png"), 10)
    now = [0.0]
    one, other = (ClaimTable(StoreAddress(OUTPUT, "claims/"), name, 60.0, lambda: now[0]) for name in ("1", "2"))
    assert one.acquire("x")
    assert not other.acquire("x")
    now[0] = 61.0
    assert other.acquire("x")
    one.renew()  # it was taken over
    assert not one.acquire("x")
    one.close()
    other.close()
    assert [o.address.key for o in list_objects(StoreAddress(OUTPUT, ""))] == ["a b/ü.png"]


def test_listing_over_several_pages() -> None:
    for n in range(1010):
        write_object(StoreAddress(INPUT, f"p/{n:04}.jpg"), b"x", overwrite=True)
    items = list(expand_inputs([f"{INPUT}/p/"]))
    assert len(items) == 1010
    assert all(isinstance(item, InputItem) for item in items)
