"""Weighted F, S and E by hand, and against plain transcriptions of the papers' formulas."""

import numpy as np
import pytest

from mattebox.metrics.segmentation import f_curve, mean_f
from mattebox.metrics.structure import e_curve, max_e, mean_e, s_measure, weighted_f
from tests.fakes import disc

ndimage = pytest.importorskip("scipy.ndimage")
EPS = np.finfo(float).eps


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(2)
    truth = disc((40, 56)).round()
    noisy = np.clip(truth * 0.7 + rng.random(truth.shape) * 0.4, 0, 1).astype(np.float32)
    return [(noisy, truth), (np.roll(truth, 5, 1), truth), (1 - noisy, truth)]


def weighted_f_of_the_paper(alpha: np.ndarray, truth: np.ndarray) -> float:
    subject = truth > 0.5
    error = np.abs(alpha - subject)
    distance, index = ndimage.distance_transform_edt(~subject, return_indices=True)
    kernel = np.exp(-(np.add.outer(np.arange(-3, 4) ** 2, np.arange(-3, 4) ** 2)) / 50)
    spread = ndimage.correlate(error[tuple(index)].astype(float), kernel / kernel.sum(), mode="constant")
    smaller = np.where(subject & (spread < error), spread, error)
    weighted = smaller * np.where(subject, 1, 2 - np.exp(np.log(1 - 0.5) / 5 * distance))
    hits, false = subject.sum() - weighted[subject].sum(), weighted[~subject].sum()
    r, p = 1 - weighted[subject].mean(), hits / (EPS + hits + false)
    return float(2 * r * p / (EPS + r + p))


def e_of_the_paper(binary: np.ndarray, truth: np.ndarray) -> float:
    a, b = binary - binary.mean(), truth - truth.mean(dtype=float)
    return float((((2 * a * b / (a * a + b * b + EPS)) + 1) ** 2 / 4).mean())


def s_of_the_paper(p: np.ndarray, g: np.ndarray) -> float:
    p, g = p.astype(float), g.astype(float)
    u = g.mean()

    def o(x: np.ndarray) -> float:
        return 2 * x.mean() / (x.mean() ** 2 + 1 + x.std(ddof=1))

    cy, cx = (int((np.arange(1, n + 1) * g.sum(1 - axis)).sum() / g.sum() + 0.5) for axis, n in enumerate(g.shape))
    region = 0.0
    for lower, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = (slice(cy, None) if lower else slice(cy), slice(cx, None) if right else slice(cx))
        a, b = p[part], g[part]
        x, y, n = a.mean(), b.mean(), a.size
        sx, sy = ((a - x) ** 2).sum() / (n - 1), ((b - y) ** 2).sum() / (n - 1)
        sxy = ((a - x) * (b - y)).sum() / (n - 1)
        up, down = 4 * x * y * sxy, (x * x + y * y) * (sx + sy)
        region += n / g.size * (up / (down + EPS) if up else float(down == 0))
    return float(max(0, 0.5 * (u * o(p[g > 0.5]) + (1 - u) * o(1 - p[g < 0.5])) + 0.5 * region))


@pytest.mark.parametrize(("alpha", "truth"), pairs())
def test_as_the_papers_say(alpha: np.ndarray, truth: np.ndarray) -> None:
    # equally near pixels may be chosen otherwise, hence the tolerance
    assert weighted_f(alpha, truth) == pytest.approx(weighted_f_of_the_paper(alpha, truth), abs=2e-3)
    assert s_measure(alpha, truth) == pytest.approx(s_of_the_paper(alpha, truth), abs=1e-9)
    level = np.round(alpha * 255)
    for k in (1, 60, 128, 250):
        assert e_curve(alpha, truth)[k] == pytest.approx(e_of_the_paper((level >= k) * 1.0, truth), abs=1e-9)


def test_the_same_is_perfect() -> None:
    truth = disc((40, 56)).round()
    for measure in (weighted_f, s_measure, max_e):
        assert measure(truth, truth) == pytest.approx(1)
    assert mean_e(truth, truth) == pytest.approx((255 + e_curve(truth, truth)[0]) / 256)


def test_weighted_f_by_hand() -> None:
    truth = np.zeros((1, 30), np.float32)
    truth[0, :10] = 1
    alpha = truth.copy()
    alpha[0, 14] = 1  # five pixels away: weight 2 - 0.5
    assert weighted_f(alpha, truth) == pytest.approx(2 * (10 / 11.5) / (1 + 10 / 11.5))


def test_without_a_subject() -> None:
    empty, half = np.zeros((8, 8), np.float32), np.full((8, 8), 0.5, np.float32)
    assert weighted_f(empty, empty) == s_measure(empty, empty) == max_e(empty, empty) == 1
    assert weighted_f(half, empty) == 0
    assert s_measure(half, empty) == s_measure(half, empty + 1) == 0.5
    assert e_curve(half, empty)[[128, 129]].tolist() == [0, 1]
    assert e_curve(half, empty + 1)[[128, 129]].tolist() == [1, 0]


def test_mean_f_is_the_mean_of_its_curve() -> None:
    truth = np.array([[1, 0]], np.float32)
    assert mean_f(truth, truth) == pytest.approx((255 + f_curve(truth, truth)[0]) / 256)
