"""Training tools as commands of mattebox: `mattebox train`, `eval`, `export`, `quantise`, `prune`, `sheet`.

The command line finds them by their entry points, as it would any other package's. PyTorch is imported when one runs.
"""

from __future__ import annotations

from importlib import import_module

import click

from mattebox.errors import UsageError

TRAINING_PACKAGES = ("torch", "onnx")


def _build_command(name: str, module: str, summary: str) -> click.Command:
    """A command that passes its arguments to a module's `main`."""

    @click.command(
        name, help=summary, add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )  # fmt: skip
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        try:
            tool = import_module(f"mattebox.training.{module}")
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_PACKAGES:
                raise
            raise UsageError(f"`mattebox {name}` needs {error.name}", "pip install 'mattebox[train]'") from error
        tool.main(list(arguments), f"mattebox {name}")

    return command


train = _build_command(
    "train", "tasks.cutout.train", "Train a cutout network on pictures of your own, from scratch or from a card."
)
evaluate = _build_command(
    "eval", "evaluate.cutout", "Evaluate networks on labelled pictures: IoU, F, MAE and more, by slice."
)
export = _build_command("export", "export.cutout", "Export a trained network as an ONNX file with a card.")
quantise = _build_command(
    "quantise", "export.quantisation", "Quantise a network to int8, and report what that costs and gains."
)
prune = _build_command(
    "prune", "export.pruning", "Remove the channels of a network that matter least, and report what that costs."
)
sheet = _build_command("sheet", "data.sample_sheet", "Draw a contact sheet of training samples.")
