"""Train a cutout network on a processor, an accelerator or several.

    mattebox train DATA --out RUN [--from CARD | RUN/best.pt] [--net NAME] [--size small|medium|large]
    torchrun --nproc-per-node 4 -m mattebox.training.tasks.cutout.train DATA --out RUN ...

DATA is tar shards with a manifest, a folder with images/ and masks/ (and backgrounds/, unlabelled/), or a CSV of
image,mask. With a --teacher, unlabelled pictures are trained on, too: it labels them first, once, into RUN/soft.npz.
A checkpoint every minute lets a killed run go on where it was; RUN/report.html shows its curves and pictures,
RUN/recipe.toml its settings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError
from mattebox.training.convert.onnx_to_torch import read_network_shape
from mattebox.training.core.command import run_training, training_parser
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.settings import build_settings, override_budget, read_settings, write_settings
from mattebox.training.core.trainer import Trainer
from mattebox.training.data.pool import TrainingPools
from mattebox.training.data.soft_labels import SoftLabels, read_soft_labels
from mattebox.training.networks.cutnet import CUTNET_SHAPES
from mattebox.training.networks.registry import ARCHITECTURES, trainable_network_name
from mattebox.training.tasks.cutout.pseudo_labels import label_pictures
from mattebox.training.tasks.cutout.settings import FINE_TUNING_SETTINGS, CutoutSettings
from mattebox.training.tasks.cutout.task import INSTALLED_BACKBONE, CutoutTask, find_trainable_card

DEFAULT_MINUTES = 60.0


def train_cutout(
    settings: CutoutSettings,
    data: Path,
    out: Path,
    soft_labels: SoftLabels | None = None,
    initial_weights: str | None = None,
    feature_weights: Path | None = None,
    distributed: DistributedContext | None = None,
    pools: TrainingPools | None = None,
    backbone_weights: str | None = None,
) -> None:
    """Train until the budget is spent; see `CutoutTask` for the parameters. MatteboxError."""
    task = CutoutTask(settings, data, soft_labels, initial_weights, feature_weights, backbone_weights, pools)
    Trainer(task, out, distributed).run()


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    args = _build_parser(prog).parse_args(argv)
    run_training(args, lambda distributed: _train(args, distributed))


def _build_parser(prog: str | None) -> argparse.ArgumentParser:
    parser = training_parser(__doc__, prog)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; given again, the run goes on")
    parser.add_argument("--from", dest="start", help="a card to begin with, or a checkpoint (best.pt of another run)")
    parser.add_argument("--net", choices=ARCHITECTURES, help="another network than the embedded one's")
    parser.add_argument(
        "--size", choices=CUTNET_SHAPES, default="medium", help="of cutnet, unless the recipe has a shape"
    )
    parser.add_argument("--recipe", type=Path, help="a TOML file; without one, sensible settings")
    teacher = parser.add_mutually_exclusive_group()
    teacher.add_argument(
        "--teacher", action="append", default=[], metavar="CARD",
        help="a network that labels the unlabelled pictures; may be repeated, and any ONNX network has a card",
    )  # fmt: skip
    teacher.add_argument(
        "--soft",
        type=Path,
        help="such masks, as pseudo_labels or mixed_labels of mattebox.training.tasks.cutout wrote them",
    )
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.1's weights (.npz): its features are imitated")
    parser.add_argument(
        "--backbone", nargs="?", const=INSTALLED_BACKBONE, metavar="FILE",
        help="litenet's encoder begins with a classifier's weights: a file's, or an installed package's",
    )  # fmt: skip
    return parser


def _train(args: argparse.Namespace, distributed: DistributedContext) -> None:
    values = settings_from_arguments(args)
    settings = build_settings(CutoutSettings, values)
    if distributed.is_main:
        write_settings(values, args.out)
    soft_label_file = _soft_label_file(args, distributed)
    soft_labels = read_soft_labels(soft_label_file) if soft_label_file else None
    train_cutout(
        settings, args.data, args.out, soft_labels, args.start, args.features, distributed,
        backbone_weights=args.backbone,
    )  # fmt: skip


def _soft_label_file(args: argparse.Namespace, distributed: DistributedContext) -> Path | None:
    """The file of teachers' masks, written first where teachers are named.

    UsageError with several processes: the others would wait for longer than they do.
    """
    if not args.teacher:
        soft_labels: Path | None = args.soft
        return soft_labels
    if distributed.world_size > 1:
        names = " ".join(args.teacher)
        command = f"python -m mattebox.training.tasks.cutout.pseudo_labels {args.data} soft.npz {names}"
        raise UsageError("teachers label in one process", f"first {command}, then --soft soft.npz")
    label_pictures(args.data, args.teacher, args.out / "soft.npz")
    return Path(args.out / "soft.npz")


def settings_from_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe's values, completed and overridden by the command line. UsageError."""
    values = read_settings(CutoutSettings, args.recipe, args.out)
    if args.start is not None and not values:
        values = dict(FINE_TUNING_SETTINGS)
    if "net" not in values:
        is_card = args.start is not None and Path(args.start).suffix != ".pt" and not args.net
        card = find_trainable_card(args.start) if is_card else None
        values["net"] = trainable_network_name(card) if card else args.net or "cutnet"
        if card and (shape := read_network_shape(card)):
            values.setdefault("shape", shape)
    if values["net"] == "cutnet":
        values.setdefault("shape", CUTNET_SHAPES[args.size].as_dict())
    values = override_budget(values, args.minutes, args.steps)
    if "steps" not in values:
        values.setdefault("minutes", DEFAULT_MINUTES)
    return values


if __name__ == "__main__":
    main()
