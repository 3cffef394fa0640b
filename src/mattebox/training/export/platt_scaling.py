"""Platt scaling of a cutout network (Platt 1999): alpha's logits times a factor, plus a shift, in the graph.

    python -m mattebox.training.export.platt_scaling DATA --card NAME --factor 1.3 --shift -1 --out scaled.onnx
    python -m mattebox.training.export.platt_scaling DATA --card NAME --table

A network that takes too much has a threshold that is better above one half; a shift of its logits moves it to one half.
The table shows what factors and shifts do on the validation split. The card is written beside the graph, calibrated and
evaluated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper
from PIL import Image

from mattebox.core.activations import sigmoid
from mattebox.errors import MatteboxError, ModelError, UsageError
from mattebox.matting.tta import alpha_logits
from mattebox.metrics.region_errors import count_stray_pieces, thin_recall, wrongly_taken_share
from mattebox.metrics.segmentation import iou, mae
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.store import weight_store
from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.predictors import card_predictor
from mattebox.training.export import cards
from mattebox.types import Floats

TABLE_SIDE_PIXELS = 256  # longer side of the mattes that the table compares
TABLE_FACTORS, TABLE_SHIFTS = (1.0, 1.3), (0.0, -0.3, -0.6, -1.0, -1.5)


def scale_logits(model: onnx.ModelProto, factor: float, shift: float) -> onnx.ModelProto:
    """Scale and shift the logits of a graph's first plane, alpha.

    Parameters
    ----------
    model : ModelProto
        Graph whose output, N x P x H x W, is a sigmoid: alpha and, in the second plane, presence.
    factor, shift : float
        Alpha's logits become `factor * logit + shift`.

    Raises
    ------
    ModelError
        If the output is no sigmoid.
    """
    scaled = onnx.ModelProto()
    scaled.CopyFrom(model)
    graph = scaled.graph
    sigmoid = next((node for node in graph.node if graph.output[0].name in node.output), None)
    if sigmoid is None or sigmoid.op_type != "Sigmoid":
        raise ModelError("the graph does not end in a sigmoid", "scale a network that gives probabilities")
    others = [1] * (graph.output[0].type.tensor_type.shape.dim[1].dim_value - 1)
    for name, values in (("platt_factor", [factor, *others]), ("platt_shift", [shift, *(0 for _ in others)])):
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.float32)[:, None, None], name))
    logits, at = sigmoid.input[0], list(graph.node).index(sigmoid)
    graph.node.insert(at, helper.make_node("Mul", [logits, "platt_factor"], ["platt_scaled"]))
    graph.node.insert(at + 1, helper.make_node("Add", ["platt_scaled", "platt_shift"], ["platt_shifted"]))
    sigmoid.input[0] = "platt_shifted"
    onnx.checker.check_model(scaled)
    return scaled


def write_scaled_network(card: Card, factor: float, shift: float, data: Path, out: Path) -> Path:
    """Write a scaled network's graph and card; returns the card. ModelError."""
    model = onnx.load_from_string(weight_store.read_weights(card))
    onnx.save(scale_logits(model, factor, shift), out)
    command = (
        f"python -m mattebox.training.export.platt_scaling DATA --card {card.name} --factor {factor} --shift {shift}"
    )
    facts = cards.inherited_facts(card) | {
        "output": msgspec.to_builtins(card.output),
        "recipe": f"{card.recipe}; {command}",
        "notes": cards.provenance_note(f"{card.notes}; Platt scaling, factor {factor:g}, shift {shift:g}"),
        "origin": cards.known_origin(card.origin or card.name),
    }
    return cards.write_evaluated_card(out, facts, cards.size_figures(card), data)


def print_table(card_name: str, data: Path) -> None:
    """Print the scores of the validation split for each factor and shift; one prediction a picture serves all."""
    pairs = _small_pairs(card_name, data)
    print("factor  shift     IoU     MAE  wrongly taken  stray pieces  thin recall")
    for factor in TABLE_FACTORS:
        for shift in TABLE_SHIFTS:
            scaled = [(scale_alpha(alpha, factor, shift), truth) for alpha, truth in pairs]
            overlap = np.mean([iou(alpha, truth) for alpha, truth in scaled])
            error = np.mean([mae(alpha, truth) for alpha, truth in scaled])
            wrong = np.mean([wrongly_taken_share(alpha, truth) for alpha, truth in scaled])
            stray = np.mean([count_stray_pieces(alpha, truth) > 0 for alpha, truth in scaled])
            recalls = [thin_recall(alpha, truth) for alpha, truth in scaled]
            thin = np.mean([recall for recall in recalls if recall is not None])
            print(f"{factor:6.2f} {shift:6.2f}  {overlap:.4f}  {error:.4f}  {wrong:13.4f}  {stray:12.4f}  {thin:11.4f}")


def scale_alpha(alpha: Floats, factor: float, shift: float) -> Floats:
    """Alpha, 0..1, after its logits are scaled and shifted."""
    return sigmoid(factor * alpha_logits(alpha) + shift)


def _small_pairs(card_name: str, data: Path) -> list[tuple[Floats, Floats]]:
    """Alpha and truth, 0..1, of the validation split, reduced to the table's size."""
    predict, pairs = card_predictor(card_name), []
    for _, picture, mask in stream_samples(data, "labelled", "val"):
        scale = TABLE_SIDE_PIXELS / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        alpha = Image.fromarray(np.asarray(predict(np.asarray(picture)), np.float32))
        truth = Image.fromarray(np.asarray(mask, np.float32) / np.float32(255))
        box = Image.Resampling.BOX
        pairs.append((np.asarray(alpha.resize(size, box)), np.asarray(truth.resize(size, box))))
    return pairs


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", required=True)
    parser.add_argument("--factor", type=float, default=1.0, help="of alpha's logits")
    parser.add_argument("--shift", type=float, default=0.0, help="of alpha's logits")
    parser.add_argument("--out", type=Path, help="NAME.onnx; NAME.json is written beside it")
    parser.add_argument("--table", action="store_true", help="print scores of several factors and shifts instead")
    args = parser.parse_args(argv)
    try:
        if args.table:
            print_table(args.card, args.data)
        elif args.out is None:
            raise UsageError("no file to write", "give --out NAME.onnx, or --table")
        else:
            print(write_scaled_network(find_card(args.card), args.factor, args.shift, args.data, args.out))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
