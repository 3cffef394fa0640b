"""The network that the web page runs in the browser: a card's, in float with float16 weights, with a card of its own.

    python -m mattebox.training.export.browser CARD [--out mattebox-page/src/mattebox_page/weights]

An int8 graph is dequantised: its activations stay in float, because browsers run int8 slower than float. The weights
take the place of those in the folder. Prints how far the answers differ from the card's own.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from mattebox.errors import MatteboxError, ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.models.store import weight_store
from mattebox.training.export import cards
from mattebox.training.export.onnx_compression import compress_graph, restore_float32
from mattebox.types import Picture

WEIGHTS_FOLDER = Path("mattebox-page/src/mattebox_page/weights")
SUFFIX = "half"  # of the new card's name
TEST_SIDES = (240, 320)


def export_for_browser(card: Card, folder: Path) -> Path:
    """Write a card's network as the page runs it, in the place of the one that is there.

    Parameters
    ----------
    card : Card
        Of a cutout network whose input keeps the picture's aspect ratio.
    folder : Path
        Where the weights and their card go; cards and weights that lie there are removed.

    Returns
    -------
    Path
        The new card.

    Raises
    ------
    ModelError
        The card's network is of a kind that the page cannot run.
    """
    if card.task != "cutout" or card.output.values != "alpha" or card.output.scale != 1 or card.input.fit != "aspect":
        raise ModelError(f"model {card.name} cannot run in the page", "take one that answers alpha at its input's size")
    model = dequantise(restore_float32(onnx.load_from_string(weight_store.read_weights(card))))
    used = {node.domain for node in model.graph.node}
    domains = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(domains)
    content = compress_graph(model).SerializeToString()
    name = f"{card.name}-{SUFFIX}"
    facts: dict[str, Any] = msgspec.to_builtins(card) | {
        "name": name,
        "weights": f"{name}.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "notes": f"{card.name} with weights in float16, for browsers; its figures are those of {card.name}",
    }
    facts = {key: value for key, value in facts.items() if value and key not in ("folder", "md5", "bytes", "parts")}
    folder.mkdir(parents=True, exist_ok=True)
    for former in [*folder.glob("*.json"), *folder.glob("*.onnx")]:
        former.unlink()
    (folder / facts["weights"]).write_bytes(content)
    path = folder / f"{name}.json"
    cards.write_facts(path, facts)
    return path


def dequantise(model: ModelProto) -> ModelProto:
    """Remove QuantizeLinear and DequantizeLinear: constants become float32, activations are passed on. In place."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    source: dict[str, str] = {}  # what a removed node's output is the same as
    kept: list[NodeProto] = []
    for node in model.graph.node:
        first = source.get(node.input[0], node.input[0]) if node.input else ""
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            values = dequantise_constant(node, [constants[name] for name in node.input])
            model.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        elif node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            source[node.output[0]] = first
        else:
            kept.append(node)
    for node in kept:
        inputs = [source.get(name, name) for name in node.input]
        del node.input[:]
        node.input.extend(inputs)
    _restore_outputs(model, kept, source)
    used = {name for node in kept for name in node.input}
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(tensors)
    return model


def dequantise_constant(node: NodeProto, inputs: list[NDArray[Any]]) -> NDArray[np.float32]:
    """A DequantizeLinear node of constants, computed: (values - zero point) x scale, by channel where it says so."""
    values, scale = inputs[0].astype(np.float32), inputs[1]
    zero = inputs[2].astype(np.float32) if len(inputs) > 2 else np.zeros_like(scale)
    if scale.size > 1:
        axis = next((helper.get_attribute_value(a) for a in node.attribute if a.name == "axis"), 1)
        shape = [-1 if i == axis % values.ndim else 1 for i in range(values.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return np.asarray((values - zero) * scale, np.float32)


def _restore_outputs(model: ModelProto, nodes: list[NodeProto], source: dict[str, str]) -> None:
    """An output of the graph that a removed node made is the output of the node before it."""
    for output in model.graph.output:
        if output.name in source:
            producer = next(node for node in nodes if source[output.name] in node.output)
            nodes.insert(nodes.index(producer) + 1, helper.make_node("Identity", [source[output.name]], [output.name]))


def largest_difference(card: Card, other: Card) -> float:
    """The largest difference of two cards' alphas, 0..1, over a drawn picture."""
    y, x = np.mgrid[: TEST_SIDES[0], : TEST_SIDES[1]]
    rgb = np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8)
    rgb[(x - 160) ** 2 + (y - 120) ** 2 < 80**2] = (190, 40, 30)
    first, second = (Session.open(c, "cpu").predict_alpha(Picture(rgb)) for c in (card, other))
    return float(np.abs(first - second).max())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("card", help="name or path of the card, such as runs/weights/fast-3.json")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FOLDER, help="folder of the new card and weights")
    args = parser.parse_args(argv)
    try:
        card = find_card(args.card)
        path = export_for_browser(card, args.out)
        new = find_card(str(path))
        size = path.with_suffix(".onnx").stat().st_size
        print(f"wrote {path}: {size:,} bytes; alpha differs by {largest_difference(card, new):.5f} at most")
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
