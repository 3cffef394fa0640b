"""Losses of the cutout network: more weight at the boundary and in thin parts. Needs torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

from mattebox.training.data.batch_sampler import TrainingBatch  # noqa: E402
from mattebox.training.tasks.cutout.losses import cutout_loss, thin_parts  # noqa: E402


def box_on_a_pole() -> torch.Tensor:
    """A matte of a box, 48 x 64 pixels, on a pole 4 pixels wide."""
    alpha = torch.zeros(1, 1, 128, 128)
    alpha[..., 16:64, 32:96] = 1
    alpha[..., 64:120, 60:64] = 1
    return alpha


def test_thin_parts_are_the_pole_and_not_the_box() -> None:
    parts = thin_parts(box_on_a_pole())
    assert (parts[..., 80:112, 60:64] == 1).all()
    assert parts[..., 24:56, 40:88].sum() == 0
    assert parts[..., :, :24].sum() == 0


def loss_with_error_at(rows: slice, columns: slice, **weights: float) -> float:
    """Loss of a network that is right, but uncertain in one rectangle."""
    alpha = box_on_a_pole()
    logits = (alpha * 2 - 1) * 8
    logits[..., rows, columns] = 0
    batch = TrainingBatch(torch.zeros(1, 3, 128, 128), alpha, torch.ones_like(alpha), torch.zeros(1))
    return float(cutout_loss(logits, [], batch, **weights))


def test_errors_at_the_boundary_and_in_thin_parts_cost_more() -> None:
    pole, boundary = (slice(80, 112), slice(60, 64)), (slice(30, 50), slice(32, 34))
    inside = (slice(30, 38), slice(50, 66))  # 128 pixels, as many as the pole has
    assert loss_with_error_at(*pole) == pytest.approx(loss_with_error_at(*inside), rel=0.05)
    assert loss_with_error_at(*pole, thin_weight=2) > 2.5 * loss_with_error_at(*inside, thin_weight=2)
    assert loss_with_error_at(*boundary, boundary_weight=2) > 2 * loss_with_error_at(*boundary)


def test_the_mean_weight_stays() -> None:
    everywhere = slice(0, 128), slice(0, 128)
    plain = loss_with_error_at(*everywhere)
    assert loss_with_error_at(*everywhere, boundary_weight=2, thin_weight=2) == pytest.approx(plain, rel=0.1)


def best_answer(probability: float, iou_weight: float) -> float:
    """The alpha that costs least in a column which is the subject with this probability, where two others are wrong."""
    answers = torch.linspace(-6, 6, 121)
    costs = torch.zeros(len(answers))
    for truth, share in ((1.0, probability), (0.0, 1 - probability)):
        alpha = torch.zeros(1, 1, 8, 8)
        alpha[..., :4] = 1
        alpha[..., 7] = truth
        batch = TrainingBatch(torch.zeros(1, 3, 8, 8), alpha, torch.ones_like(alpha), torch.zeros(1))
        logits = (alpha * 2 - 1) * 8
        logits[..., 3] = -8
        logits[..., 4] = 8
        for index, answer in enumerate(answers):
            logits[..., 7] = answer
            costs[index] += share * cutout_loss(logits, [], batch, iou_weight=iou_weight)
    return float(answers[costs.argmin()].sigmoid())


def test_soft_iou_takes_doubtful_pixels_and_cross_entropy_alone_does_not() -> None:
    assert best_answer(0.48, iou_weight=2.0) > 0.5 > best_answer(0.48, iou_weight=0.0)
