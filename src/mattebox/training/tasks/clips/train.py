"""Train the network for the frames of a clip between key frames.

    python -m mattebox.training.tasks.clips.train RECIPE DATA OUT --from CARD [--soft soft.npz]

It sees a frame and the matte of a frame beside it, and begins with the weights of a cutout network. Labelled and
soft-labelled photographs are enough: their mattes, moved and with mistakes, stand for those of the frame beside. DATA
and soft.npz are those of mattebox.training.tasks.cutout.train; a run that was killed goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.trainer import Trainer
from mattebox.training.data.soft_labels import read_soft_labels
from mattebox.training.tasks.clips.settings import ClipSettings
from mattebox.training.tasks.clips.task import ClipTrainingTask


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__)
    parser.add_argument("--from", dest="start", help="a card of a litenet to begin with, or a checkpoint (best.pt)")
    parser.add_argument("--soft", type=Path, help="teachers' masks (mattebox.training.tasks.cutout.mixed_labels)")
    args = parser.parse_args(argv)
    run_training(args, lambda distributed: _train(args, distributed))


def _train(args: argparse.Namespace, distributed: DistributedContext) -> None:
    settings = read_recipe(ClipSettings, args, distributed)
    soft_labels = read_soft_labels(args.soft) if args.soft else None
    Trainer(ClipTrainingTask(settings, args.data, soft_labels, args.start), args.out, distributed).run()


if __name__ == "__main__":
    main()
