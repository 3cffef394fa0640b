"""Deep ensemble of cutout networks in one ONNX graph (Lakshminarayanan et al. 2017).

    python -m mattebox.training.export.ensemble DATA --cards one.json other.json --weights 0.6 0.4 --out pair.onnx
                                                [--steep 1.25]

Alpha and the presence of a subject are the weighted means of the networks' logits: their errors are in different
places, so that the mean has fewer. The first card says how pictures are prepared; a network that takes squashed
pictures is adapted to that. Presence is the mean of those networks that estimate it. The graphs may be in float or in
int8, but have one opset. The card is written beside the graph, calibrated and evaluated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from mattebox.errors import MatteboxError, ModelError
from mattebox.matting.tta import LOGIT_CLIP_MARGIN
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.store import weight_store
from mattebox.training.export import cards
from mattebox.training.export.input_adapter import adapt_input
from mattebox.training.export.logarithms import make_logarithms_repeatable

INPUT_NAME, OUTPUT_NAME = "picture", "said"


def merge_graphs(
    models: Sequence[onnx.ModelProto], weights: Sequence[float], logit_scale: float = 1.0
) -> onnx.ModelProto:
    """Merge graphs of the same input into one that gives the mean of their logits.

    Parameters
    ----------
    models : sequence of ModelProto
        Graphs from N x 3 x H x W to probabilities N x P x H x W: alpha and, in all or some, presence.
    weights : sequence of float
        Weights of the mean.
    logit_scale : float
        Factor of the mean logits of the first plane, alpha.

    Raises
    ------
    ModelError
        If they have other numbers of planes, or different opsets.
    """
    parts = [compose.add_prefix(model, f"net{i}_") for i, model in enumerate(models)]
    planes = [_plane_count(part) for part in parts]
    _check_mergeable(parts, planes)
    nodes: list[onnx.NodeProto] = []
    limits = {"low": LOGIT_CLIP_MARGIN, "high": 1 - LOGIT_CLIP_MARGIN, "one": 1}
    constants = [_scalar_tensor(name, value) for name, value in limits.items()]
    for i, part in enumerate(parts):
        nodes += [helper.make_node("Identity", [INPUT_NAME], [part.graph.input[0].name]), *part.graph.node]
        nodes += _logit_nodes(part.graph.output[0].name, f"logit{i}", f"weight{i}")
        constants += [*part.graph.initializer, _scalar_tensor(f"weight{i}", weights[i] / sum(weights))]
    plane_count = max(planes)
    complete = [count == plane_count for count in planes]
    plane_scales = np.array([logit_scale] + [1] * (plane_count - 1), np.float32)
    plane_scales[1:] *= sum(weights) / sum(w for w, is_complete in zip(weights, complete, strict=True) if is_complete)
    constants.append(numpy_helper.from_array(plane_scales[:, None, None], "steep"))
    if not all(complete):
        constants.append(numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 1, 0, 0]), "presence_pads"))
        nodes += [
            helper.make_node("Pad", [f"logit{i}", "presence_pads"], [f"logit{i}_padded"])
            for i, is_complete in enumerate(complete)
            if not is_complete
        ]
    logits = [f"logit{i}" if is_complete else f"logit{i}_padded" for i, is_complete in enumerate(complete)]
    nodes += [
        helper.make_node("Sum", logits, ["mean"]),
        helper.make_node("Mul", ["mean", "steep"], ["decided"]),
        helper.make_node("Sigmoid", ["decided"], [OUTPUT_NAME]),
    ]
    graph_input = helper.make_empty_tensor_value_info(INPUT_NAME)
    graph_output = helper.make_empty_tensor_value_info(OUTPUT_NAME)
    graph_input.type.CopyFrom(parts[0].graph.input[0].type)
    graph_output.type.CopyFrom(parts[complete.index(True)].graph.output[0].type)
    graph = helper.make_graph(nodes, "ensemble", [graph_input], [graph_output], constants)
    versions = {o.domain: o.version for part in parts for o in part.opset_import}
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in versions.items()])
    model.ir_version = max(part.ir_version for part in parts)
    onnx.checker.check_model(model)
    return make_logarithms_repeatable(model)


def _plane_count(model: onnx.ModelProto) -> int:
    count: int = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return count


def _check_mergeable(models: Sequence[onnx.ModelProto], planes: Sequence[int]) -> None:
    distinct = set(planes)
    if len(distinct) != 1 and distinct != {1, 2}:
        raise ModelError(
            f"the networks give {' and '.join(map(str, sorted(distinct)))} planes",
            "choose networks that give alpha, or alpha and presence",
        )
    opsets = {o.version for model in models for o in model.opset_import if o.domain in ("", "ai.onnx")}
    if len(opsets) != 1:
        raise ModelError(
            f"the networks' graphs have opsets {' and '.join(map(str, sorted(opsets)))}",
            "convert them to one with onnx.version_converter",
        )


def _scalar_tensor(name: str, value: float) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value, np.float32), name)


def _logit_nodes(probability: str, out: str, weight: str) -> list[onnx.NodeProto]:
    """Nodes for `weight` times the logit of a probability, which is clipped first."""
    clipped, complement, odds, logit = (f"{out}_{step}" for step in ("sure", "rest", "odds", "log"))
    return [
        helper.make_node("Clip", [probability, "low", "high"], [clipped]),
        helper.make_node("Sub", ["one", clipped], [complement]),
        helper.make_node("Div", [clipped, complement], [odds]),
        helper.make_node("Log", [odds], [logit]),
        helper.make_node("Mul", [logit, weight], [out]),
    ]


def build_ensemble(
    members: Sequence[Card], weights: Sequence[float], logit_scale: float, data: Path, out: Path
) -> Path:
    """Write an ensemble's graph and card.

    Parameters
    ----------
    members : sequence of Card
        Two or more cards; the first one's preprocessing is that of the ensemble.
    weights : sequence of float
        A positive weight for each.
    logit_scale : float
        Factor of the mean logits of alpha.
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
        If the networks differ in output, or their graphs cannot be adapted to one input.
    """
    cards.require_weights(members, weights)
    first = members[0]
    graphs = []
    for card in members:
        if _output_without_presence(card) != _output_without_presence(first):
            raise ModelError(f"models {first.name} and {card.name} differ in output", "choose cards with the same")
        graph = onnx.load_from_string(weight_store.read_weights(card))
        has_same_input = _network_input(card) == _network_input(first)
        graphs.append(graph if has_same_input else adapt_input(graph, card.input, first.input))
    onnx.save(merge_graphs(graphs, weights, logit_scale), out)
    return cards.write_evaluated_card(out, _card_facts(members, weights, logit_scale), _sum_figures(members), data)


def _network_input(card: Card) -> Any:
    """What the network itself is given: without the numbers of views and crops."""
    return msgspec.structs.replace(card.input, looks=1, closer=0.0)


def _output_without_presence(card: Card) -> Any:
    return msgspec.structs.replace(card.output, presence=False)


def _card_facts(members: Sequence[Card], weights: Sequence[float], logit_scale: float) -> dict[str, Any]:
    """Fields of the first card, and the provenance of all."""
    first, names = members[0], [card.name for card in members]
    shares = ", ".join(f"{name} {weight:g}" for name, weight in zip(names, weights, strict=True))
    kinds = dict.fromkeys(card.architecture for card in members)
    return cards.inherited_facts(first) | {
        "architecture": " and ".join(kinds),
        "summary": f"{' and '.join(names)} as an ensemble; {first.summary}",
        "input": msgspec.to_builtins(msgspec.structs.replace(first.input, looks=1)),
        "output": msgspec.to_builtins(first.output),
        "data": list(dict.fromkeys(line for card in members for line in card.data)),
        "recipe": "; ".join(f"{card.name}: {card.recipe}" for card in members),
        "notes": cards.provenance_note(f"logits' mean of {shares}, {logit_scale:g} times as steep, merged"),
        "origin": cards.known_origin(first.origin or first.name),
    }


def _sum_figures(members: Sequence[Card]) -> list[dict[str, Any]]:
    """Sums of the size figures that all members have."""
    by_member = [{f["what"]: f for f in cards.size_figures(card)} for card in members]
    first = by_member[0]
    shared = [what for what in first if all(what in figures for figures in by_member)]
    return [first[what] | {"value": sum(figures[what]["value"] for figures in by_member)} for what in shared]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cards", nargs="+", required=True)
    parser.add_argument("--weights", nargs="+", type=float, required=True, help="weight of each card")
    parser.add_argument("--steep", type=float, default=1.0, help="factor of the mean logits")
    parser.add_argument("--out", type=Path, required=True, help="NAME.onnx; NAME.json is written beside it")
    args = parser.parse_args()
    try:
        print(build_ensemble(list(map(find_card, args.cards)), args.weights, args.steep, args.data, args.out))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
