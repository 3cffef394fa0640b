"""Training of the scene head, from pictures to a card, in one command.

    python -m mattebox.training.tasks.scene.train DATA --out FOLDER/scene-1.onnx [--backbone fast] [--fonts FOLDER]

A softmax regression on the features of `models.scene_classifier.FeatureExtractor`: pooled layers of an embedded cutout
network, and statistics. A fifth of the pictures is held out, and by them the temperature is set and the figures of the
card are measured: accuracy, and the expected calibration error (Guo et al. 2017, ten bins).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from mattebox.errors import MatteboxError, ModelError
from mattebox.models.cards.card import Card, Figure, Licence, SceneHead
from mattebox.models.cards.registry import find_card
from mattebox.models.cards.tensor_spec import Input
from mattebox.models.scene_classifier import FEATURES_INPUT, FeatureExtractor
from mattebox.models.store import weight_store
from mattebox.training.tasks.scene.pictures import LabelledScene, draw_pictures, find_fonts, stream_photographs

FONT_FOLDER = Path("/usr/share/fonts")
INPUT_SIDE = 224
L2_PENALTY = 3e-4  # of the weights of standardised features
HELD_OUT_STRIDE = 5  # every fifth picture
BIN_COUNT = 10
POOLING_OPERATIONS = ("GlobalAveragePool", "ReduceMean")

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]


def train_scene_head(data: Path, backbone: str, out: Path, fonts: Path, count: int) -> Path:
    """Fit the head and write its graph and card.

    Parameters
    ----------
    data
        Shards with a manifest.
    backbone
        The embedded cutout network.
    out
        The graph; the card lies beside it.
    fonts
        Folder of fonts for the drawn pictures.
    count
        Pictures of each scene at most.

    Returns
    -------
    Path
        The card.
    """
    base = find_card(backbone)
    head = SceneHead(base.name, base.sha256, pooled_layers(base), INPUT_SIDE, ())
    pictures = chain(stream_photographs(data, count), draw_pictures(data, find_fonts(fonts), count))
    features, scenes = extract_features(FeatureExtractor(head), pictures)
    names = tuple(sorted(set(scenes)))
    targets = np.array([names.index(scene) for scene in scenes])
    is_held_out = np.arange(len(targets)) % HELD_OUT_STRIDE == 0
    weight, bias = fit_softmax_regression(features[~is_held_out], targets[~is_held_out], len(names))
    logits = features[is_held_out] @ weight + bias
    temperature = fit_temperature(logits, targets[is_held_out])
    shares = softmax(logits / temperature)
    weight, bias = fit_softmax_regression(features, targets, len(names))  # all of them for the head that is kept
    onnx.save(make_graph(weight / temperature, bias / temperature), out)
    card = make_card(out, msgspec.structs.replace(head, names=names), shares, targets[is_held_out])
    out.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
    return out.with_suffix(".json")


def pooled_layers(card: Card) -> tuple[str, ...]:
    """Names of the globally pooled layers of a card's network. ModelError where there are none."""
    graph = onnx.load_from_string(weight_store.read_weights(card)).graph
    names = tuple(node.output[0] for node in graph.node if node.op_type in POOLING_OPERATIONS)
    if not names:
        raise ModelError(f"{card.name} pools no features", "choose a network that export wrote with a subject head")
    return names


def extract_features(extractor: FeatureExtractor, pictures: Iterable[LabelledScene]) -> tuple[Float64Array, list[str]]:
    """The features of all pictures, N x C, and their scenes."""
    features, scenes = [], []
    for picture, scene, _ in pictures:
        features.append(extractor.extract(np.asarray(picture.convert("RGB"))))
        scenes.append(scene)
    return np.array(features, np.float64), scenes


def fit_softmax_regression(
    features: Float64Array, targets: Int64Array, count: int
) -> tuple[Float64Array, Float64Array]:
    """Weight C x K and bias K; all classes weigh the same."""
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    x, y = torch.tensor((features - mean) / deviation), torch.tensor(targets)
    weight = torch.zeros((x.shape[1], count), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(count, dtype=torch.float64, requires_grad=True)
    class_weights = 1 / torch.bincount(y, minlength=count).double()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=400, line_search_fn="strong_wolfe")

    def compute_loss() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weight + bias, y, class_weights) + L2_PENALTY * (weight**2).sum()
        loss.backward()
        return loss

    optimizer.step(compute_loss)
    fitted = weight.detach().numpy() / deviation[:, None]
    return fitted, bias.detach().numpy() - mean @ fitted


def fit_temperature(logits: Float64Array, targets: Int64Array) -> float:
    """The temperature, of a grid from 0.5 to 4, by which held-out pictures are likeliest."""
    grid = np.geomspace(0.5, 4, 61)
    losses = [-np.log(softmax(logits / t)[np.arange(len(targets)), targets] + 1e-12).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def softmax(logits: Float64Array) -> Float64Array:
    """Probabilities N x K of logits N x K."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def calibration_error(shares: Float64Array, targets: Int64Array) -> float:
    """Expected calibration error: how far confidence is from accuracy, in ten bins of confidence."""
    confidence, is_right = shares.max(1), shares.argmax(1) == targets
    bins = np.minimum((confidence * BIN_COUNT).astype(int), BIN_COUNT - 1)
    members = [bins == b for b in range(BIN_COUNT) if (bins == b).any()]
    return float(sum(m.mean() * abs(is_right[m].mean() - confidence[m].mean()) for m in members))


def make_graph(weight: Float64Array, bias: Float64Array) -> onnx.ModelProto:
    """The head: features N x C to probabilities N x K."""
    values = {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
    count, classes = weight.shape
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", [FEATURES_INPUT, "weight"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        ],
        "scene",
        [helper.make_tensor_value_info(FEATURES_INPUT, onnx.TensorProto.FLOAT, ["batch", count])],
        [helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["batch", classes])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def make_card(out: Path, head: SceneHead, shares: Float64Array, targets: Int64Array) -> Card:
    """The card of a written graph, with its figures of the held-out pictures."""
    content = out.read_bytes()
    command = "python -m mattebox.training.tasks.scene.train DATA --out scene-1.onnx"
    is_right = shares.argmax(1) == targets
    figures: list[tuple[str, Any]] = [
        ("held-out pictures", len(targets)),
        ("accuracy of held-out pictures", is_right.mean()),
        ("expected calibration error of held-out pictures", calibration_error(shares, targets)),
        *((f"recall of {name}", is_right[targets == k].mean()) for k, name in enumerate(head.names)),
    ]
    return Card(
        name=out.stem,
        task="scene",
        architecture="softmax regression",
        summary=f"what a picture shows, by features of {head.backbone} and statistics; trained by mattebox",
        weights=out.name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence=Licence("Apache-2.0", True, notes="The weights are ours. The photographs belong to others, see data."),
        input=Input(side=head.side),
        scene=head,
        data=(
            "photographs by the names of their sets and kinds: mattebox/training/tasks/scene/labels.toml",
            "caltech_bg_google, houses_bg: other",
            "drawn documents, texts, screenshots and illustrations: mattebox/training/tasks/scene/drawn_*.py",
        ),
        recipe=command,
        figures=tuple(Figure(what, round(float(value), 4), command) for what, value in figures),
        failures=(
            "documents, texts, screenshots and illustrations were drawn, with few fonts: real ones differ",
            "one picture has one scene: a person on a horse is a portrait or an animal",
        ),
    )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the graph to write; its card lies beside it")
    parser.add_argument("--backbone", default="fast", help="an embedded cutout network")
    parser.add_argument("--fonts", type=Path, default=FONT_FOLDER, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=420, help="pictures of each scene at most")
    args = parser.parse_args(argv)
    try:
        print(f"wrote {train_scene_head(args.data, args.backbone, args.out, args.fonts, args.count)}")
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
