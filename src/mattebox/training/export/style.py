"""The trained style network -> the ONNX file and the card that the house carries.

python -m mattebox.training.export.style RUN/last.pt --name style-1 [--out FOLDER] [--only mosaic,glass]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch

from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.cutout import dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.style_network import StyleNet

CARD_SUMMARY = "paints in one of several styles; trained from scratch by the mattebox workshop"
TRAINING_DATA = [
    "BSDS500, training photographs",
    "mattebox/training/tasks/style/style_images: drawn pictures of styles",
]
LICENCE_NOTES = (
    "The weights are ours. The photographs they learned from belong to others; the styles are drawn by our program."
)


def export_style(checkpoint_file: Path, name: str, out: Path, selected_styles: tuple[str, ...] = ()) -> Path:
    """Write both; the card's path. `selected_styles` keeps some of the styles."""
    state = checkpoint.read(checkpoint_file, torch.device("cpu"))
    kept = [i for i, style in enumerate(state["styles"]) if not selected_styles or style in selected_styles]
    weights = {n: w[:, kept] if n.endswith(("scale.weight", "move.weight")) else w for n, w in state["average"].items()}
    net, path, card = StyleNet(len(kept)), out / f"{name}.onnx", out / f"{name}.json"
    net.load_state_dict(weights)
    out.mkdir(parents=True, exist_ok=True)
    given = torch.zeros(1, 3, 64, 64), torch.eye(len(kept))[:1]
    onnx.save(
        trace_to_onnx(net, given, ["picture", "style"], ["painted"], dynamic_image_axes("picture", "painted")), path
    )
    styles, recipe = [state["styles"][i] for i in kept], f"runs/style-1.toml, {state['step']} steps"
    facts = cards.bundled_network_facts(
        path, "style", "StyleNet", CARD_SUMMARY, LICENCE_NOTES, TRAINING_DATA, recipe, styles=styles
    )
    count = sum(p.numel() for p in net.parameters())
    cards.write_facts(
        card, facts | {"figures": [cards.parameter_figure(count, "python -m mattebox.training.export.style")]}
    )
    return card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="RUN/last.pt")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--only", default="", help="the styles to keep, with commas between")
    args = parser.parse_args()
    print(f"wrote {export_style(args.run, args.name, args.out, tuple(filter(None, args.only.split(','))))}")


if __name__ == "__main__":
    main()
