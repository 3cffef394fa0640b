"""Two or more networks asked together, in one graph: they err in different places, so that their mean errs less.

    python -m mattebox.training.export.ensemble DATA --cards one.json other.json --weights 0.6 0.4 --out pair.onnx [--steep 1.25]

A deep ensemble (Lakshminarayanan et al. 2017): of all that the networks say, alpha and whether there is a subject, the
logits' mean counts. They must be fed alike. Their graphs are taken as they are, in float or in int8. The card is
written beside the graph, calibrated and judged. Needs onnx; knows nothing of training.
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

from mattebox.errors import MatteboxError, ModelError, UsageError
from mattebox.matting.tta import LOGIT_CLIP_MARGIN
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.store import weight_store
from mattebox.training.export import cards

INPUT_NAME, OUTPUT_NAME = "picture", "said"


def merge_graphs(
    models: Sequence[onnx.ModelProto], weights: Sequence[float], logit_scale: float = 1.0
) -> onnx.ModelProto:
    """One graph of several that take N x 3 x H x W and give N x P x H x W of 0..1: the mean of their logits by
    `weights`, that of the first plane, alpha, `logit_scale` times as decided. ModelError when they have other planes."""
    parts = [compose.add_prefix(model, f"net{i}_") for i, model in enumerate(models)]
    planes = {part.graph.output[0].type.tensor_type.shape.dim[1].dim_value for part in parts}
    if len(planes) != 1:
        raise ModelError(f"the networks give {' and '.join(map(str, sorted(planes)))} planes", "teach all or none more")
    nodes, constants = (
        [],
        [
            _scalar_tensor("low", LOGIT_CLIP_MARGIN),
            _scalar_tensor("high", 1 - LOGIT_CLIP_MARGIN),
            _scalar_tensor("one", 1),
        ],
    )
    for i, part in enumerate(parts):
        nodes += [helper.make_node("Identity", [INPUT_NAME], [part.graph.input[0].name]), *part.graph.node]
        nodes += _logit_nodes(part.graph.output[0].name, f"logit{i}", f"weight{i}")
        constants += [*part.graph.initializer, _scalar_tensor(f"weight{i}", weights[i] / sum(weights))]
    by_plane = np.array([logit_scale] + [1] * (planes.pop() - 1), np.float32)
    constants.append(numpy_helper.from_array(by_plane[:, None, None], "steep"))
    nodes += [
        helper.make_node("Sum", [f"logit{i}" for i in range(len(parts))], ["mean"]),
        helper.make_node("Mul", ["mean", "steep"], ["decided"]),
        helper.make_node("Sigmoid", ["decided"], [OUTPUT_NAME]),
    ]
    fed, said = helper.make_empty_tensor_value_info(INPUT_NAME), helper.make_empty_tensor_value_info(OUTPUT_NAME)
    fed.type.CopyFrom(parts[0].graph.input[0].type)
    said.type.CopyFrom(parts[0].graph.output[0].type)
    graph = helper.make_graph(nodes, "ensemble", [fed], [said], constants)
    versions = {o.domain: o.version for part in parts for o in part.opset_import}
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in versions.items()])
    model.ir_version = max(part.ir_version for part in parts)
    onnx.checker.check_model(model)
    return model


def _scalar_tensor(name: str, value: float) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value, np.float32), name)


def _logit_nodes(probability: str, out: str, weight: str) -> list[onnx.NodeProto]:
    """`weight` times the logit of what a network said, which is never taken for surer than SURE."""
    made = [f"{out}_{step}" for step in ("sure", "rest", "odds", "log")]
    return [
        helper.make_node("Clip", [probability, "low", "high"], [made[0]]),
        helper.make_node("Sub", ["one", made[0]], [made[1]]),
        helper.make_node("Div", [made[0], made[1]], [made[2]]),
        helper.make_node("Log", [made[2]], [made[3]]),
        helper.make_node("Mul", [made[3], weight], [out]),
    ]


def build_ensemble(
    members: Sequence[Card], weights: Sequence[float], logit_scale: float, data: Path, out: Path
) -> Path:
    """Write the graph and its card; the card's path. UsageError, and ModelError for networks that are fed otherwise."""
    if len(members) < 2 or len(weights) != len(members) or min(weights) <= 0:
        raise UsageError(f"{len(members)} cards and {len(weights)} weights", "give two cards or more, and a share each")
    first = members[0]
    for card in members[1:]:
        if _input_without_views(card) != _input_without_views(first) or card.output != first.output:
            raise ModelError(f"models {first.name} and {card.name} are not fed alike", "their cards must say the same")
    onnx.save(
        merge_graphs(
            [onnx.load_from_string(weight_store.read_weights(card)) for card in members], weights, logit_scale
        ),
        out,
    )
    return cards.write_evaluated_card(out, _card_facts(members, weights, logit_scale), _sum_figures(members), data)


def _input_without_views(card: Card) -> Any:
    return msgspec.structs.replace(card.input, looks=1)


def _card_facts(members: Sequence[Card], weights: Sequence[float], logit_scale: float) -> dict[str, Any]:
    """What is known of the first, and of the others' making."""
    first, names = members[0], [card.name for card in members]
    shares = ", ".join(f"{name} {weight:g}" for name, weight in zip(names, weights, strict=True))
    kinds = dict.fromkeys(card.architecture for card in members)
    return cards.inherited_facts(first) | {
        "architecture": " and ".join(kinds),
        "summary": f"{' and '.join(names)} asked together; {first.summary}",
        "input": msgspec.to_builtins(_input_without_views(first)),
        "output": msgspec.to_builtins(first.output),
        "data": list(dict.fromkeys(line for card in members for line in card.data)),
        "recipe": "; ".join(f"{card.name}: {card.recipe}" for card in members),
        "notes": cards.provenance_note(f"logits' mean of {shares}, {logit_scale:g} times as steep, put together"),
        "origin": cards.known_origin(first.origin or first.name),
    }


def _sum_figures(members: Sequence[Card]) -> list[dict[str, Any]]:
    """Their figures, added up, where all have them."""
    told = [{f["what"]: f for f in cards.size_figures(card)} for card in members]
    shared = [what for what in told[0] if all(what in figures for figures in told)]
    return [told[0][what] | {"value": sum(figures[what]["value"] for figures in told)} for what in shared]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cards", nargs="+", required=True)
    parser.add_argument("--weights", nargs="+", type=float, required=True, help="how much each of them counts")
    parser.add_argument("--steep", type=float, default=1.0, help="how much more decided than their mean")
    parser.add_argument("--out", type=Path, required=True, help="NAME.onnx; NAME.json is written beside it")
    args = parser.parse_args()
    try:
        print(build_ensemble(list(map(find_card, args.cards)), args.weights, args.steep, args.data, args.out))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
