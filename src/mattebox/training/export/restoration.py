"""Export of a trained super-resolution or restoration network: its ONNX file and model card with benchmark figures.

    python -m mattebox.training.export.restoration RUN/best.pt DATA --name up2-1 [--out FOLDER]
                                                   [--recipe TEXT] [--summary TEXT]

Weights are stored in float16. The figures are those of the ONNX file in a session.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.training.core import checkpoint
from mattebox.training.data.patches import read_photographs
from mattebox.training.evaluate.image_quality import benchmark_scores
from mattebox.training.evaluate.restorers import card_restorer
from mattebox.training.export import cards
from mattebox.training.export.onnx_trace import dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.complexity import count_parameters
from mattebox.training.networks.restoration import (
    RestorationNet,
    RestorationShape,
    SuperResolutionNet,
    build_restoration_network,
)

SUMMARY_BY_TASK = {
    "upscale": "enlarges {scale} times, true to what is there; trained from scratch by mattebox",
    "restore": "takes out noise, JPEG's blocks and a little blur; trained from scratch by mattebox",
}
LICENCE_NOTES = (
    "The weights are ours. The photographs they were learned from belong to others; their set is named under data."
)
TRAINING_DATA = ["BSDS500, training photographs, degraded on the fly"]
TASK_BY_SCALE = {1: "restore"}


def load_restoration_network(path: Path) -> SuperResolutionNet | RestorationNet:
    """A checkpoint's network."""
    state = checkpoint.read(path, torch.device("cpu"))
    plan = state["plan"]
    net = build_restoration_network(RestorationShape(plan["scale"], tuple(plan["widths"]), tuple(plan["depths"])))
    net.load_state_dict(state["average"])
    return net.eval()


def write_onnx(net: nn.Module, path: Path) -> None:
    """Write the ONNX graph, with dynamic batch, height and width, weights in float16."""
    axes = dynamic_image_axes("picture", "better")
    onnx.save(trace_to_onnx(net, (torch.zeros(1, 3, 64, 64),), ["picture"], ["better"], axes), path)


def card_facts(net: SuperResolutionNet | RestorationNet, path: Path, recipe: str, summary: str) -> dict[str, Any]:
    """Fields of the card without figures; `summary` may be empty."""
    plan, task = net.plan, TASK_BY_SCALE.get(net.plan.scale, "upscale")
    tiles = {
        "scale": plan.scale,
        "reach": net.reach,
        "multiple": 1 if plan.scale > 1 else 2 ** len(plan.widths),
        "bytes": bytes_per_pixel(plan),
    }
    summary = summary or SUMMARY_BY_TASK[task].format(scale=plan.scale)
    return cards.bundled_network_facts(
        path, task, type(net).__name__, summary, LICENCE_NOTES, TRAINING_DATA, recipe, tiles=tiles
    )


def bytes_per_pixel(plan: RestorationShape) -> int:
    """Estimated bytes of memory for each pixel of the input: four maps of the widest layer."""
    width = plan.widths[0] if plan.scale > 1 else plan.widths[0] // 4 + 6
    return 4 * (4 * width + 4 * 3 * plan.scale**2)


def export_restoration(
    checkpoint_file: Path, data: Path, name: str, out: Path, recipe: str = "", summary: str = ""
) -> Path:
    """Export a checkpoint to NAME.onnx and NAME.json in the folder `out`; the card's path.

    Parameters
    ----------
    checkpoint_file : Path
        Checkpoint of the network.
    data : Path
        Folder with val.tar, for the figures.
    name : str
        Name of the card.
    out : Path
        Folder of the files.
    recipe, summary : str
        Fields of the card; by default no recipe, and a summary by the network's task.
    """
    out.mkdir(parents=True, exist_ok=True)
    net, path, card = load_restoration_network(checkpoint_file), out / f"{name}.onnx", out / f"{name}.json"
    write_onnx(net, path)
    facts = card_facts(net, path, recipe, summary)
    cards.write_facts(card, facts)
    restore = card_restorer(ImageToImageNetwork.open(str(card), "cpu"))
    scores = benchmark_scores(restore, net.plan.scale, read_photographs(data / "val.tar"))
    command = f"python -m mattebox.training.evaluate.image_quality DATA --card {name}"
    facts["figures"] = [
        cards.parameter_figure(count_parameters(net), "python -m mattebox.training.export.restoration"),
        *({"what": what, "value": value, "command": command} for what, value in scores.items()),
    ]
    cards.write_facts(card, facts)
    return card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="RUN/best.pt")
    parser.add_argument("data", type=Path, help="the folder with val.tar")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--recipe", default="", help="how it was trained, in a line, for the card")
    parser.add_argument("--summary", default="")
    args = parser.parse_args()
    print(f"wrote {export_restoration(args.run, args.data, args.name, args.out, args.recipe, args.summary)}")


if __name__ == "__main__":
    main()
