"""Train a network that cuts out: one loop for a processor in the background, an accelerator, and several.

    mattebox train DATA --out RUN [--from CARD | RUN/best.pt] [--net NAME] [--size small|medium|large]
    torchrun --nproc-per-node 4 -m mattebox.training.tasks.cutout.train DATA --out RUN ...

DATA is tar shards with a manifest, a folder with images/ and masks/ (and backgrounds/, unlabelled/), or a CSV of
image,mask. With a --teacher, unlabelled pictures teach, too: labelled by it first, once, into RUN/soft.npz.
A checkpoint every minute makes a killed run go on where it was; RUN/report.html shows its curves and pictures,
RUN/recipe.toml what it was told. Knows nothing of export.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mattebox.errors import MatteboxError, UsageError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.training.convert.onnx_to_torch import shape_of
from mattebox.training.core import checkpoint, run_log
from mattebox.training.core.batch_size import batch_that_fits
from mattebox.training.core.distributed import Team, gathered
from mattebox.training.core.settings import TUNING, Recipe, read_settings, record
from mattebox.training.data.augmentation import Mixer, buckets
from mattebox.training.data.dataset import read_names
from mattebox.training.data.pool import Pools, load_pools
from mattebox.training.evaluate.cutout import judge
from mattebox.training.evaluate.torch_predictor import torch_predictor
from mattebox.training.networks.cutnet import SIZES, multiply_adds
from mattebox.training.networks.registry import ARCHITECTURES, net_of
from mattebox.training.tasks.cutout.pseudo_labels import label, read_soft
from mattebox.training.tasks.cutout.task import Run

SAVE_EVERY = 60  # seconds between checkpoints
INSTALLED = "installed"  # the encoder's weights: those that a package carries


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    soft: np.ndarray | None = None,
    start: str | None = None,
    features: Path | None = None,
    team: Team | None = None,
    pools: Pools | None = None,
    backbone: str | None = None,
) -> None:
    """Train until the recipe's budget is spent. MatteboxError.

    `soft` = teachers' masks of the unlabelled pictures, `start` = a card or a checkpoint to begin with, `features` = a
    classifier's weights to imitate; `pools` = the material, where it has been read already; `backbone` = the
    file of a classifier's weights for the encoder to begin with, or INSTALLED.
    """
    team = team or Team()
    out.mkdir(parents=True, exist_ok=True)
    run = Run(recipe, team, features)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif start is not None and Path(start).suffix == ".pt":
        share = run.start_from(Path(start))
        if team.leads:
            run_log.log(out, {"begun with": start, "share": round(share, 3)})
    elif backbone is not None:
        run.start_from_classifier(None if backbone == INSTALLED else Path(backbone))
    random.seed(recipe.seed)  # the same sizes for all of a team
    torch.manual_seed(recipe.seed + run.step + 1000 * team.number)
    pools = pools or load_pools(data, recipe.pool_side, team.device, soft, read_names(recipe.unwanted))
    mixer = _mixer(recipe, pools)
    if start is not None and Path(start).suffix != ".pt" and run.step == 0:
        run.start_from_card(trainable(start), mixer)
    if team.leads:
        work = multiply_adds(run.average, 320, 320) / 1e9
        run_log.log(out, {"parameters": sum(p.numel() for p in run.net.parameters()), "gmac_320": round(work, 3)})
    largest = max(buckets(int(max(side for _, side in recipe.sides))), key=math.prod)
    run.join()
    with batch_that_fits(recipe.batch, lambda count: _try(run, mixer, count, largest)):
        _loop(run, mixer, data, out)
    if team.leads:
        run.save(out / "last.pt")


def trainable(name: str) -> Card:
    """The card of that name, or of the network in float of which it was made."""
    card = find_card(name)
    return find_card(card.origin) if card.origin else card


def _mixer(recipe: Recipe, pools: Pools) -> Mixer:
    """Without a teacher's masks the labelled pictures stand in."""
    taught = pools.taught or pools.labelled
    return Mixer(pools.labelled, taught, pools.rooms, pasted=recipe.pasted, taught_share=recipe.taught)


def _try(run: Run, mixer: Mixer, count: int, size: tuple[int, int]) -> None:
    """The most that one step of this many samples takes of memory."""
    run.loss(mixer, count, size).backward()
    run.optimiser.zero_grad(set_to_none=True)


def _loop(run: Run, mixer: Mixer, data: Path, out: Path) -> None:
    judged, saved, losses = run.progress, time.monotonic(), []
    while run.progress < 1:
        loss = run.advance(mixer)
        if not math.isnan(loss):
            losses.append(loss)
        judging = run.progress - judged >= run.recipe.judge_every or run.progress >= 1
        if run.team.leads and losses and (judging or time.monotonic() - saved > SAVE_EVERY):
            run.save(out / "last.pt")
            saved = time.monotonic()
            left = max(0.0, run.spent / 60 * (1 / run.progress - 1))
            run_log.log(out, _at(run) | {"loss": round(float(np.mean(losses)), 4), "minutes_left": round(left, 1)})
            losses.clear()
        if judging:
            judged = run.progress
            if run.team.leads:
                _judge(run, data, out)
            run.team.wait()


def _at(run: Run) -> dict[str, Any]:
    return {"step": run.step, "progress": round(run.progress, 4)}


def _judge(run: Run, data: Path, out: Path) -> None:
    """Score the running average at the size that training ends with; keep it when it is the best so far."""
    predict = torch_predictor(run.average, run.recipe.side(1.0))
    scores = judge(predict, data)
    run_log.log(out, _at(run) | {"side": run.recipe.side(run.progress), **scores})
    run_log.show(predict, data, out, f"step {run.step}: IoU {scores['iou']:.4f}")
    if scores["iou"] + scores["max_f"] > run.best:
        run.best = scores["iou"] + scores["max_f"]
        checkpoint.write(run.made() | {"scores": scores}, out / "best.pt")


def main(words: Sequence[str] | None = None, called: str | None = None) -> None:
    parser = argparse.ArgumentParser(called, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; given again, the run goes on")
    parser.add_argument("--from", dest="start", help="a card to begin with, or a checkpoint (best.pt of another run)")
    parser.add_argument("--net", choices=ARCHITECTURES, help="another network than the embedded one's")
    parser.add_argument("--size", choices=SIZES, default="medium", help="of cutnet, unless the recipe has a shape")
    parser.add_argument("--recipe", type=Path, help="a TOML file; without one, sensible settings")
    parser.add_argument("--minutes", type=float, help="another budget than the recipe's")
    parser.add_argument("--steps", type=int, help="a budget of steps instead, so that runs can be compared")
    taught = parser.add_mutually_exclusive_group()
    taught.add_argument(
        "--teacher", action="append", default=[], metavar="CARD",
        help="its opinion of the unlabelled pictures is learned; may be repeated, and any ONNX network has a card",
    )  # fmt: skip
    taught.add_argument(
        "--soft", type=Path, help="the same, as mattebox.training.tasks.cutout.pseudo_labels wrote it beforehand"
    )
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.1's weights (.npz): what it sees is imitated")
    parser.add_argument(
        "--backbone", nargs="?", const=INSTALLED, metavar="FILE",
        help="litenet's encoder begins with a classifier's weights: a file's, or an installed package's",
    )  # fmt: skip
    parser.add_argument("--threads", type=int)
    args = parser.parse_args(words)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        settings = told(args)
        record(settings, args.out)
        with gathered() as team:
            soft = read_soft(_labelled(args, team))
            train(Recipe(**settings), args.data, args.out, soft, args.start, args.features, team, None, args.backbone)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def _labelled(args: argparse.Namespace, team: Team) -> Path | None:
    """The file of teachers' masks, made here where teachers are named. UsageError for a team, which would wait."""
    if not args.teacher:
        return args.soft
    if team.size > 1:
        names = " ".join(args.teacher)
        raise UsageError(
            "teachers label in one process",
            f"first python -m mattebox.training.tasks.cutout.pseudo_labels {args.data} soft.npz {names}, then --soft soft.npz",
        )
    label(args.data, args.teacher, args.out / "soft.npz")
    return args.out / "soft.npz"


def told(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe's settings, and what the words say beside it. UsageError."""
    settings = read_settings(args.recipe, args.out)
    if args.start is not None and not settings:
        settings = dict(TUNING)
    if "net" not in settings:
        named = args.start is not None and Path(args.start).suffix != ".pt" and not args.net
        card = trainable(args.start) if named else None
        settings["net"] = net_of(card) if card else args.net or "cutnet"
        if card and (shape := shape_of(card)):
            settings.setdefault("shape", shape)
    if settings["net"] == "cutnet":
        settings.setdefault("shape", SIZES[args.size].as_dict())
    if args.minutes or args.steps:
        settings |= {"minutes": args.minutes or 0.0, "steps": args.steps or 0}
    elif "steps" not in settings:
        settings.setdefault("minutes", 60.0)
    return settings


if __name__ == "__main__":
    main()
