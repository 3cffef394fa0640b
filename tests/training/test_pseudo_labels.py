"""Teachers label pictures without masks, once; the more decided mask counts more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputMissing, UsageError
from mattebox.training.data.soft_labels import read_soft_labels
from mattebox.training.tasks.cutout.pseudo_labels import (
    MASK_SIDE_PIXELS,
    average_teacher_alphas,
    label_pictures,
    mean_opacity,
)
from tests.fakes import OURS, disc
from tests.training.test_cutout_evaluation import material


def unlabelled(path: Path, count: int = 2) -> Path:
    """Training data, and photographs of a disc without a mask."""
    data = material(path)
    (data / "unlabelled").mkdir()
    for i in range(count):
        rgb = np.where(disc((64, 80))[..., None] > 0.5, (220, 60 + i, 30), (40, 90, 160)).astype(np.uint8)
        Image.fromarray(rgb).save(data / f"unlabelled/u{i}.png")
    return data


def test_the_more_decided_teacher_counts_more() -> None:
    sure = disc((40, 60)).astype(np.float32)
    haze = np.full_like(sure, 0.3)
    blind = np.zeros_like(sure)
    assert mean_opacity(sure) > 0.95
    assert mean_opacity(haze) == pytest.approx(0.3)
    for other in (haze, blind):
        assert np.abs(average_teacher_alphas([sure, other]) - sure).mean() < 0.03
    other = np.roll(sure, 12, 1)  # as sure of something else
    both = average_teacher_alphas([sure, other])
    assert both[(sure > 0.99) & (other > 0.99)].min() > 0.99
    assert both[(sure > 0.99) & (other < 0.01)] == pytest.approx(0.5, abs=0.01)
    assert (average_teacher_alphas([haze]) == haze).all()


def test_a_folder_is_labelled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = unlabelled(tmp_path / "mine"), tmp_path / "soft.npz"
    label_pictures(data, [OURS], out)
    masks = read_soft_labels(out).masks
    assert (masks.shape, masks.dtype) == ((2, MASK_SIDE_PIXELS, MASK_SIDE_PIXELS), np.uint8)
    assert (masks[:, MASK_SIDE_PIXELS // 2, MASK_SIDE_PIXELS // 2] > 200).all()
    assert masks[:, :8, :8].max() < 50
    monkeypatch.setattr(
        "mattebox.training.tasks.cutout.pseudo_labels.compute_soft_masks", lambda *_: pytest.fail("labelled again")
    )
    label_pictures(data, [OURS], out)
    with pytest.raises(UsageError, match=f"holds the masks of {OURS}; remove it"):
        label_pictures(data, ["best"], out)
    np.savez(out, masks=masks)
    with pytest.raises(UsageError, match="teachers it does not name"):  # as versions before this one wrote it
        label_pictures(data, [OURS], out)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["soft.npz"]


def test_what_cannot_be_labelled(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="no unlabelled picture; put some into unlabelled/"):
        label_pictures(material(tmp_path / "mine"), [OURS], tmp_path / "soft.npz")
    assert not (tmp_path / "soft.npz").exists()
