"""Plans of batches in stores: lazy, every result a name of its own, none below its own prefix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattebox.batch.manifest_plan import plan_from_manifest
from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming
from mattebox.batch.store_plan import plan_lazily
from mattebox.errors import InputMissing, UsageError
from mattebox.io.input_items import InputItem
from mattebox.io.object_store import write_object
from mattebox.io.store_address import StoreAddress
from tests.stores import memory_stores


def items(*keys: str, bucket: str = "in") -> list[InputItem | InputMissing]:
    return [InputItem(Path(k).relative_to(Path(k).parent), Path(k), url=f"s3://{bucket}/{k}") for k in keys]


def targets(keys: list[InputItem | InputMissing], naming: OutputNaming, *, one: bool = True) -> list[str]:
    plan = plan_lazily(keys, naming, has_one_input=one)
    return [str(e.target) if isinstance(e, BatchJob) else e.name for e in plan]


def test_results_mirror_their_keys() -> None:
    assert targets(items("a/1.jpg", "a/2.png", "b.webp"), OutputNaming("s3://out/cut")) == [
        "s3://out/cut/a/1.png", "s3://out/cut/a/2.png", "s3://out/cut/b.png",
    ]  # fmt: skip
    assert targets(items("a/1.jpg"), OutputNaming("gs://out", ".webp")) == ["gs://out/a/1.webp"]
    assert targets(items("a/1.jpg"), OutputNaming("s3://out/x.png")) == ["s3://out/x.png"]
    assert targets(items("1.jpg"), OutputNaming("s3://out/", template="{stem}-{index}")) == ["s3://out/1-1.png"]


def test_results_of_one_name_are_told_apart() -> None:
    keys = items("photo.jpg", "photo.old.jpg", "photo.webp", "photos.jpg")
    assert targets(keys, OutputNaming("s3://out/")) == [
        f"s3://out/{name}" for name in ("photo.jpg.png", "photo.old.png", "photo.webp.png", "photos.png")
    ]


@pytest.mark.parametrize(
    ("keys", "naming", "one"),
    [
        (items("a/1.jpg", "b/1.jpg"), OutputNaming("s3://out/", template="{stem}"), True),
        ([*items("1.jpg"), *items("1.jpg", bucket="other")], OutputNaming("s3://out/"), False),
        (items("2.jpg", "1.jpg", "2.webp"), OutputNaming("s3://out/"), True),  # a store that lists in no order
    ],
)
def test_several_pictures_never_become_one_object(
    keys: list[InputItem | InputMissing], naming: OutputNaming, one: bool
) -> None:
    with pytest.raises(UsageError, match="several pictures would become"):
        targets(keys, naming, one=one)


def test_a_store_that_stops_listing_in_order_is_refused() -> None:
    keys = items(*(f"{n:05}.jpg" for n in range(1500)), "00007.webp")
    with pytest.raises(UsageError, match="in order"):
        targets(keys, OutputNaming("s3://out/"))


def test_one_object_holds_one_result_and_results_need_a_place() -> None:
    with pytest.raises(UsageError, match="is one object"):
        targets(items("1.jpg", "2.jpg"), OutputNaming("s3://out/x.png"))
    with pytest.raises(UsageError, match="need a place"):
        targets(items("1.jpg"), OutputNaming())


def test_its_own_results_are_no_inputs() -> None:
    keys = items("1.jpg", "cut/1.png", "cutter/2.jpg")
    assert targets(keys, OutputNaming("s3://in/cut/")) == ["s3://in/cut/1.png", "s3://in/cut/cutter/2.png"]


def test_a_plan_reads_no_more_than_it_needs() -> None:
    taken = []

    def endless() -> Iterator[InputItem | InputMissing]:
        for n in range(10_000_000):
            taken.append(n)
            yield items(f"{n:08}.jpg")[0]

    plan = plan_lazily(endless(), OutputNaming("s3://out/"), has_one_input=True)
    for _ in range(3000):
        next(plan)
    assert len(taken) < 3010


def test_missing_inputs_are_failures_in_their_place() -> None:
    keys = [*items("1.jpg"), InputMissing("no pictures in s3://b", "look"), *items("2.jpg")]
    assert targets(keys, OutputNaming("s3://out/"))[1] == "no pictures in s3://b"


def test_manifests_name_objects_and_lie_in_stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    memory_stores(monkeypatch)
    text = b"input,output\na/1.jpg,\ns3://other/x/2.jpg,two.webp\n,\n"
    write_object(StoreAddress("s3://in", "lists/all.csv"), text, overwrite=True)
    plan = plan_from_manifest("s3://in/lists/all.csv", OutputNaming("s3://out/"))
    assert [(e.name, str(e.target)) for e in plan if isinstance(e, BatchJob)] == [
        ("s3://in/lists/a/1.jpg", "s3://out/lists/a/1.png"), ("s3://other/x/2.jpg", "s3://out/two.webp"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="need a place"):
        plan_from_manifest("s3://in/lists/all.csv", OutputNaming())
    local = tmp_path / "list.csv"
    local.write_text("input\ns3://other/x/2.jpg\nnone.jpg\n")
    first, second = plan_from_manifest(local, OutputNaming(f"{tmp_path}/out/"))
    assert isinstance(first, BatchJob)
    assert str(first.target) == f"{tmp_path}/out/x/2.png"
    assert isinstance(second, BatchFailure)


def test_the_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebox.batch.shared_batch import SharedBatch

    opened: dict[str, Any] = memory_stores(monkeypatch)
    output = StoreAddress("s3://out", "cut/")
    for _ in range(2):
        SharedBatch(output, "recipe", "model").close()
    with pytest.raises(UsageError, match="another recipe"):
        SharedBatch(output, "other", "model")
    assert list(opened) == ["s3://out"]
