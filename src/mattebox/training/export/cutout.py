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
from mattebox.training.convert.onnx_to_torch import SHAPE
from mattebox.training.core import checkpoint
from mattebox.training.export import cards
from mattebox.training.export.formats import FORMATS
from mattebox.training.export.onnx_compression import halved
from mattebox.training.networks.cutnet import multiply_adds
from mattebox.training.networks.registry import ARCHITECTURES, build

Axes = dict[str, dict[int, str]]

TRAINED_ONLY = ("side.", "sides.")  # deep supervision


class Served(nn.Module):
    """The network with its logits turned into alpha."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.net(picture))


def load_net(path: Path, steep: float = 1.0) -> tuple[nn.Module, str, dict[str, Any]]:
    """A checkpoint's network, its name and its shape. Its last layer is made `steep` times as decided as trained."""
    state = checkpoint.read(path, torch.device("cpu"))
    net = build(state["net"], state["shape"])
    net.load_state_dict(state["average"])
    for value in getattr(net, "fuse" if hasattr(net, "fuse") else "head").parameters():
        value.data *= steep
    return net.eval(), state["net"], state["shape"]


def traced(
    net: nn.Module, given: tuple[Tensor, ...], inputs: list[str], outputs: list[str], axes: Axes, **more: Any
) -> onnx.ModelProto:
    """The network as a graph, weights in float16; `axes` are its free ones, `more` goes to torch's exporter."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the new exporter needs onnxscript, and gives larger graphs
        torch.onnx.export(
            net.eval(), given, file, input_names=inputs, output_names=outputs, dynamic_axes=axes, opset_version=17,
            dynamo=False, **more,
        )  # fmt: skip
    return halved(onnx.load_from_string(file.getvalue()))


def free(*names: str) -> Axes:
    """Batch, height and width of pictures."""
    return {name: {0: "batch", 2: "height", 3: "width"} for name in names}


def write_onnx(net: nn.Module, path: Path, shape: dict[str, Any]) -> None:
    """Export with free batch, height and width, weights in float16; the graph says its shape, for fine-tuning."""
    example = torch.zeros(1, 3, 256, 320)
    model = traced(Served(net), (example,), ["picture"], ["alpha"], free("picture", "alpha"))
    onnx.helper.set_model_props(model, {SHAPE: json.dumps(shape)})
    onnx.save(model, path)


def main(words: Sequence[str] | None = None, called: str | None = None) -> None:
    parser = argparse.ArgumentParser(called, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="what it was trained on, to judge and calibrate it")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for NAME.onnx and NAME.json")
    parser.add_argument("--like", help="a card whose summary, licence, data and variants are taken over")
    parser.add_argument(
        "--steep", type=float, default=1.0, help="how much more decided than trained; 1.5 leaves less haze"
    )
    parser.add_argument("--also", nargs="+", choices=FORMATS, default=[], help="further forms of the same network")
    args = parser.parse_args(words)
    try:
        card = export(args.checkpoint, args.data, args.name, args.out, args.like, args.steep)
        print(f"wrote {card}; use it with: mattebox cut photo.jpg --model {card}")
        for form in args.also:
            print(json.dumps(FORMATS[form](Served(load_net(args.checkpoint, args.steep)[0]).eval(), card)))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def export(source: Path, data: Path, name: str, out: Path, like: str | None = None, steep: float = 1.0) -> Path:
    """Write the ONNX file and its card, calibrated and judged on the validation split; the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    (net, kind, shape), path = load_net(source, steep), out / f"{name}.onnx"
    write_onnx(net, path, shape)
    facts = cards.like(find_card(like)) if like else cards.own(data)
    return cards.write_card(
        path, facts | {"architecture": ARCHITECTURES[kind].called, "notes": cards.made("exported")}, counts(net), data
    )


def counts(net: nn.Module) -> list[dict[str, Any]]:
    """Parameters and multiply-adds, as figures."""
    command = "python -m mattebox.training.export.cutout"
    count = sum(p.numel() for n, p in net.named_parameters() if not n.startswith(TRAINED_ONLY))
    return [
        cards.parameters(count, command),
        {"what": "multiply-adds at 320 x 320", "value": multiply_adds(net, 320, 320), "command": command},
    ]


if __name__ == "__main__":
    main()
