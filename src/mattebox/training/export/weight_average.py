"""Mean of the weights of networks of one architecture that share a part of their training (Wortsman et al. 2022).

    python -m mattebox.training.export.weight_average DATA --cards new.json start.json --weights 0.7 0.3 --out mean.onnx

It is one network, as quick as each, and often better than all: their errors differ. The graph is that of the first
card; weights are matched by their order in it, and stored in float16. The card is written beside the graph, calibrated
and evaluated; a subject head (`mattebox.training.tasks.cutout.subject_head`) must be fitted anew.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnx
from onnx import numpy_helper

from mattebox.errors import MatteboxError, ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.store import weight_store
from mattebox.training.export import cards
from mattebox.training.export.onnx_compression import restore_float32, store_as_float16

WEIGHTED_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def average_graphs(models: Sequence[onnx.ModelProto], weights: Sequence[float]) -> onnx.ModelProto:
    """The first graph with the weighted mean of all graphs' weights. In place.

    Parameters
    ----------
    models : sequence of ModelProto
        Graphs of one architecture; their constants may have other names, and be in float16.
    weights : sequence of float
        Weight of each; they are divided by their sum.

    Raises
    ------
    ModelError
        If the graphs differ in the number or shapes of their weights.
    """
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    tensors = [_ordered_weights(restore_float32(model)) for model in models]
    if len({tuple(tuple(tensor.dims) for tensor in members) for members in tensors}) > 1:
        raise ModelError("the networks differ in their layers", "give cards of one architecture and shape")
    for members in zip(*tensors, strict=True):
        values = np.stack([numpy_helper.to_array(tensor) for tensor in members])
        mean = np.tensordot(shares, values, axes=1).astype(np.float32)
        members[0].CopyFrom(numpy_helper.from_array(mean, members[0].name))
    return store_as_float16(models[0])


def _ordered_weights(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """The constants of the layers with weights, in the order of the graph, each once."""
    by_name = {tensor.name: tensor for tensor in model.graph.initializer}
    names = [
        name for node in model.graph.node if node.op_type in WEIGHTED_OPS for name in node.input if name in by_name
    ]
    return [by_name[name] for name in dict.fromkeys(names)]


def average_networks(members: Sequence[Card], weights: Sequence[float], data: Path, out: Path) -> Path:
    """Write the mean network's graph and card.

    Parameters
    ----------
    members : sequence of Card
        Two or more cards; the first one's facts are copied.
    weights : sequence of float
        A positive weight for each.
    data : Path
        Data to calibrate and evaluate on.
    out : Path
        The graph to write; the card lies beside it.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    UsageError
        If there are too few cards, or not a positive weight for each.
    ModelError
        If the networks have other layers.
    """
    cards.require_weights(members, weights)
    graphs = [onnx.load_from_string(weight_store.read_weights(card)) for card in members]
    onnx.save(average_graphs(graphs, weights), out)
    first = members[0]
    shares = " and ".join(f"{weight:g} of {card.name}" for card, weight in zip(members, weights, strict=True))
    facts = cards.inherited_facts(first) | {
        "architecture": first.architecture,
        "summary": f"{first.summary}; mean of the weights: {shares}",
        "output": msgspec.to_builtins(msgspec.structs.replace(first.output, presence=False)),
        "recipe": f"{first.recipe}; then {shares}",
        "notes": cards.provenance_note(f"mean of the weights: {shares}"),
    }
    return cards.write_evaluated_card(out, facts, cards.size_figures(first), data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cards", nargs="+", required=True)
    parser.add_argument("--weights", nargs="+", type=float, required=True, help="weight of each card")
    parser.add_argument("--out", type=Path, required=True, help="NAME.onnx; NAME.json is written beside it")
    args = parser.parse_args()
    try:
        print(average_networks(list(map(find_card, args.cards)), args.weights, args.data, args.out))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
