"""ONNX graphs that were exported for one size of picture, freed of it where their operators take any.

Only the declared shapes of the graph's inputs and outputs are left out; the rest of the file is copied as it is.
Field numbers are those of onnx.proto3.
"""

from __future__ import annotations

from mattebox.models.runtime.protobuf import replace_fields, submessages

GRAPH_FIELD = 7  # of ModelProto
INPUT_FIELD, OUTPUT_FIELD, INITIALIZER_FIELD = 11, 12, 5  # of GraphProto
VALUE_NAME_FIELD, TENSOR_NAME_FIELD, TYPE_FIELD = 1, 8, 2  # of ValueInfoProto, TensorProto and ValueInfoProto
TENSOR_TYPE_FIELD, SHAPE_FIELD = 1, 2  # of TypeProto and TypeProto.Tensor


def free_image_size(content: bytes) -> bytes:
    """The model without the shapes of its inputs and outputs, and without inputs that are constants.

    ValueError or IndexError where it is no ONNX file.
    """
    model = memoryview(content)
    (graph,) = submessages(model, GRAPH_FIELD)
    constants = {_first(tensor, TENSOR_NAME_FIELD) for tensor in submessages(graph, INITIALIZER_FIELD)}
    return replace_fields(model, [GRAPH_FIELD], lambda number, value: _free_graph(value, constants))


def _free_graph(graph: memoryview, constants: set[bytes]) -> bytes:
    def free_value(number: int, value: memoryview) -> bytes | None:
        if _first(value, VALUE_NAME_FIELD) in constants:
            return None
        return replace_fields(value, [TYPE_FIELD], lambda _, value_type: _free_type(value_type))

    return replace_fields(graph, [INPUT_FIELD, OUTPUT_FIELD], free_value)


def _free_type(value_type: memoryview) -> bytes:
    def free_tensor(number: int, tensor: memoryview) -> bytes:
        return replace_fields(tensor, [SHAPE_FIELD], lambda *_: None)

    return replace_fields(value_type, [TENSOR_TYPE_FIELD], free_tensor)


def _first(message: memoryview, field_number: int) -> bytes:
    """The first value of a text field, b"" where there is none."""
    return next((bytes(value) for value in submessages(message, field_number)), b"")
