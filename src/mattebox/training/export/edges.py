"""Export of a trained edge network: its ONNX file and model card.

    python -m mattebox.training.export.edges RUN/best.pt --name edges-2 [--out FOLDER]

The graph computes the features and mixes the candidates, too: its inputs are a tile, the upsampled matte and the colour
models.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch

from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.onnx_trace import trace_to_onnx
from mattebox.training.networks.complexity import count_parameters
from mattebox.training.networks.edge_network import EdgeNet, TileRefiner

CARD_SUMMARY = "finds edges at full size, hair and blur alike; trained from scratch by mattebox"
LICENCE_NOTES = (
    "The weights are ours. The photographs they were learned from belong to others; their sets are named under data."
)
TRAINING_DATA = [
    "mattes drawn by mattebox/training/tasks/edges/synthetic_mattes",
    "magento_white: alpha and colours of products and models photographed on white",
    "caltech_bg_google, houses_bg: backgrounds",
    "bsds500, caltech101, ccp: photographs in front and behind, without their masks",
]


def load_edge_network(path: Path) -> EdgeNet:
    """A checkpoint's network."""
    state = checkpoint.read(path, torch.device("cpu"))
    net = EdgeNet(state["width"], state.get("shapes"))
    net.load_state_dict(state["average"])
    return net.eval()


def write_onnx(net: EdgeNet, path: Path) -> None:
    """Write the ONNX graph, for tiles of any size, weights in float16."""
    example_inputs = (
        torch.rand(64, 96, 3),
        torch.rand(64, 96),
        torch.rand(1, 27, 18, 26),
        torch.rand(64, 96),
        torch.tensor(2),
        torch.tensor([3, 5]),
    )
    axes = {
        "tile": {0: "T", 1: "U"},
        "prior": {0: "T", 1: "U"},
        "common": {0: "T", 1: "U"},
        "patch": {2: "rows", 3: "columns"},
    }
    names = ["tile", "prior", "patch", "common", "shrink", "first"]
    axes["alpha"] = axes["tile"]
    onnx.save(trace_to_onnx(TileRefiner(net), example_inputs, names, ["alpha"], axes), path)


def export_edges(checkpoint_file: Path, name: str, out: Path) -> Path:
    """Export a checkpoint to NAME.onnx and NAME.json in the folder `out`; the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    net, path, card = load_edge_network(checkpoint_file), out / f"{name}.onnx", out / f"{name}.json"
    write_onnx(net, path)
    facts = cards.bundled_network_facts(
        path, "refine", "Edges", CARD_SUMMARY, LICENCE_NOTES, TRAINING_DATA, "runs/edges-2.toml"
    )
    facts["figures"] = [cards.parameter_figure(count_parameters(net), "python -m mattebox.training.export.edges")]
    cards.write_facts(card, facts)
    return card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="RUN/best.pt")
    parser.add_argument("--name", default="edges-2")
    parser.add_argument("--out", type=Path, default=Path("src/mattebox/models/weights"))
    args = parser.parse_args()
    print(f"wrote {export_edges(args.run, args.name, args.out)}")


if __name__ == "__main__":
    main()
