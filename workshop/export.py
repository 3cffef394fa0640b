"""A trained network -> the ONNX file and the card that the house carries.

    mattebox export RUN/best.pt --data DATA --name mine [--out FOLDER] [--like balanced] [--also torchscript openvino]

Weights are stored as float16 and cast back at load (half the bytes; the cost in accuracy is measured and printed).
The card's calibration is fitted on the validation split: confidence against the IoU really reached.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from mattebox.errors import MatteboxError
from mattebox.zoo.registry import find_card
from workshop import checkpoint
from workshop.architectures import ARCHITECTURES, build
from workshop.calibrate import calibrate
from workshop.evaluate import judge
from workshop.formats import FORMATS
from workshop.material import stream
from workshop.network import multiply_adds
from workshop.predictors import house_predictor

TRAINED_ONLY = ("side.", "sides.")  # deep supervision


class Served(nn.Module):
    """The network with its logits turned into alpha."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.net(picture))


def load_net(path: Path, steep: float = 1.0) -> tuple[nn.Module, str]:
    """A checkpoint's network, and what cards call it. Its last layer is made `steep` times as decided as trained."""
    state = checkpoint.read(path, torch.device("cpu"))
    net = build(state["net"], state["shape"])
    net.load_state_dict(state["average"])
    for value in getattr(net, "fuse" if hasattr(net, "fuse") else "head").parameters():
        value.data *= steep
    return net.eval(), ARCHITECTURES[state["net"]].called


def write_onnx(net: nn.Module, path: Path) -> None:
    """Export with free batch, height and width, weights in float16."""
    example = torch.zeros(1, 3, 256, 320)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the new exporter needs onnxscript, and gives larger graphs
        torch.onnx.export(
            Served(net).eval(), (example,), path, input_names=["picture"], output_names=["alpha"],
            dynamic_axes={name: {0: "batch", 2: "height", 3: "width"} for name in ("picture", "alpha")},
            opset_version=17, dynamo=False,
        )  # fmt: skip
    onnx.save(halved(onnx.load(path)), path)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large float32 constants stored as float16 with a Cast behind each: the graph still computes in float32."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < 64:
            kept.append(tensor)
            continue
        small = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), small))
        casts.append(helper.make_node("Cast", [small], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    return model


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
    (net, architecture), path, card = load_net(source, steep), out / f"{name}.onnx", out / f"{name}.json"
    write_onnx(net, path)
    facts = (_like(like) if like else _own(data)) | {"architecture": architecture, "notes": _made()}
    facts |= {"name": name, "weights": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    facts |= {"figures": [], "calibration": {}}
    card.write_text(json.dumps(facts, indent=2) + "\n")
    facts["calibration"] = calibrate(str(card), data)
    facts["figures"] = figures(net, name, data, judge(house_predictor(str(card)), data, detail=True))
    card.write_text(json.dumps(facts, indent=2) + "\n")
    return card


def _made() -> str:
    """The day, and the commit of the workshop where there is one."""
    words = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True, check=False) if shutil.which("git") else None
    commit = f", workshop at commit {done.stdout.strip()}" if done is not None and done.returncode == 0 else ""
    return f"exported {date.today():%Y-%m-%d}{commit}"


def _like(name: str) -> dict[str, Any]:
    """What a card says of its network's making and use."""
    told: dict[str, Any] = msgspec.to_builtins(find_card(name))
    return {k: told[k] for k in ("task", "summary", "licence", "input", "variants", "data", "recipe")}


def _own(data: Path) -> dict[str, Any]:
    """The facts of a network of the user's own, which the user may want to complete."""
    pairs = sum(1 for _ in stream(data, "labelled", "train"))
    return {
        "task": "cutout",
        "summary": f"trained on {data.resolve().name}",
        "licence": {"name": "unstated", "commercial": True, "notes": "the licence of these weights is yours to state"},
        "input": {"side": 320},
        "variants": {"fast": {"side": 224}, "best": {"looks": 4}},
        "data": [f"{data.resolve().name}: {pairs} training pairs"],
    }


def figures(net: nn.Module, name: str, data: Path, scores: dict[str, float]) -> list[dict[str, Any]]:
    command = f"python -m workshop.evaluate DATA --card {name}"
    shown = {"max_f": "validation max-F", "iou": "validation IoU", "mae": "validation MAE"}
    count = sum(p.numel() for n, p in net.named_parameters() if not n.startswith(TRAINED_ONLY))
    return [
        {"what": "parameters", "value": count, "command": "python -m workshop.export"},
        {
            "what": "multiply-adds at 320 x 320",
            "value": multiply_adds(net, 320, 320),
            "command": "python -m workshop.export",
        },
        *({"what": label, "value": round(scores[key], 4), "command": command} for key, label in shown.items()),
    ]


if __name__ == "__main__":
    main()
