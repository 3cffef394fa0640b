"""Training batches: shapes and ranges, drawn shapes, degradations and occluders."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")


def pool(kind: str, count: int = 6, side: int = 64, alpha: int = 255):  # type: ignore[no-untyped-def]
    from mattebox.training.data.pool import PicturePool
    from mattebox.training.data.tar_shards import ManifestRow

    rgba = torch.zeros(count, 4, side, side, dtype=torch.uint8)
    rgba[:, :3] = torch.randint(0, 255, (count, 3, 1, 1), dtype=torch.uint8)
    rgba[:, 3, side // 4 : -side // 4, side // 4 : -side // 4] = alpha
    return PicturePool(
        rgba, [ManifestRow("s", "humanseg290", str(i), kind, "train", 1.0, 300, 200) for i in range(count)]
    )


def test_batch_shapes_ranges_and_shares() -> None:
    from mattebox.training.data.batch_sampler import BatchSampler

    torch.manual_seed(0)
    batch = BatchSampler(pool("labelled"), pool("unlabelled"), pool("background", alpha=0)).sample_batch(32, (64, 96))
    assert batch.rgb.shape == (32, 3, 64, 96)
    assert batch.alpha.shape == batch.pixel_weights.shape == (32, 1, 64, 96)
    for values in (batch.rgb, batch.alpha, batch.pixel_weights):
        assert values.min() >= 0
        assert values.max() <= 1
    assert batch.alpha[-1].max() == 0  # empty backgrounds come last
    assert batch.has_exact_edges.sum() == 13  # a third are composites, a twentieth drawn shapes


def test_drawn_shapes_are_where_their_alpha_says() -> None:
    from mattebox.training.data.batch_sampler import BatchSampler
    from mattebox.training.data.synthetic_shapes import draw_shape_mattes

    torch.manual_seed(0)
    alpha = draw_shape_mattes(200, (64, 96), torch.device("cpu"))
    assert alpha.shape == (200, 1, 64, 96)
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert (alpha.amax((2, 3)) == 1).float().mean() > 0.95
    assert 0.02 < alpha.mean((1, 2, 3)).median() < 0.5
    batch = BatchSampler(pool("labelled"), pool("unlabelled"), pool("background", alpha=0))._sample_shapes(50, (64, 96))
    inside, outside = batch.alpha == 1, batch.alpha == 0
    apart = [
        (picture[:, a[0]].mean(1) - picture[:, b[0]].mean(1)).abs().max()
        for picture, a, b in zip(batch.rgb, inside, outside, strict=True)
        if a.any() and b.any()
    ]
    assert len(apart) > 40
    assert torch.stack(apart).median() > 0.15


def test_jpeg_changes_little_and_blocks_only() -> None:
    from mattebox.training.data.degradation import add_jpeg_artefacts

    ramp = torch.linspace(0, 1, 70).expand(1, 3, 50, 70)
    out = add_jpeg_artefacts(ramp, torch.full((1, 1, 1, 1), 0.02))
    assert 0 < (out - ramp).abs().max() < 0.1
    assert (out[:, :, 48:] == ramp[:, :, 48:]).all()


def test_shrink_mask_pulls_the_edge_in() -> None:
    from mattebox.training.data.augmentation import shrink_mask

    mask = torch.zeros(1, 1, 20, 20)
    mask[..., 5:15, 5:15] = 1
    trimmed = shrink_mask(mask)
    assert (trimmed <= mask).all()
    assert trimmed[0, 0, 10, 10] == 1
    assert 0 < trimmed[0, 0, 10, 5] < 1


def test_motion_blur_keeps_the_sum() -> None:
    from mattebox.training.data.degradation import add_motion_blur

    torch.manual_seed(0)
    dot = torch.zeros(4, 3, 65, 65)
    dot[..., 30:35, 30:35] = 1
    moved = add_motion_blur(dot)
    assert moved.sum((1, 2, 3)) == pytest.approx(dot.sum((1, 2, 3)), rel=0.01)
    assert (moved.amax((1, 2, 3)) <= 1 + 1e-6).all()
    assert ((moved > 0.01).sum((1, 2, 3)) > (dot > 0).sum((1, 2, 3))).all()


def test_occluders_are_no_subject() -> None:
    from mattebox.training.data.batch_sampler import BatchSampler

    torch.manual_seed(0)
    sampler = BatchSampler(pool("labelled"), pool("unlabelled"), pool("background", alpha=0))
    rgb, alpha = torch.zeros(64, 3, 48, 48), torch.ones(64, 1, 48, 48)
    occluded, visible = sampler._add_occluders(rgb, alpha.clone(), (48, 48))
    hidden = (visible < 0.5).flatten(1).any(1)
    assert 0 < hidden.sum() < 32
    assert (occluded.sum(1, keepdim=True)[visible == 1] == 0).all()
    assert (visible[~hidden] == 1).all()


@pytest.mark.parametrize(("set_name", "weight"), [("grabcut", 0), ("voc12val_panels", 0), ("cats", 1)])
def test_unknown_pixels_of_a_mask_have_no_weight(set_name: str, weight: float) -> None:
    from mattebox.training.data.batch_sampler import BatchSampler

    torch.manual_seed(0)
    labelled = pool("labelled")
    labelled.rgba[:, 3] = 128
    labelled.rows[:] = [replace(row, set=set_name) for row in labelled.rows]
    batch = BatchSampler(labelled, pool("unlabelled"), pool("background", alpha=0))._sample_labelled(4, (32, 32))
    is_unknown = (batch.alpha - 0.5).abs() < 0.01
    assert is_unknown.float().mean() > 0.5
    assert (batch.pixel_weights[is_unknown] == weight).all()


def test_drawn_objects_are_seen_through() -> None:
    from mattebox.training.data import drawn_objects

    torch.manual_seed(0)
    alpha = drawn_objects.draw_object_mattes(120, (64, 96), torch.device("cpu"))
    assert alpha.shape == (120, 1, 64, 96)
    assert alpha.min() >= 0
    assert alpha.max() == 1
    enclosed = [_enclosed_area(matte[0].numpy() < 0.5) > 0 for matte in alpha]
    assert sum(enclosed) > 70  # the others are cut by the border, or too small for their holes to be seen


def _enclosed_area(outside):  # type: ignore[no-untyped-def]
    """Pixels of a mask of what is not the subject that do not reach the border."""
    from mattebox.core.connected_components import label_components

    labels, _ = label_components(outside)
    border = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]}
    return sum((labels == label).sum() for label in set(labels[outside]) - border)
