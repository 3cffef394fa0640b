"""External data of an ONNX graph: the files its tensors refer to, listed before a runtime loads it.

A graph may name any path of the machine, so its references are checked first. Reads the protobuf encoding of
onnx.proto directly, in every message that can hold a tensor.
"""

from __future__ import annotations

from mattebox.errors import ModelError
from mattebox.models.runtime.protobuf import parse_fields

# message -> field number -> the message in that field
SUBMESSAGE_FIELDS = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}


def list_external_files(content: bytes) -> set[str]:
    """List the files that hold external data of a graph.

    Parameters
    ----------
    content : bytes
        An ONNX file.

    Returns
    -------
    set of str
        The locations as the graph writes them.

    Raises
    ------
    ModelError
        The content is not an ONNX graph.
    """
    if b"location" not in content:  # the key that every such entry must have
        return set()
    locations: set[str] = set()
    pending = [("Model", memoryview(content))]
    try:
        while pending:
            message, body = pending.pop()
            fields = [(number, value) for number, value in parse_fields(body) if isinstance(value, memoryview)]
            if message == "Entry":
                entry = dict(fields)
                if bytes(entry.get(1, b"")) == b"location":
                    locations.add(bytes(entry.get(2, b"")).decode())
                continue
            submessage_names = SUBMESSAGE_FIELDS[message]
            pending += [(submessage_names[number], value) for number, value in fields if number in submessage_names]
    except (IndexError, ValueError) as error:
        raise ModelError(f"the graph is broken ({error})", "check that it is a valid ONNX file") from error
    return locations
