"""Train a network that enlarges or restores photographs, on a processor, an accelerator or several.

    python -m mattebox.training.tasks.restore.train RECIPE DATA OUT [--start SMALLER/best.pt | CARD] [--threads N]
    python -m mattebox.training.tasks.restore.train runs/real4-1.toml DATA OUT --start UP4/best.pt --perceptual FILE

RECIPE is one of runs/. DATA holds train.tar and val.tar. A killed run goes on where it was; OUT/best.pt is the moving
average that scored best. The loss is L1, mostly of luma, as super-resolution is measured, or PSNR of all colours, as
denoising is; a network for photographs of the real world, whose details cannot be known, also has a perceptual loss.
Under torchrun give --from, since it takes --start for its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.trainer import Trainer
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.tasks.restore.settings import RestorationSettings
from mattebox.training.tasks.restore.task import RestorationTask


def train_restoration(
    settings: RestorationSettings,
    data: Path,
    out: Path,
    initial_weights: str | None = None,
    perceptual: PerceptualDistance | None = None,
    distributed: DistributedContext | None = None,
) -> None:
    """Train until the budget is spent; see `RestorationTask` for the parameters. MatteboxError."""
    Trainer(RestorationTask(settings, data, initial_weights, perceptual), out, distributed).run()


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__)
    parser.add_argument("--from", "--start", dest="start", help="best.pt of another run, or a card's name")
    parser.add_argument("--perceptual", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    args = parser.parse_args(argv)

    def train(distributed: DistributedContext) -> None:
        settings = read_recipe(RestorationSettings, args, distributed)
        perceptual = None if args.perceptual is None else PerceptualDistance(args.perceptual)
        train_restoration(settings, args.data, args.out, args.start, perceptual, distributed)

    run_training(args, train)


if __name__ == "__main__":
    main()
