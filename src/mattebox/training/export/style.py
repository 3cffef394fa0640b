"""Export of a trained style network: its ONNX file and model card.

python -m mattebox.training.export.style RUN/last.pt --name style-1 [--out FOLDER] [--only mosaic,glass]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch

from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.onnx_trace import dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.complexity import count_parameters
from mattebox.training.networks.style_network import StyleNet

CARD_SUMMARY = "paints in one of several styles; trained from scratch by mattebox"
TRAINING_DATA = [
    "BSDS500, training photographs",
    "mattebox/training/tasks/style/style_images: drawn pictures of styles",
]
LICENCE_NOTES = (
    "The weights are ours. The photographs they learned from belong to others; the styles are drawn by our program."
)


def export_style(checkpoint_file: Path, name: str, out: Path, selected_styles: tuple[str, ...] = ()) -> Path:
    """Export a checkpoint to NAME.onnx and NAME.json in the folder `out`; the card's path.

    `selected_styles` are the styles to keep, all by default.
    """
    state = checkpoint.read(checkpoint_file, torch.device("cpu"))
    indices = [i for i, style in enumerate(state["styles"]) if not selected_styles or style in selected_styles]
    weights = {
        n: w[:, indices] if n.endswith(("scale.weight", "move.weight")) else w for n, w in state["average"].items()
    }
    net, path, card = StyleNet(len(indices)), out / f"{name}.onnx", out / f"{name}.json"
    net.load_state_dict(weights)
    out.mkdir(parents=True, exist_ok=True)
    example_inputs = torch.zeros(1, 3, 64, 64), torch.eye(len(indices))[:1]
    axes = dynamic_image_axes("picture", "painted")
    onnx.save(trace_to_onnx(net, example_inputs, ["picture", "style"], ["painted"], axes), path)
    styles, recipe = [state["styles"][i] for i in indices], f"runs/style-1.toml, {state['step']} steps"
    facts = cards.bundled_network_facts(
        path, "style", "StyleNet", CARD_SUMMARY, LICENCE_NOTES, TRAINING_DATA, recipe, styles=styles
    )
    facts["figures"] = [cards.parameter_figure(count_parameters(net), "python -m mattebox.training.export.style")]
    cards.write_facts(card, facts)
    return card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="RUN/last.pt")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--only", default="", help="the styles to keep, separated by commas")
    args = parser.parse_args()
    print(f"wrote {export_style(args.run, args.name, args.out, tuple(filter(None, args.only.split(','))))}")


if __name__ == "__main__":
    main()
