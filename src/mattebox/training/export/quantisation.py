"""Static int8 quantisation of a card's network, with a card of its own.

    python -m mattebox.training.export.quantisation DATA --card mine.json --out mine-int8.onnx
                                                    [--pictures 100] [--keep PREFIX ...]

Activations in uint8, weights in 7 bits per channel: processors that add pairs of products in 16 bits (AVX2 without
VNNI) would overflow with 8. A LiteNet's first layers stay in float (decision 014). The graph is in QDQ form; ranges
come from training pictures. What stays in float is stored in float16. Prints scores on the validation split, size and
time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from mattebox.errors import InputMissing, MatteboxError, ModelError
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import Session
from mattebox.models.store import weight_store
from mattebox.training.data import dataset
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.predictors import session_predictor
from mattebox.training.export import cards
from mattebox.training.export.onnx_compression import compress_graph, restore_float32
from mattebox.training.export.timing import best_run_times
from mattebox.types import Picture

# a LiteNet's first layers: most of the loss of accuracy (decision 014)
FLOAT_NODE_PREFIXES = ("/net/encoder/stem", "/net/encoder/stages.0", "/net/encoder/stages.1")
TIMED_RUNS = 20


class CalibrationPictures(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
    """Reader of preprocessed training pictures, for ONNX Runtime's calibration."""

    def __init__(self, session: Session, data: Path, picture_count: int, input_name: str) -> None:
        self.inputs = self._prepare_inputs(session, data, picture_count, input_name)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self.inputs, None)

    @staticmethod
    def _prepare_inputs(
        session: Session, data: Path, picture_count: int, input_name: str
    ) -> Iterator[dict[str, NDArray[np.float32]]]:
        available = dataset.count_samples(data, "labelled", "train")
        if not available:
            raise InputMissing(f"{data}: no training picture to calibrate on", "leave fewer to validation")
        for _, picture, _ in dataset.stream_samples(
            data, "labelled", "train", stride=max(1, available // picture_count)
        ):
            yield {input_name: session.preprocess(Picture(np.ascontiguousarray(picture)))[0]}


def quantise_card(
    session: Session,
    data: Path,
    out: Path,
    picture_count: int,
    float_prefixes: tuple[str, ...] = (),
    reader: CalibrationDataReader | None = None,
) -> None:
    """Write the int8 graph of a session's card.

    Parameters
    ----------
    session : Session
        Session of the card.
    data : Path
        Training data.
    out : Path
        The graph to write.
    picture_count : int
        About how many training pictures the ranges are taken from.
    float_prefixes : tuple of str
        Nodes whose names begin with one of these stay in float.
    reader : CalibrationDataReader, optional
        Other inputs to take the ranges from, for a graph that sees more than a picture.

    Raises
    ------
    ModelError
        If the network is int8 already.
    """
    card, model = session.card, onnx.load_from_string(weight_store.read_weights(session.card))
    if any(node.op_type == "DequantizeLinear" for node in model.graph.node):
        raise ModelError(f"model {card.name} is int8 already", f"take the one in float: {card.origin or 'its origin'}")
    with tempfile.TemporaryDirectory() as folder:
        source, preprocessed = Path(folder, "plain.onnx"), Path(folder, "ready.onnx")
        onnx.save(restore_float32(model), source)
        quant_pre_process(str(source), str(preprocessed), skip_symbolic_shape=True)
        graph = onnx.load(preprocessed).graph
        quantize_static(
            str(preprocessed), str(out),
            CalibrationPictures(session, data, picture_count, graph.input[0].name) if reader is None else reader,
            quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            per_channel=True, reduce_range=True, calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"],
            nodes_to_exclude=[node.name for node in graph.node if node.name.startswith(float_prefixes)],
            extra_options={"CalibMovingAverage": True},
        )  # fmt: skip
    quantised = compress_graph(onnx.load(out))
    onnx.helper.set_model_props(quantised, {prop.key: prop.value for prop in model.metadata_props})
    onnx.save(quantised, out)


def write_int8_card(card: Card, data: Path, out: Path) -> Path:
    """Write the card of an int8 graph: the fields of the card in float, newly calibrated and evaluated."""
    facts = cards.inherited_facts(card) | {"notes": cards.provenance_note(f"int8 of {card.name}, made")}
    facts |= {
        "summary": f"{card.summary}; in int8",
        "output": msgspec.to_builtins(card.output),
        "origin": cards.known_origin(card.name),
    }
    return cards.write_evaluated_card(out, facts, cards.size_figures(card), data)


def measure_quantisation(session: Session, data: Path, out: Path) -> dict[str, Any]:
    """Scores of both networks on the validation split, their bytes and their times."""
    quantised = _session_for_graph(session, out)
    scores = [evaluate_predictor(session_predictor(s), data) for s in (session, quantised)]
    seconds = _time_sessions((session, quantised))
    keys = ("iou", "max_f", "mae")
    return {
        "float": {k: round(scores[0][k], 4) for k in keys},
        "int8": {k: round(scores[1][k], 4) for k in keys},
        "cost": {k: round(scores[1][k] - scores[0][k], 4) for k in keys},
        "bytes": [len(weight_store.read_weights(session.card)), out.stat().st_size],
        "milliseconds": [round(1000 * t, 2) for t in seconds],
        "times as fast": round(seconds[0] / seconds[1], 2),
    }


def _session_for_graph(session: Session, path: Path) -> Session:
    """A session with the card's preprocessing, but another graph."""
    inference = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = inference.get_inputs()[0].name
    return Session(session.card, lambda x: np.asarray(inference.run(None, {name: x})[0]), "cpu")


def _time_sessions(sessions: tuple[Session, ...]) -> list[float]:
    rgb = np.random.default_rng(0).integers(0, 256, (480, 480, 3), dtype=np.uint8)
    x = sessions[0].preprocess(Picture(rgb))[0]
    return best_run_times([partial(session.run, x) for session in sessions], TIMED_RUNS)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=100, help="how many training pictures to calibrate on")
    parser.add_argument(
        "--keep", nargs="*", default=FLOAT_NODE_PREFIXES, metavar="PREFIX", help="nodes that stay in float"
    )
    args = parser.parse_args(argv)
    try:
        session = Session.open(args.card, "cpu")
        quantise_card(session, args.data, args.out, args.pictures, tuple(args.keep))
        print(json.dumps(measure_quantisation(session, args.data, args.out), indent=1))
        card = write_int8_card(session.card, args.data, args.out)
        print(f"wrote {card}; use it with: mattebox cut photo.jpg --model {card}")
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
