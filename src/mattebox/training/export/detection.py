"""Export of a trained detector: its ONNX file, large weights in int8, and its model card.

    python -m mattebox.training.export.detection RUN/best.pt CUTOUT boxes.jsonl --name detect-1 [--out FOLDER]

The thresholds of the card are chosen on the validation split: the lowest at which photographs with neither have at most
`--false-boxes` a picture of each kind. Scores are added by `mattebox.training.evaluate.detection`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from mattebox.models.detections import Detections
from mattebox.training.core import checkpoint
from mattebox.training.evaluate.detection import threshold_for_rate
from mattebox.training.export import cards
from mattebox.training.export.onnx_trace import dynamic_image_axes, trace_to_onnx
from mattebox.training.networks.complexity import count_parameters
from mattebox.training.networks.detection_network import KINDS, CellOutputs, DetectionNet
from mattebox.training.tasks.detection import labelled_pictures
from mattebox.training.tasks.detection.photograph_sets import PHOTOGRAPH_SETS
from mattebox.training.tasks.detection.task import TILE_LAYOUT, detect_with_network

OUTPUT_NAMES = list(CellOutputs._fields)
MIN_INT8_VALUES = 4096  # of a constant's values: smaller ones stay in float16
THRESHOLD_PICTURES = 160  # of the validation split, with neither
MIN_THRESHOLD = 0.1
CARD_SUMMARY = "finds faces, with five landmarks, and number plates"
LICENCE_NOTES = (
    "The weights are ours; they began with CenterFace's (MIT, Copyright its authors), which also labelled faces in the "
    "photographs. The photographs belong to others; the sets are listed under data."
)
TRAINING_DATA = [
    "WIDER FACE (validation part), people with and without masks: four fifths, by the SHA-256 of the file's name",
    "cars of many countries with number plates, and from a dash camera: four fifths, likewise",
    "photographs of the cutout sets (mattebox/training/tasks/detection/photograph_sets.py) with CenterFace's boxes",
    "number plates drawn by mattebox/training/tasks/detection/synthetic_plates.py",
]


class ExportedDetector(nn.Module):
    """The network with scores 0..1."""

    def __init__(self, net: DetectionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        outputs = self.net(rgb)
        return outputs.scores.sigmoid(), outputs.sizes, outputs.offsets, outputs.landmarks


def read_network(checkpoint_file: Path) -> tuple[DetectionNet, int]:
    """The averaged network of a checkpoint, in evaluation mode, and its step. InputUnreadable."""
    state = checkpoint.read(checkpoint_file, torch.device("cpu"))
    net = DetectionNet(state["width"], state["head"])
    net.load_state_dict(state["average"])
    return net.eval(), int(state["step"])


def export_network(net: DetectionNet, path: Path) -> None:
    """Write the ONNX graph: N x 3 x H x W sRGB 0..1, sides in multiples of 16 -> OUTPUT_NAMES at 1/4."""
    axes = dynamic_image_axes("picture", *OUTPUT_NAMES)
    graph = trace_to_onnx(ExportedDetector(net), (torch.zeros(1, 3, 64, 64),), ["picture"], OUTPUT_NAMES, axes)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(store_as_int8(graph), path)


def store_as_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights, float16 with a Cast, as int8 with a Cast and a scale for each output channel. In place.

    Runtimes compute the float32 constants when they load the graph.
    """
    initializers, nodes = [], []
    casts = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast"}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name not in casts or values.size < MIN_INT8_VALUES:
            initializers.append(tensor)
            continue
        flat = values.astype(np.float32).reshape(len(values), -1)
        scale = np.maximum(np.abs(flat).max(1), 1e-8) / 127
        name, shape = casts[tensor.name].output[0], (len(values), *[1] * (values.ndim - 1))
        rounded = np.rint(flat / scale[:, None]).astype(np.int8).reshape(values.shape)
        initializers.append(numpy_helper.from_array(rounded, f"{name}.int8"))
        initializers.append(numpy_helper.from_array(scale.astype(np.float32).reshape(shape), f"{name}.scale"))
        nodes.append(helper.make_node("Cast", [f"{name}.int8"], [f"{name}.rounded"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.rounded", f"{name}.scale"], [name]))
        model.graph.node.remove(casts[tensor.name])
    kept = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(initializers)
    model.graph.node.extend([*nodes, *kept])
    onnx.checker.check_model(model)
    return model


def choose_thresholds(
    net: nn.Module, photographs: Path, teacher_boxes: Path, boxes_per_picture: float
) -> tuple[tuple[float, ...], list[Detections]]:
    """The lowest score of each kind with so many false boxes a picture, and what was found in the photographs."""
    teacher = labelled_pictures.read_teacher_boxes(teacher_boxes)
    empty = labelled_pictures.read_photographs(
        photographs, PHOTOGRAPH_SETS, teacher, "val", only_empty=True, max_count=THRESHOLD_PICTURES
    )
    found = [detect_with_network(net, picture.rgb) for picture in empty]
    thresholds = (max(MIN_THRESHOLD, threshold_for_rate(found, kind, boxes_per_picture)) for kind in range(len(KINDS)))
    return tuple(round(value, 3) for value in thresholds), found


def card_facts(weights: Path, step: int, min_scores: tuple[float, ...], net: nn.Module) -> dict[str, Any]:
    """The fields of the card."""
    facts = cards.bundled_network_facts(
        weights, "detect", "MobileNetV2 detector", CARD_SUMMARY, LICENCE_NOTES, TRAINING_DATA,
        f"runs/detect-1.toml, {step} steps",
        input={"side": TILE_LAYOUT.side, "multiple": TILE_LAYOUT.multiple, "mean": [0.0] * 3, "std": [1.0] * 3},
        detection={"decoder": "centerface", "kinds": list(KINDS), "min_scores": list(min_scores),
                   "largest": TILE_LAYOUT.largest},
    )  # fmt: skip
    command = "python -m mattebox.training.export.detection"
    return facts | {"figures": [cards.parameter_figure(count_parameters(net), command)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="RUN/best.pt")
    parser.add_argument("photographs", type=Path, help="tar shards of the cutout data set")
    parser.add_argument("teacher_boxes", type=Path, help="a teacher's boxes (.jsonl)")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--false-boxes", type=float, default=0.04, help="of each kind, a picture with neither")
    args = parser.parse_args()
    net, step = read_network(args.run)
    min_scores, _ = choose_thresholds(net, args.photographs, args.teacher_boxes, args.false_boxes)
    path = args.out / f"{args.name}.onnx"
    export_network(net, path)
    cards.write_facts(path.with_suffix(".json"), card_facts(path, step, min_scores, net))
    print(f"wrote {path} ({path.stat().st_size} bytes), thresholds {min_scores}")


if __name__ == "__main__":
    main()
