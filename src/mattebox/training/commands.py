"""The workshop's tools as commands of mattebox: `mattebox train`, `eval`, `export`, `quantise`, `prune`, `sheet`.

The house knows nothing of them: it finds them by their entry points, as it would find anybody's. Nothing heavy is
imported before one is called.
"""

from __future__ import annotations

from importlib import import_module

import click

from mattebox.errors import UsageError

TRAINING_PACKAGES = ("torch", "onnx")


def _build_command(name: str, module: str, summary: str) -> click.Command:
    """A command that hands its words to a module's `main`."""

    @click.command(
        name, help=summary, add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )  # fmt: skip
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def command(words: tuple[str, ...]) -> None:
        try:
            tool = import_module(f"mattebox.training.{module}")
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_PACKAGES:
                raise
            raise UsageError(f"`mattebox {name}` needs {error.name}", "pip install mattebox[train]") from error
        tool.main(list(words), f"mattebox {name}")

    return command


train = _build_command(
    "train", "tasks.cutout.train", "Train a cutout network on pictures of your own, from scratch or from a card."
)
evaluate = _build_command(
    "eval", "evaluate.cutout", "Judge networks on labelled pictures: IoU, F, MAE and more, by slice."
)
export = _build_command("export", "export.cutout", "Make a trained network a card and an ONNX file.")
quantise = _build_command("quantise", "export.quantisation", "Make a network int8, and say what it costs and gains.")
prune = _build_command(
    "prune", "export.pruning", "Take the channels that matter least out of a network, and say what that costs."
)
sheet = _build_command("sheet", "data.sample_sheet", "A contact sheet of what a network in training sees.")
