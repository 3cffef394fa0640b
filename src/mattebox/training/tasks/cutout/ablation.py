"""What each part of a recipe is worth: equal runs, one thing changed in each, judged alike.

    python -m mattebox.training.tasks.cutout.ablation DATA OUT [--recipe FILE] [--soft soft.npz] [--features squeezenet1.1.npz] [--steps 600]
                              [--backbone] [--side 192] [--only NAME ...] [--seeds 1]

Runs are equally long in steps, and short: they tell what helps early, not what helps in the end. OUT/table.json holds
what was measured; a killed comparison goes on where it was. Give `--seeds 3` to see how much is luck.
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
from mattebox.training.tasks.cutout.pseudo_labels import read_soft_labels
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
    """What runs are made of: the pictures, a classifier to imitate, and whether encoders begin with one's weights."""

    data: Path
    pools: TrainingPools
    feature_weights: Path | None = None
    use_pretrained_backbone: bool = False


def run_ablation(
    settings: CutoutSettings, names: list[str], seed_count: int, inputs: AblationInputs, out: Path
) -> dict[str, list[dict[str, float]]]:
    """Name of the change -> the scores of its runs, one of each seed. MatteboxError, before the first run where a
    recipe cannot be changed so."""
    known = {name: _remove_ablated_inputs(name, inputs) for name in names}
    changed = {name: _apply_ablation(settings, name, known[name]) for name in names}
    table = {}
    for name in names:
        table[name] = [
            _train_and_score(replace(changed[name], seed=seed), known[name], out / f"{name}, {seed}".replace(" ", "-"))
            for seed in range(seed_count)
        ]
        (out / "table.json").write_text(json.dumps(table, indent=1) + "\n")
        print_scores(name, table[name])
    return table


def _apply_ablation(settings: CutoutSettings, name: str, inputs: AblationInputs) -> CutoutSettings:
    """The recipe with that one thing changed; where nobody teaches, nobody is asked."""
    changed = replace(settings, **ABLATIONS[name])
    return changed if inputs.pools.teacher_labelled is not None else replace(changed, taught=0.0)


def _remove_ablated_inputs(name: str, inputs: AblationInputs) -> AblationInputs:
    """What the change leaves of the material."""
    if name == f"{WITHOUT_PREFIX}teachers":
        return replace(inputs, pools=replace(inputs.pools, teacher_labelled=None))
    if name == f"{WITHOUT_PREFIX}features":
        return replace(inputs, feature_weights=None)
    return replace(inputs, use_pretrained_backbone=False) if name == f"{WITHOUT_PREFIX}backbone" else inputs


def _train_and_score(settings: CutoutSettings, inputs: AblationInputs, run_folder: Path) -> dict[str, float]:
    """The scores of a run at its end, trained now or before; each network is given what it can use."""
    features = inputs.feature_weights if settings.net == "cutnet" else None
    backbone = INSTALLED_BACKBONE if inputs.use_pretrained_backbone and settings.net == "litenet" else None
    train_cutout(
        settings, inputs.data, run_folder, feature_weights=features, pools=inputs.pools, backbone_weights=backbone
    )
    rows = [json.loads(line) for line in (run_folder / "log.jsonl").read_text().splitlines()]
    last = [row for row in rows if "iou" in row][-1]
    return {name: last[name] for name in TABLE_SCORES}


def print_scores(name: str, run_scores: list[dict[str, float]]) -> None:
    """One line: the mean of each measure, and how far the runs lie apart."""
    cells = []
    for measure in TABLE_SCORES:
        values = [run[measure] for run in run_scores]
        apart = f" +-{(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
        cells.append(f"{measure} {np.mean(values):.3f}{apart}")
    print(f"{name:24s}", "   ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", type=Path, help="a TOML file of what stays the same")
    parser.add_argument("--soft", type=Path, help="teachers' masks (mattebox.training.tasks.cutout.pseudo_labels)")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--backbone", action="store_true", help="litenet begins with an installed classifier's weights")
    parser.add_argument("--side", type=int, default=192, help="of the pictures, unless a change says another")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=ABLATIONS, default=list(ABLATIONS), metavar="NAME")
    args = parser.parse_args()
    try:
        equal = {"steps": args.steps, "judge_every": 1.0, "sides": [[0.0, args.side]], "warmup": 50, "average": 0.99}
        recipe = build_settings(CutoutSettings, read_settings(CutoutSettings, args.recipe, args.out) | equal)
        args.out.mkdir(parents=True, exist_ok=True)
        leave = read_excluded_names(recipe.excluded_names_file)
        pools = load_pools(args.data, recipe.pool_side, torch.device("cpu"), read_soft_labels(args.soft), leave)
        run_ablation(
            recipe, args.only, args.seeds, AblationInputs(args.data, pools, args.features, args.backbone), args.out
        )
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
