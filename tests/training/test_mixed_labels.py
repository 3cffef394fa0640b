"""Two teachers' files and polygons drawn by hand become soft labels with weights, which the sampler follows."""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from PIL import Image

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.data.augmentation import crop_randomly
from mattebox.training.data.batch_sampler import BatchSampler
from mattebox.training.data.dataset import list_sample_names
from mattebox.training.data.pool import load_pool
from mattebox.training.data.soft_labels import SoftLabels, read_soft_labels, write_soft_labels
from mattebox.training.data.synthetic_shapes import punch_holes
from mattebox.training.data.tar_shards import ManifestRow
from mattebox.training.data.teacher_shards import TeacherShards
from mattebox.training.tasks.cutout.mixed_labels import draw_label, draw_polygons, main, mix_labels, read_polygons
from mattebox.training.tasks.cutout.pseudo_labels import label_pictures
from tests.training.test_pseudo_labels import unlabelled

SIDE = 32


def labels(*insides: tuple[int, int]) -> SoftLabels:
    """A square mask for each picture, from the first to the second pixel of both axes."""
    masks = np.zeros((len(insides), SIDE, SIDE), np.uint8)
    for mask, (low, high) in zip(masks, insides, strict=True):
        mask[low:high, low:high] = 255
    return SoftLabels(masks, ["somebody"])


def test_agreement_counts_and_dispute_does_not() -> None:
    mixed = mix_labels(["a/1", "a/2"], labels((8, 24), (2, 12)), labels((8, 24), (18, 30)), {})
    assert mixed.picture_weights is not None
    assert mixed.pixel_weights is not None
    assert mixed.picture_weights[0] == pytest.approx(1)
    assert mixed.picture_weights[1] == pytest.approx(0.25)
    assert (mixed.pixel_weights[0] == 255).all()
    assert mixed.pixel_weights[1, 20, 20] == 0  # only one of the two is sure of that
    assert (mixed.masks[0] == labels((8, 24)).masks[0]).all()


def test_a_label_by_hand_takes_the_place_of_the_teachers() -> None:
    square = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    drawn = {
        "a/1": {"polygons": [square]},
        "a/2": {"polygons": []},
        "a/3": {"polygons": [], "teacher": "second", "keep": [square]},
    }
    mixed = mix_labels(["a/1", "a/2", "a/3"], labels(*[(0, 8)] * 3), labels(*[(4, 12)] * 3), drawn)
    assert ((mixed.masks[0] > 127) == (labels((8, 24)).masks[0] > 0)).all()
    assert not mixed.masks[1].any()
    assert ((mixed.masks[2] > 127) == (labels((8, 12)).masks[0] > 0)).all()
    assert mixed.pixel_weights is not None
    assert mixed.pixel_weights[0, 16, 16] == 255
    assert mixed.pixel_weights[0, 8, 16] < 80  # its outline


def test_a_chosen_mask_is_kept_and_cut_by_polygons() -> None:
    right_half = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
    first, second = (labels(inside).masks[0] / np.float32(255) for inside in ((4, 20), (12, 28)))
    both, cut, kept, added = (
        draw_label({"teacher": "both", **polygons}, 0.3 + 0.4 * first, second)
        for polygons in ({}, {"cut": [right_half]}, {"keep": [right_half]}, {"polygons": [right_half]})
    )
    outside_columns, columns = np.arange(SIDE) < SIDE // 2, np.arange(SIDE) >= SIDE // 2
    union = np.maximum(first, second)
    assert (both.alpha[union > 0] > 0.83).all()  # a veil of .7 became denser
    assert (both.alpha[union == 0] < 0.17).all()
    assert (both.pixel_weights == 1).all()
    assert both.picture_weight < added.picture_weight
    assert (cut.alpha == both.alpha * outside_columns).all()
    assert (kept.alpha == both.alpha * columns).all()
    assert (added.alpha == np.maximum(both.alpha, columns)).all()
    assert cut.pixel_weights[16, 16] < 0.3  # along what was drawn, and only there
    assert cut.pixel_weights[16, 24] == 1


def test_thin_parts_count_fully() -> None:
    pole = [[(0.49, 0.1), (0.51, 0.1), (0.51, 0.9), (0.49, 0.9)]]
    nothing = np.zeros((128, 128), np.float32)
    label = draw_label({"polygons": pole}, nothing, nothing)
    assert (label.pixel_weights[label.alpha > 0.5] == 1).all()
    assert label.pixel_weights[64, 66] < 0.5  # the background beside it


def test_polygons_are_antialiased_and_even_odd() -> None:
    outer = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    inner = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    fill = draw_polygons([outer, inner], 64)
    assert fill[2, 2] == 1
    assert fill[32, 32] == 0
    triangle = draw_polygons([[(0, 0), (1, 0), (0, 1)]], 64)
    assert triangle.mean() == pytest.approx(0.5, abs=0.02)
    assert 0 < triangle[32, 31] < 1


@pytest.mark.parametrize(
    "text", ["[1", '{"a/1": {"polygons": [[[0, 0], [1, 1]]]}}', '{"a/1": {"polygons": [], "teacher": "third"}}', "[1]"]
)
def test_polygons_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(InputUnreadable, match="holds no polygons"):
        read_polygons(tmp_path / "p.json")


def test_masks_of_other_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match="there are 2 pictures"):
        mix_labels(["a/1", "a/2"], labels((0, 8)), labels((0, 8)), {})


def test_from_files_to_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = unlabelled(tmp_path / "mine", 2)
    names = list_sample_names(data, "unlabelled", "train")
    assert names == ["unlabelled/u0", "unlabelled/u1"]
    for name in ("first", "second"):
        write_soft_labels(labels((8, 24), (8, 24)), tmp_path / f"{name}.npz")
    (tmp_path / "drawn.json").write_text(json.dumps({"unlabelled/u1": {"polygons": []}}))
    paths = [str(tmp_path / f"{name}.npz") for name in ("first", "second", "out")]
    monkeypatch.setattr(sys, "argv", ["", str(data), *paths, "--polygons", str(tmp_path / "drawn.json")])
    main()
    soft = read_soft_labels(tmp_path / "out.npz")
    assert soft.teachers == ["somebody", "somebody", "polygons"]
    assert soft.pixel_weights is not None
    soft = SoftLabels(soft.masks, soft.teachers, soft.pixel_weights // 2, np.array([0, 1], np.float32))
    pool = load_pool(data, "unlabelled", SIDE, soft)
    assert crop_randomly(pool, torch.tensor([0, 1]), (16, 16)).shape == (2, 5, 16, 16)
    sampler = BatchSampler(load_pool(data, "labelled", SIDE), pool, None, 0.0, 0.5)
    for _ in range(4):
        batch = sampler._sample_teacher_labelled(8, (16, 16))
        assert not batch.alpha.any()  # only the second picture has a weight
        assert batch.pixel_weights.max() == pytest.approx(127 / 255, abs=1e-3)


def test_frequencies_by_set(tmp_path: Path) -> None:
    data = unlabelled(tmp_path / "mine", 2)
    pool = load_pool(data, "labelled", SIDE)
    plain, rarer = (BatchSampler(pool, pool, None, set_weights=w) for w in (None, {pool.rows[0].set: 0.5}))
    for kind in ("labelled", "taught"):
        torch.testing.assert_close(rarer.sampling_weights[kind], plain.sampling_weights[kind] / 2)


def test_holes_open_mattes_and_never_fill_them() -> None:
    torch.manual_seed(0)
    matte = torch.zeros(64, 1, 48, 64)
    matte[:, :, 8:40, 8:56] = 1
    opened = punch_holes(matte, 1.0)
    assert (opened <= matte).all()
    areas = (matte - opened).mean((1, 2, 3)) / matte.mean((1, 2, 3))
    assert 0.02 < areas.mean() < 0.5
    assert (punch_holes(matte, 0.0) == matte).all()


def test_masks_in_shards(tmp_path: Path) -> None:
    mask = np.zeros((12, 16), np.uint8)
    mask[3:9, 4:12] = 255
    (tmp_path / "a").mkdir()
    Image.fromarray(mask).save(tmp_path / "a/1.avif")
    with tarfile.open(tmp_path / "teacher-0.tar", "w") as tar:
        tar.add(tmp_path / "a/1.avif", "a/1.avif")
    (tmp_path / "teacher.csv").write_text("shard,set,stem\nteacher-0.tar,a,1\nteacher-1.tar,a,2\n")
    row = ManifestRow("", "a", "1", "unlabelled", "train", 1.0, 16, 12)
    with TeacherShards(tmp_path / "teacher.csv") as shards:
        assert np.abs(shards.read_mask(row) - mask / 255).max() < 0.1
        for stem in ("2", "3"):
            with pytest.raises(InputMissing, match=f"no mask of a/{stem}"):
                shards.read_mask(ManifestRow("", "a", stem, "unlabelled", "train", 1.0, 16, 12))
    with pytest.raises(InputMissing, match="cannot be read as a table"):
        label_pictures(unlabelled(tmp_path / "mine"), [str(tmp_path / "none.csv")], tmp_path / "out.npz")
