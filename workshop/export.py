"""A trained network -> the ONNX file and the card that the house carries.

    python -m workshop.export RUN/best.pt --data DATA --name cut-2

Weights are stored as float16 and cast back at load (half the bytes; the cost in accuracy is measured and printed).
The card's calibration is fitted on the validation split: confidence against the IoU really reached.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from workshop.calibrate import calibrate
from workshop.evaluate import judge
from workshop.network import CutNet, Shape, multiply_adds
from workshop.predictors import house_predictor

WEIGHTS = Path("src/mattebox/zoo/weights")


class Served(nn.Module):
    """The network with its logits turned into alpha."""

    def __init__(self, net: CutNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.net(picture))


def load_net(checkpoint: Path) -> CutNet:
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = CutNet(Shape(**{k: tuple(v) for k, v in state["shape"].items()}))
    net.load_state_dict(state["average"])
    return net.eval()


def write_onnx(net: CutNet, path: Path) -> None:
    """Export with free batch, height and width, weights in float16."""
    example = torch.zeros(1, 3, 256, 320)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--name", default="cut-2")
    args = parser.parse_args()
    net, path = load_net(args.checkpoint), WEIGHTS / f"{args.name}.onnx"
    write_onnx(net, path)
    card = WEIGHTS / f"{args.name}.json"
    facts: dict[str, Any] = json.loads(card.read_text()) if card.exists() else json.loads(TEMPLATE)
    facts |= {"name": args.name, "weights": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    card.write_text(json.dumps(facts, indent=2) + "\n")
    facts["calibration"] = calibrate(args.name, args.data)
    facts["figures"] = figures(net, args.name, args.data, judge(house_predictor(args.name), args.data, detail=True))
    card.write_text(json.dumps(facts, indent=2) + "\n")


def figures(net: CutNet, name: str, data: Path, scores: dict[str, float]) -> list[dict[str, Any]]:
    command = f"python -m workshop.evaluate DATA --card {name}"
    shown = {"max_f": "validation max-F", "iou": "validation IoU", "mae": "validation MAE"}
    count = sum(p.numel() for p in net.parameters()) - sum(p.numel() for p in net.sides.parameters())
    return [
        {"what": "parameters", "value": count, "command": "python -m workshop.export"},
        {
            "what": "multiply-adds at 320 x 320",
            "value": multiply_adds(net, 320, 320),
            "command": "python -m workshop.export",
        },
        *({"what": label, "value": round(scores[key], 4), "command": command} for key, label in shown.items()),
    ]


TEMPLATE = json.dumps(
    {
        "name": "", "task": "cutout", "architecture": "CutNet",
        "summary": "salient subject, trained from scratch by the mattebox workshop", "weights": "", "sha256": "",
        "licence": {
            "name": "Apache-2.0",
            "commercial": True,
            "notes": "The weights are ours. The photographs they were learned from belong to others; "
            "their sets are named under data.",
        },
        "input": {"side": 320},
        "variants": {"fast": {"side": 224}, "best": {"side": 352, "mirror": True}},
        "data": [
            "labelled, 3,842 training pairs: pascal10_core, icoseg, humanseg290, ccp, magento_white, feralcats",
            "labelled, continued: butterfly, cars_jvyou, cats81, coco_small, msu_animals, grabcut, rgbt21",
            "distilled from U2-Netp (Apache-2.0, teacher only), 4,526 pictures: caltech101, clothing, imagenet samples",
            "distilled, continued: ccp, groceries, bsds",
            "backgrounds: 1,200 rooms, house fronts, clutter; 200 of them, on which ghosts are counted, in cut-1 only",
        ],
        "recipe": "runs/cut-1.toml, then runs/cut-2.toml begun from it",
    }
)  # fmt: skip


if __name__ == "__main__":
    main()
