"""Export of a trained cutout network: its ONNX file and model card.

    mattebox export RUN/best.pt --data DATA --name mine [--out FOLDER] [--like balanced] [--also torchscript openvino]

Weights are stored in float16 and cast to float32 at load: half the bytes. The card's scores are those of the file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from mattebox.errors import MatteboxError
from mattebox.models.cards.registry import find_card
from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.formats import FORMATS
from mattebox.training.export.onnx_trace import SHAPE_PROPERTY, dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.complexity import count_multiply_adds, count_parameters
from mattebox.training.networks.registry import ARCHITECTURES, build_network

TRAINING_ONLY_PREFIXES = ("side.", "sides.")  # names of the parameters for deep supervision


class AlphaOutput(nn.Module):
    """A network with a sigmoid after its logits."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.net(picture))


def load_cutout_network(
    path: Path, logit_scale: float = 1.0, logit_shift: float = 0.0
) -> tuple[nn.Module, str, dict[str, Any]]:
    """A checkpoint's network with logits times `logit_scale` plus `logit_shift`, its name in recipes, and its shape."""
    state = checkpoint.read(path, torch.device("cpu"))
    net = build_network(state["net"], state["shape"])
    net.load_state_dict(state["average"])
    last_layer = getattr(net, "fuse" if hasattr(net, "fuse") else "head")
    for value in last_layer.parameters():
        value.data *= logit_scale
    last_layer.bias.data += logit_shift
    return net.eval(), state["net"], state["shape"]


def write_onnx(net: nn.Module, path: Path, shape: dict[str, Any]) -> None:
    """Write the ONNX graph, with dynamic batch, height and width; its metadata hold the shape, for fine-tuning."""
    example = torch.zeros(1, 3, 256, 320)
    model = trace_to_onnx(AlphaOutput(net), (example,), ["picture"], ["alpha"], dynamic_image_axes("picture", "alpha"))
    onnx.helper.set_model_props(model, {SHAPE_PROPERTY: json.dumps(shape)})
    onnx.save(model, path)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="the training data, to evaluate and calibrate on")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for NAME.onnx and NAME.json")
    parser.add_argument("--like", help="a card whose summary, licence, data and variants are copied")
    parser.add_argument("--steep", type=float, default=1.0, help="factor of the logits; 1.5 leaves less haze")
    parser.add_argument("--shift", type=float, default=0.0, help="added to them; -1 takes less (see platt_scaling)")
    parser.add_argument("--also", nargs="+", choices=FORMATS, default=[], help="further formats of the same network")
    args = parser.parse_args(argv)
    try:
        card = export_cutout(args.checkpoint, args.data, args.name, args.out, args.like, args.steep, args.shift)
        print(f"wrote {card}; use it with: mattebox cut photo.jpg --model {card}")
        for name in args.also:
            net = AlphaOutput(load_cutout_network(args.checkpoint, args.steep, args.shift)[0]).eval()
            print(json.dumps(FORMATS[name](net, card)))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def export_cutout(
    checkpoint_file: Path,
    data: Path,
    name: str,
    out: Path,
    template_card: str | None = None,
    logit_scale: float = 1.0,
    logit_shift: float = 0.0,
) -> Path:
    """Export a checkpoint to an ONNX file and its card.

    Parameters
    ----------
    checkpoint_file : Path
        Checkpoint of a cutout network.
    data : Path
        Training data, to evaluate and calibrate on.
    name : str
        Name of the card.
    out : Path
        Folder of the files.
    template_card : str, optional
        A card whose summary, licence, data and variants are copied.
    logit_scale, logit_shift : float
        Factor of the logits, and what is added to them then.

    Returns
    -------
    Path
        The card.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.onnx"
    net, network_name, shape = load_cutout_network(checkpoint_file, logit_scale, logit_shift)
    write_onnx(net, path, shape)
    facts = cards.inherited_facts(find_card(template_card)) if template_card else cards.user_network_facts(data)
    facts |= {"architecture": ARCHITECTURES[network_name].card_name, "notes": cards.provenance_note("exported")}
    return cards.write_evaluated_card(path, facts, measure_size(net), data)


def measure_size(net: nn.Module) -> list[dict[str, Any]]:
    """Figures of the parameters and the multiply-adds."""
    command = "python -m mattebox.training.export.cutout"
    return [
        cards.parameter_figure(count_parameters(net, TRAINING_ONLY_PREFIXES), command),
        {"what": "multiply-adds at 320 x 320", "value": count_multiply_adds(net, 320, 320), "command": command},
    ]


if __name__ == "__main__":
    main()
