"""A trained enlarging or restoring network -> the ONNX file and the card that the house carries, with its figures.

    python -m mattebox.training.export.restoration RUN/best.pt DATA --name up2-1 [--out FOLDER] [--recipe TEXT] [--summary TEXT]

Weights are stored as float16 and cast back at load. The figures are those of the ONNX file, run as the house runs it.
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
from mattebox.training.evaluate.image_quality import benchmark_scores, card_restorer
from mattebox.training.export import cards
from mattebox.training.export.cutout import dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.restoration import (
    RestorationNet,
    RestorationShape,
    SuperResolutionNet,
    build_restoration_network,
)

SUMMARY_BY_TASK = {
    "upscale": "enlarges {scale} times, true to what is there; trained from scratch by the mattebox workshop",
    "restore": "takes out noise, JPEG's blocks and a little blur; trained from scratch by the mattebox workshop",
}
LICENCE_NOTES = (
    "The weights are ours. The photographs they were learned from belong to others; their set is named under data."
)
TRAINING_DATA = ["BSDS500, training photographs, distorted on the fly"]
TASK_BY_SCALE = {1: "restore"}


def load_restoration_network(path: Path) -> SuperResolutionNet | RestorationNet:
    state = checkpoint.read(path, torch.device("cpu"))
    plan = state["plan"]
    net = build_restoration_network(RestorationShape(plan["scale"], tuple(plan["widths"]), tuple(plan["depths"])))
    net.load_state_dict(state["average"])
    return net.eval()


def write_onnx(net: nn.Module, path: Path) -> None:
    """Export with free batch, height and width, weights in float16."""
    given = torch.zeros(1, 3, 64, 64)
    onnx.save(trace_to_onnx(net, (given,), ["picture"], ["better"], dynamic_image_axes("picture", "better")), path)


def card_facts(net: SuperResolutionNet | RestorationNet, path: Path, recipe: str, summary: str) -> dict[str, Any]:
    """The card without its figures."""
    plan, task = net.plan, TASK_BY_SCALE.get(net.plan.scale, "upscale")
    tiles = {
        "scale": plan.scale,
        "reach": net.reach,
        "multiple": 1 if plan.scale > 1 else 2 ** len(plan.widths),
        "bytes": bytes_per_pixel(plan),
    }
    told = summary or SUMMARY_BY_TASK[task].format(scale=plan.scale)
    return cards.bundled_network_facts(
        path, task, type(net).__name__, told, LICENCE_NOTES, TRAINING_DATA, recipe, tiles=tiles
    )


def bytes_per_pixel(plan: RestorationShape) -> int:
    """Bytes that a pixel of the input takes while the network runs, about: four maps of its widest layer."""
    width = plan.widths[0] if plan.scale > 1 else plan.widths[0] // 4 + 6
    return 4 * (4 * width + 4 * 3 * plan.scale**2)


def export_restoration(
    checkpoint_file: Path, data: Path, name: str, out: Path, recipe: str = "", summary: str = ""
) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    net, path, card = load_restoration_network(checkpoint_file), out / f"{name}.onnx", out / f"{name}.json"
    write_onnx(net, path)
    facts = card_facts(net, path, recipe, summary)
    cards.write_facts(card, facts)
    scores = benchmark_scores(
        card_restorer(ImageToImageNetwork.open(str(card), "cpu")), net.plan.scale, read_photographs(data / "val.tar")
    )
    command = f"python -m mattebox.training.evaluate.image_quality DATA --card {name}"
    count = sum(p.numel() for p in net.parameters())
    judged = [{"what": what, "value": value, "command": command} for what, value in scores.items()]
    cards.write_facts(
        card,
        facts | {"figures": [cards.parameter_figure(count, "python -m mattebox.training.export.restoration"), *judged]},
    )
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
