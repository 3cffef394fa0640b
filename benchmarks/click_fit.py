"""Fit of the trees that say which pixels change sides with a click, on the validation photographs.

    python -m benchmarks.click_fit --data DATA --out src/mattebox/matting/click_trees.py

First prints the figures of `benchmarks.clicks` with each fifth of the photographs judged by trees that are fitted on
the others, then writes the module with those that are fitted on all. Stochastic gradient boosting of the logistic loss
(Friedman, 2002) by symmetric trees: each level takes the question that gains most over all of its nodes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.clicks import (
    ClickResult,
    Fault,
    Photograph,
    iter_clicks,
    load_photographs,
    measure_click,
    print_figures,
)
from benchmarks.common import argument_parser
from mattebox.core.connected_components import label_components
from mattebox.matting import click_likelihood, region_growing
from mattebox.matting.click_likelihood import ClickGrid, click_features
from mattebox.matting.colour_odds import colour_log_odds
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.symmetric_trees import SymmetricTree, find_leaves
from mattebox.types import Mask

SAMPLES_PER_SIDE = 400  # of each click, of what changes and of what stays
FOLDS = 5
TREES, LEVELS, RATE = 100, 3, 0.1
RIDGE = 100.0  # added to the curvature of each leaf
SAMPLE_SHARE, FEATURE_SHARE = 0.5, 0.5  # that each tree sees
BINS = 32  # quantiles of each feature between which thresholds lie
HEADER = '''"""Trees of `click_likelihood`, written by `benchmarks.click_fit`: features, thresholds, leaves."""

from __future__ import annotations

from mattebox.matting.symmetric_trees import SymmetricTree
'''


class Samples(NamedTuple):
    """Features N x C of samples of a click's component, and whether each changes sides."""

    features: np.ndarray
    changes: np.ndarray


def sample_click(photograph: Photograph, fault: Fault, rng: np.random.Generator) -> Samples:
    alpha = as_floats(photograph.matte.alpha)
    features = geodesic_features(photograph.picture, alpha)
    odds = colour_log_odds(features, alpha)
    if fault.action == "keep":
        alpha, odds = 1 - alpha, -odds
    labels, _ = label_components(alpha > 0.5)
    component: Mask = labels == labels[fault.click]
    grid = region_growing.halve_grid(ClickGrid(component, alpha, odds, features))
    seeds = np.zeros(grid.component.shape, np.bool_)
    seeds[fault.click[0] // 2, fault.click[1] // 2] = True
    changes = (photograph.truth == (fault.action == "keep"))[::2, ::2]
    usable = grid.component & photograph.known[::2, ::2]
    sides = [np.flatnonzero(side) for side in (usable & changes, usable & ~changes)]
    chosen = np.concatenate([rng.choice(side, min(len(side), SAMPLES_PER_SIDE), replace=False) for side in sides])
    planes = click_features(grid, seeds)
    return Samples(planes.reshape(-1, planes.shape[-1])[chosen], changes.ravel()[chosen])


def fit_trees(samples: Samples, rng: np.random.Generator) -> tuple[tuple[SymmetricTree, ...], float]:
    """The trees, and the intercept."""
    features, target = samples.features, samples.changes.astype(np.float64)
    edges = np.quantile(features, np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
    codes = np.stack([np.searchsorted(*pair) for pair in zip(edges.T, features.T, strict=True)]).astype(np.uint8)
    intercept = round(float(np.log(target.mean() / (1 - target.mean()))), 3)
    logit, trees = np.full(len(target), intercept), []
    for _ in range(TREES):
        probability = 1 / (1 + np.exp(-logit))
        slope, curvature = target - probability, probability * (1 - probability)
        seen = rng.random(len(target)) < SAMPLE_SHARE
        questions = choose_questions(codes[:, seen], slope[seen], curvature[seen], rng)
        indices = tuple(index for index, _ in questions)
        leaf = find_leaves(indices, tuple(code for _, code in questions), codes.astype(np.float32))
        sums = [np.bincount(leaf[seen], plane[seen], 1 << LEVELS) for plane in (slope, curvature)]
        values = RATE * sums[0] / (sums[1] + RIDGE)
        thresholds = tuple(float(f"{edges[int(code), index]:.4g}") for index, code in questions)
        trees.append(SymmetricTree(indices, thresholds, tuple(round(float(v), 3) for v in values)))
        logit += values[leaf]
    return tuple(trees), intercept


def choose_questions(
    codes: np.ndarray, slope: np.ndarray, curvature: np.ndarray, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """The feature of each level and the code above which the answer is yes."""
    candidates = rng.choice(len(codes), max(1, round(FEATURE_SHARE * len(codes))), replace=False)
    leaf, questions = np.zeros(codes.shape[1], np.intp), []
    for level in range(LEVELS):
        gains = [split_gains(leaf * BINS + codes[index], slope, curvature, 1 << level) for index in candidates]
        best, code = np.unravel_index(int(np.argmax(gains)), np.shape(gains))
        questions.append((int(candidates[best]), float(code)))
        leaf = 2 * leaf + (codes[candidates[best]] > code)
    return questions


def split_gains(cells: np.ndarray, slope: np.ndarray, curvature: np.ndarray, nodes: int) -> np.ndarray:
    """How much the loss falls by a split of all nodes above each code but the last; cells are node * BINS + code."""
    slopes, curvatures = (
        np.bincount(cells, plane, nodes * BINS).reshape(nodes, BINS).cumsum(axis=1) for plane in (slope, curvature)
    )
    below, above = ((s**2 / (c + RIDGE)) for s, c in (
        (slopes[:, :-1], curvatures[:, :-1]),
        (slopes[:, -1:] - slopes[:, :-1], curvatures[:, -1:] - curvatures[:, :-1]),
    ))  # fmt: skip
    gains: np.ndarray = (below + above).sum(axis=0)
    return gains


def write_module(path: Path, trees: tuple[SymmetricTree, ...], intercept: float) -> None:
    rows = "".join(f"    SymmetricTree({t.features}, {t.thresholds}, {t.leaves}),\n" for t in trees)
    path.write_text(f"{HEADER}\nINTERCEPT = {intercept}\n\n# fmt: off\nTREES = (\n{rows})\n")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    clicks = list(iter_clicks(list(load_photographs(args.data, "labelled", 1, args.model))))
    rng = np.random.default_rng(0)
    samples = [sample_click(*click, rng) for click in clicks]
    names = rng.permutation(sorted({photograph.name for photograph, _ in clicks}))
    fold_of = {name: i % FOLDS for i, name in enumerate(names)}
    folds = [fold_of[photograph.name] for photograph, _ in clicks]
    results: list[ClickResult] = []
    for fold in (*range(FOLDS), None):
        chosen = [s for s, f in zip(samples, folds, strict=True) if f != fold]
        trees, intercept = fit_trees(Samples(*map(np.concatenate, zip(*chosen, strict=True))), rng)
        click_likelihood.TREES, click_likelihood.INTERCEPT = trees, intercept
        results += [measure_click(*click)[0] for click, f in zip(clicks, folds, strict=True) if f == fold]
    print_figures("by the others", results)
    write_module(args.out, trees, intercept)


if __name__ == "__main__":
    main()
