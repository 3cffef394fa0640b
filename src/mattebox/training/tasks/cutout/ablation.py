"""Ablation of a cutout recipe: equal runs that differ in one setting, evaluated alike.

    python -m mattebox.training.tasks.cutout.ablation DATA OUT [--recipe FILE] [--soft soft.npz] [--features FILE]
                              [--backbone] [--steps 600] [--side 192] [--only NAME ...] [--seeds 1]

Runs have the same number of steps and are short: they tell what helps early, not what helps in the end. OUT/table.json
holds the scores; a killed comparison goes on where it was. Give `--seeds 3` to see the spread of equal runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mattebox.errors import MatteboxError
from mattebox.training.core.settings import build_settings, read_settings
from mattebox.training.data.dataset import read_excluded_names
from mattebox.training.data.pool import TrainingPools, load_pools
from mattebox.training.data.soft_labels import read_soft_labels
from mattebox.training.tasks.cutout.settings import CutoutSettings
from mattebox.training.tasks.cutout.task import INSTALLED_BACKBONE
from mattebox.training.tasks.cutout.train import train_cutout

TABLE_SCORES = ("iou", "max_f", "mae")
WITHOUT_PREFIX = "without "
ABLATIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    f"{WITHOUT_PREFIX}teachers": {},
    f"{WITHOUT_PREFIX}features": {},
    "composites 0": {"pasted": 0.0},
    "composites 0.3": {"pasted": 0.3},
    "composites 0.5": {"pasted": 0.5},
    f"{WITHOUT_PREFIX}average": {"average": 0.0},
    "side 160": {"sides": [[0.0, 160]]},
    "side 256": {"sides": [[0.0, 256]]},
    f"{WITHOUT_PREFIX}backbone": {},
    "litenet 2": {"net": "litenet", "shape": {"size": 2}},
    "cutnet": {"net": "cutnet", "shape": {}},
    "deeplab-mobilenet": {"net": "deeplab-mobilenet", "shape": {}},
    "unet": {"net": "unet", "shape": {}},
}


@dataclass(frozen=True)
class AblationInputs:
    """Data of the runs, a classifier to imitate, and whether encoders begin with a classifier's weights."""

    data: Path
    pools: TrainingPools
    feature_weights: Path | None = None
    use_pretrained_backbone: bool = False


def run_ablation(
    settings: CutoutSettings, names: list[str], seed_count: int, inputs: AblationInputs, out: Path
) -> dict[str, list[dict[str, float]]]:
    """Train and score a run for each change and seed.

    Parameters
    ----------
    settings : CutoutSettings
        Settings that are changed.
    names : list of str
        Changes, keys of `ABLATIONS`.
    seed_count : int
        Runs of each.
    inputs : AblationInputs
        Data and initial weights.
    out : Path
        Folder of the runs and of the table.

    Returns
    -------
    dict
        Scores of the runs by the name of the change.

    Raises
    ------
    UsageError
        If a recipe cannot be changed so, before the first run.
    """
    remaining = {name: _remove_ablated_inputs(name, inputs) for name in names}
    changed = {name: _apply_ablation(settings, name, remaining[name]) for name in names}
    table = {}
    for name in names:
        table[name] = [
            _train_and_score(
                replace(changed[name], seed=seed), remaining[name], out / f"{name}, {seed}".replace(" ", "-")
            )
            for seed in range(seed_count)
        ]
        (out / "table.json").write_text(json.dumps(table, indent=1) + "\n")
        print_scores(name, table[name])
    return table


def _apply_ablation(settings: CutoutSettings, name: str, inputs: AblationInputs) -> CutoutSettings:
    """The settings with one change; without teachers' masks no batch has any."""
    changed = replace(settings, **ABLATIONS[name])
    return changed if inputs.pools.teacher_labelled is not None else replace(changed, taught=0.0)


def _remove_ablated_inputs(name: str, inputs: AblationInputs) -> AblationInputs:
    """The inputs that a change leaves."""
    if name == f"{WITHOUT_PREFIX}teachers":
        return replace(inputs, pools=replace(inputs.pools, teacher_labelled=None))
    if name == f"{WITHOUT_PREFIX}features":
        return replace(inputs, feature_weights=None)
    return replace(inputs, use_pretrained_backbone=False) if name == f"{WITHOUT_PREFIX}backbone" else inputs


def _train_and_score(settings: CutoutSettings, inputs: AblationInputs, run_folder: Path) -> dict[str, float]:
    """Scores at the end of a run, trained now or earlier, with the inputs that its network can use."""
    features = inputs.feature_weights if settings.net == "cutnet" else None
    backbone = INSTALLED_BACKBONE if inputs.use_pretrained_backbone and settings.net == "litenet" else None
    train_cutout(
        settings, inputs.data, run_folder, feature_weights=features, pools=inputs.pools, backbone_weights=backbone
    )
    rows = [json.loads(line) for line in (run_folder / "log.jsonl").read_text().splitlines()]
    last = [row for row in rows if "iou" in row][-1]
    return {name: last[name] for name in TABLE_SCORES}


def print_scores(name: str, run_scores: list[dict[str, float]]) -> None:
    """Print a line: the mean of each score and half the range of the runs."""
    cells = []
    for measure in TABLE_SCORES:
        values = [run[measure] for run in run_scores]
        spread = f" +-{(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
        cells.append(f"{measure} {np.mean(values):.3f}{spread}")
    print(f"{name:24s}", "   ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", type=Path, help="a TOML file of the settings that stay the same")
    parser.add_argument("--soft", type=Path, help="teachers' masks (mattebox.training.tasks.cutout.pseudo_labels)")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--backbone", action="store_true", help="litenet begins with an installed classifier's weights")
    parser.add_argument("--side", type=int, default=192, help="of the input in pixels, unless a change sets another")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=ABLATIONS, default=list(ABLATIONS), metavar="NAME")
    args = parser.parse_args()
    try:
        shared = {"steps": args.steps, "judge_every": 1.0, "sides": [[0.0, args.side]], "warmup": 50, "average": 0.99}
        recipe = build_settings(CutoutSettings, read_settings(CutoutSettings, args.recipe, args.out) | shared)
        args.out.mkdir(parents=True, exist_ok=True)
        excluded = read_excluded_names(recipe.excluded_names_file)
        soft_labels = read_soft_labels(args.soft) if args.soft else None
        pools = load_pools(args.data, recipe.pool_side, torch.device("cpu"), soft_labels, excluded)
        run_ablation(
            recipe, args.only, args.seeds, AblationInputs(args.data, pools, args.features, args.backbone), args.out
        )
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
