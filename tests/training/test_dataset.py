"""Datasets in shards, folders and CSV files; pictures that cannot be used are named."""

from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.data.dataset import has_samples, stream_samples


def folder(path: Path, count: int, size: tuple[int, int] = (12, 8)) -> Path:
    for name in ("images", "masks"):
        (path / name).mkdir(parents=True)
    for i in range(count):
        Image.new("RGB", size, (i % 256, 0, 0)).save(path / "images" / f"p{i:03d}.jpg")
        Image.new("L", size, 255).save(path / "masks" / f"p{i:03d}.png")
    return path


def test_a_folder_is_split_the_same_way_each_time(tmp_path: Path) -> None:
    data = folder(tmp_path / "mine", 30)
    stems = {split: [r.stem for r, _, _ in stream_samples(data, "labelled", split)] for split in ("val", "train")}
    validation, training = stems["val"], stems["train"]
    assert (len(validation), len(training)) == (3, 27)
    assert not set(validation) & set(training)
    row, picture, mask = next(stream_samples(data, "labelled", "val"))
    assert (row.set, row.width, row.height) == ("mine", 12, 8)
    assert mask is not None
    assert (picture.mode, mask.mode, picture.size) == ("RGB", "L", (12, 8))
    assert not has_samples(data, "background")
    assert not has_samples(data, "unlabelled")


def test_backgrounds_and_16_bit_masks(tmp_path: Path) -> None:
    data = folder(tmp_path, 2)
    (data / "backgrounds").mkdir()
    Image.new("RGB", (5, 5)).save(data / "backgrounds/empty.png")
    for path in (data / "masks").iterdir():
        Image.fromarray(np.full((8, 12), 32896, np.uint16)).save(path)
    assert [m for _, _, m in stream_samples(data, "background", "train")] == [None]
    (data / "unlabelled").mkdir()
    for name in "ba":
        Image.new("RGB", (5, 5)).save(data / f"unlabelled/{name}.png")
    assert has_samples(data, "unlabelled")
    assert [row.stem for row, _, _ in stream_samples(data, "unlabelled", "train")] == ["a", "b"]
    assert not list(stream_samples(data, "unlabelled", "val"))
    _, _, mask = next(stream_samples(data, "labelled", "train"))
    assert np.asarray(mask).max() == 128


def test_a_csv_may_name_sets_and_splits(tmp_path: Path) -> None:
    folder(tmp_path, 3)
    lines = [
        "image,mask,set,split",
        *(f"images/p{i:03d}.jpg,masks/p{i:03d}.png,cats,{'val' * (i < 2)}" for i in range(3)),
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    assert [(r.set, r.stem) for r, _, _ in stream_samples(tmp_path / "list.csv", "labelled", "val")] == [
        ("cats", "p000"),
        ("cats", "p001"),
    ]
    (tmp_path / "bad.csv").write_text("picture,mask\n")
    with pytest.raises(UsageError, match="columns image and mask"):
        list(stream_samples(tmp_path / "bad.csv", "labelled", "val"))


@pytest.mark.parametrize(("kind", "split", "ext"), [("labelled", "val", "avif"), ("check", "check", "webp")])
def test_shards_read_alike(tmp_path: Path, kind: str, split: str, ext: str) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, mode, encoding in ((f"s/one.{ext}", "RGB", ext), ("s/one.png", "L", "png")):
            content = io.BytesIO()
            Image.new(mode, (6, 4)).save(content, encoding)
            info = tarfile.TarInfo(name)
            info.size = content.tell()
            tar.addfile(info, io.BytesIO(content.getvalue()))
    with open(tmp_path / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["shard", "set", "stem", "kind", "split", "weight", "width", "height", "ext"])
        writer.writerow(["a.tar", "s", "one", kind, split, 1, 6, 4, ext])
    ((row, picture, mask),) = stream_samples(tmp_path, kind, split)
    assert row.key == "s/one"
    assert has_samples(tmp_path, kind)
    assert mask is not None
    assert picture.size == mask.size == (6, 4)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path, 3)
    (data / "masks/p001.png").unlink()
    with pytest.raises(InputMissing, match=r"p001\.jpg: .*p001\.png is not there"):
        list(stream_samples(data, "labelled", "train"))
    with pytest.raises(InputMissing, match="nowhere"):
        list(stream_samples(tmp_path / "nowhere", "labelled", "train"))
    with pytest.raises(InputMissing, match=r"no folder images/"):
        list(stream_samples(tmp_path / "images", "labelled", "train"))


def test_one_in_a_hundred_is_skipped_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder(tmp_path, 120)
    stems = [r.stem for r, _, _ in stream_samples(data, "labelled", "train")]
    (data / "images" / f"{stems[5]}.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert len(list(stream_samples(data, "labelled", "train"))) == len(stems) - 1
    assert f"{stems[5]}.jpg" in capsys.readouterr().err
    Image.new("L", (3, 3)).save(data / "masks" / f"{stems[9]}.png")
    with pytest.raises(InputUnreadable, match=rf"2 of 108 .*{stems[9]}.*mask is 3 x 3, the picture 12 x 8"):
        list(stream_samples(data, "labelled", "train"))
