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
from mattebox.training.convert.onnx_to_torch import read_network_shape
from mattebox.training.core import checkpoint, run_log
from mattebox.training.core.batch_size import suggest_fitting_batch
from mattebox.training.core.distributed import DistributedContext, open_distributed_context
from mattebox.training.core.settings import (
    FINE_TUNING_SETTINGS,
    CutoutSettings,
    read_settings,
    write_settings,
)
from mattebox.training.data.augmentation import BatchSampler, bucket_sizes
from mattebox.training.data.dataset import read_excluded_names
from mattebox.training.data.pool import TrainingPools, load_pools
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.torch_predictor import torch_predictor
from mattebox.training.networks.cutnet import CUTNET_SHAPES, count_multiply_adds
from mattebox.training.networks.registry import ARCHITECTURES, trainable_network_name
from mattebox.training.tasks.cutout.pseudo_labels import read_soft_labels, write_soft_labels
from mattebox.training.tasks.cutout.task import CutoutTrainer

CHECKPOINT_SECONDS = 60  # seconds between checkpoints
INSTALLED_BACKBONE = "installed"  # the encoder's weights: those that a package carries


def train_cutout(
    settings: CutoutSettings,
    data: Path,
    out: Path,
    soft_labels: np.ndarray | None = None,
    initial_weights: str | None = None,
    feature_weights: Path | None = None,
    distributed: DistributedContext | None = None,
    pools: TrainingPools | None = None,
    backbone_weights: str | None = None,
) -> None:
    """Train until the recipe's budget is spent. MatteboxError.

    `soft_labels` = teachers' masks of the unlabelled pictures, `initial_weights` = a card or a checkpoint to begin with, `feature_weights` = a
    classifier's weights to imitate; `pools` = the material, where it has been read already; `backbone_weights` = the
    file of a classifier's weights for the encoder to begin with, or INSTALLED.
    """
    distributed = distributed or DistributedContext()
    out.mkdir(parents=True, exist_ok=True)
    run = CutoutTrainer(settings, distributed, feature_weights)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif initial_weights is not None and Path(initial_weights).suffix == ".pt":
        share = run.initialise_from_checkpoint(Path(initial_weights))
        if distributed.is_main:
            run_log.log_row(out, {"begun with": initial_weights, "share": round(share, 3)})
    elif backbone_weights is not None:
        run.initialise_from_classifier(None if backbone_weights == INSTALLED_BACKBONE else Path(backbone_weights))
    random.seed(settings.seed)  # the same sizes for all of a team
    torch.manual_seed(settings.seed + run.step + 1000 * distributed.rank)
    pools = pools or load_pools(
        data, settings.pool_side, distributed.device, soft_labels, read_excluded_names(settings.excluded_names_file)
    )
    mixer = _build_sampler(settings, pools)
    if initial_weights is not None and Path(initial_weights).suffix != ".pt" and run.step == 0:
        run.initialise_from_card(find_trainable_card(initial_weights), mixer)
    if distributed.is_main:
        work = count_multiply_adds(run.ema_net, 320, 320) / 1e9
        run_log.log_row(out, {"parameters": sum(p.numel() for p in run.net.parameters()), "gmac_320": round(work, 3)})
    largest = max(bucket_sizes(int(max(side for _, side in settings.sides))), key=math.prod)
    run.wrap_for_distributed()
    with suggest_fitting_batch(settings.batch, lambda count: _try_batch(run, mixer, count, largest)):
        _run_training_loop(run, mixer, data, out)
    if distributed.is_main:
        run.save(out / "last.pt")


def find_trainable_card(card_name: str) -> Card:
    """The card of that name, or of the network in float of which it was made."""
    card = find_card(card_name)
    return find_card(card.origin) if card.origin else card


def _build_sampler(settings: CutoutSettings, pools: TrainingPools) -> BatchSampler:
    """Without a teacher's masks the labelled pictures stand in."""
    taught = pools.teacher_labelled or pools.labelled
    return BatchSampler(
        pools.labelled, taught, pools.backgrounds, composite_share=settings.pasted, teacher_share=settings.taught
    )


def _try_batch(run: CutoutTrainer, sampler: BatchSampler, batch_size: int, size: tuple[int, int]) -> None:
    """The most that one step of this many samples takes of memory."""
    run.batch_loss(sampler, batch_size, size).backward()
    run.optimiser.zero_grad(set_to_none=True)


def _run_training_loop(run: CutoutTrainer, sampler: BatchSampler, data: Path, out: Path) -> None:
    judged, saved, losses = run.progress, time.monotonic(), []
    while run.progress < 1:
        loss = run.train_step(sampler)
        if not math.isnan(loss):
            losses.append(loss)
        judging = run.progress - judged >= run.settings.judge_every or run.progress >= 1
        if run.distributed.is_main and losses and (judging or time.monotonic() - saved > CHECKPOINT_SECONDS):
            run.save(out / "last.pt")
            saved = time.monotonic()
            left = max(0.0, run.elapsed_seconds / 60 * (1 / run.progress - 1))
            run_log.log_row(
                out, _position_row(run) | {"loss": round(float(np.mean(losses)), 4), "minutes_left": round(left, 1)}
            )
            losses.clear()
        if judging:
            judged = run.progress
            if run.distributed.is_main:
                _evaluate(run, data, out)
            run.distributed.wait()


def _position_row(run: CutoutTrainer) -> dict[str, Any]:
    return {"step": run.step, "progress": round(run.progress, 4)}


def _evaluate(run: CutoutTrainer, data: Path, out: Path) -> None:
    """Score the running average at the size that training ends with; keep it when it is the best so far."""
    predict = torch_predictor(run.ema_net, run.settings.side_at(1.0))
    scores = evaluate_predictor(predict, data)
    run_log.log_row(out, _position_row(run) | {"side": run.settings.side_at(run.progress), **scores})
    run_log.add_validation_pictures(predict, data, out, f"step {run.step}: IoU {scores['iou']:.4f}")
    if scores["iou"] + scores["max_f"] > run.best_score:
        run.best_score = scores["iou"] + scores["max_f"]
        checkpoint.write(run.best_state() | {"scores": scores}, out / "best.pt")


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; given again, the run goes on")
    parser.add_argument("--from", dest="start", help="a card to begin with, or a checkpoint (best.pt of another run)")
    parser.add_argument("--net", choices=ARCHITECTURES, help="another network than the embedded one's")
    parser.add_argument(
        "--size", choices=CUTNET_SHAPES, default="medium", help="of cutnet, unless the recipe has a shape"
    )
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
        "--backbone", nargs="?", const=INSTALLED_BACKBONE, metavar="FILE",
        help="litenet's encoder begins with a classifier's weights: a file's, or an installed package's",
    )  # fmt: skip
    parser.add_argument("--threads", type=int)
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        settings = settings_from_arguments(args)
        write_settings(settings, args.out)
        with open_distributed_context() as team:
            soft = read_soft_labels(_soft_label_file(args, team))
            train_cutout(
                CutoutSettings(**settings),
                args.data,
                args.out,
                soft,
                args.start,
                args.features,
                team,
                None,
                args.backbone,
            )
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def _soft_label_file(args: argparse.Namespace, distributed: DistributedContext) -> Path | None:
    """The file of teachers' masks, made here where teachers are named. UsageError for a team, which would wait."""
    if not args.teacher:
        return args.soft
    if distributed.world_size > 1:
        names = " ".join(args.teacher)
        raise UsageError(
            "teachers label in one process",
            f"first python -m mattebox.training.tasks.cutout.pseudo_labels {args.data} soft.npz {names}, then --soft soft.npz",
        )
    write_soft_labels(args.data, args.teacher, args.out / "soft.npz")
    return args.out / "soft.npz"


def settings_from_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe's settings, and what the words say beside it. UsageError."""
    settings = read_settings(args.recipe, args.out)
    if args.start is not None and not settings:
        settings = dict(FINE_TUNING_SETTINGS)
    if "net" not in settings:
        named = args.start is not None and Path(args.start).suffix != ".pt" and not args.net
        card = find_trainable_card(args.start) if named else None
        settings["net"] = trainable_network_name(card) if card else args.net or "cutnet"
        if card and (shape := read_network_shape(card)):
            settings.setdefault("shape", shape)
    if settings["net"] == "cutnet":
        settings.setdefault("shape", CUTNET_SHAPES[args.size].as_dict())
    if args.minutes or args.steps:
        settings |= {"minutes": args.minutes or 0.0, "steps": args.steps or 0}
    elif "steps" not in settings:
        settings.setdefault("minutes", 60.0)
    return settings


if __name__ == "__main__":
    main()
