"""Train the style network, on a processor, an accelerator or several.

    python -m mattebox.training.tasks.style.train runs/style-1.toml DATA OUT --features squeezenet1.1.npz [--threads N]

DATA holds train.tar, photographs. A killed run goes on where it was. OUT/last.pt is what export takes; OUT/sheet.png
shows every style on a few photographs, drawn again at every tenth of the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.trainer import Trainer
from mattebox.training.networks.squeezenet import SqueezeNetFeatures
from mattebox.training.tasks.style.settings import StyleSettings
from mattebox.training.tasks.style.task import StyleTask


def train_style(
    settings: StyleSettings,
    data: Path,
    out: Path,
    feature_extractor: SqueezeNetFeatures,
    distributed: DistributedContext | None = None,
) -> None:
    """Train until the budget is spent; see `StyleTask` for the parameters. MatteboxError."""
    Trainer(StyleTask(settings, data, feature_extractor), out, distributed).run()


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__)
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.1's weights (.npz)")
    args = parser.parse_args(argv)

    def train(distributed: DistributedContext) -> None:
        settings = read_recipe(StyleSettings, args, distributed)
        train_style(settings, args.data, args.out, SqueezeNetFeatures(args.features), distributed)

    run_training(args, train)


if __name__ == "__main__":
    main()
