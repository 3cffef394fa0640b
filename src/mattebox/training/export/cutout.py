"""A trained network -> the ONNX file and the card that the house carries.

    mattebox export RUN/best.pt --data DATA --name mine [--out FOLDER] [--like balanced] [--also torchscript openvino]

Weights are stored as float16 and cast back at load (half the bytes; the cost in accuracy is measured and printed).
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from mattebox.errors import MatteboxError
from mattebox.models.cards.registry import find_card
from mattebox.training.convert.onnx_to_torch import SHAPE_PROPERTY
from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.formats import FORMATS
from mattebox.training.export.onnx_compression import store_as_float16
from mattebox.training.networks.cutnet import count_multiply_adds
from mattebox.training.networks.registry import ARCHITECTURES, build_network

DynamicAxes = dict[str, dict[int, str]]

TRAINING_ONLY_PREFIXES = ("side.", "sides.")  # deep supervision


class AlphaOutput(nn.Module):
    """The network with its logits turned into alpha."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.net(picture))


def load_cutout_network(path: Path, logit_scale: float = 1.0) -> tuple[nn.Module, str, dict[str, Any]]:
    """A checkpoint's network, its name and its shape. Its last layer is made `logit_scale` times as decided as trained."""
    state = checkpoint.read(path, torch.device("cpu"))
    net = build_network(state["net"], state["shape"])
    net.load_state_dict(state["average"])
    for value in getattr(net, "fuse" if hasattr(net, "fuse") else "head").parameters():
        value.data *= logit_scale
    return net.eval(), state["net"], state["shape"]


def trace_to_onnx(
    net: nn.Module,
    example_inputs: tuple[Tensor, ...],
    input_names: list[str],
    output_names: list[str],
    axes: DynamicAxes,
    **exporter_options: Any,
) -> onnx.ModelProto:
    """The network as a graph, weights in float16; `axes` are its free ones, `exporter_options` goes to torch's exporter."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the new exporter needs onnxscript, and gives larger graphs
        torch.onnx.export(
            net.eval(), example_inputs, file, input_names=input_names, output_names=output_names, dynamic_axes=axes, opset_version=17,
            dynamo=False, **exporter_options,
        )  # fmt: skip
    return store_as_float16(onnx.load_from_string(file.getvalue()))


def dynamic_image_axes(*names: str) -> DynamicAxes:
    """Batch, height and width of pictures."""
    return {name: {0: "batch", 2: "height", 3: "width"} for name in names}


def write_onnx(net: nn.Module, path: Path, shape: dict[str, Any]) -> None:
    """Export with free batch, height and width, weights in float16; the graph says its shape, for fine-tuning."""
    example = torch.zeros(1, 3, 256, 320)
    model = trace_to_onnx(AlphaOutput(net), (example,), ["picture"], ["alpha"], dynamic_image_axes("picture", "alpha"))
    onnx.helper.set_model_props(model, {SHAPE_PROPERTY: json.dumps(shape)})
    onnx.save(model, path)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="what it was trained on, to judge and calibrate it")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for NAME.onnx and NAME.json")
    parser.add_argument("--like", help="a card whose summary, licence, data and variants are taken over")
    parser.add_argument(
        "--steep", type=float, default=1.0, help="how much more decided than trained; 1.5 leaves less haze"
    )
    parser.add_argument("--also", nargs="+", choices=FORMATS, default=[], help="further forms of the same network")
    args = parser.parse_args(argv)
    try:
        card = export_cutout(args.checkpoint, args.data, args.name, args.out, args.like, args.steep)
        print(f"wrote {card}; use it with: mattebox cut photo.jpg --model {card}")
        for form in args.also:
            print(
                json.dumps(FORMATS[form](AlphaOutput(load_cutout_network(args.checkpoint, args.steep)[0]).eval(), card))
            )
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def export_cutout(
    checkpoint_file: Path, data: Path, name: str, out: Path, template_card: str | None = None, logit_scale: float = 1.0
) -> Path:
    """Write the ONNX file and its card, calibrated and judged on the validation split; the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    (net, kind, shape), path = load_cutout_network(checkpoint_file, logit_scale), out / f"{name}.onnx"
    write_onnx(net, path, shape)
    facts = cards.inherited_facts(find_card(template_card)) if template_card else cards.user_network_facts(data)
    return cards.write_evaluated_card(
        path,
        facts | {"architecture": ARCHITECTURES[kind].card_name, "notes": cards.provenance_note("exported")},
        measure_size(net),
        data,
    )


def measure_size(net: nn.Module) -> list[dict[str, Any]]:
    """Parameters and multiply-adds, as figures."""
    command = "python -m mattebox.training.export.cutout"
    count = sum(p.numel() for n, p in net.named_parameters() if not n.startswith(TRAINING_ONLY_PREFIXES))
    return [
        cards.parameter_figure(count, command),
        {"what": "multiply-adds at 320 x 320", "value": count_multiply_adds(net, 320, 320), "command": command},
    ]


if __name__ == "__main__":
    main()
