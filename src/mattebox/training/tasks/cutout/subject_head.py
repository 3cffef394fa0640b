"""Subject head: a second plane beside a network's alpha, the probability that there is a subject at all.

    python -m mattebox.training.tasks.cutout.subject_head DATA --card mine.json --out FOLDER/mine.onnx

A logistic regression on globally pooled features: of the encoder's last layer, or of the narrowest layer of a network
without a pretrained encoder. The network itself does not change. Fitted to DATA's labelled training photographs, drawn
shapes (signs and logos are subjects, too) and its training backgrounds, at all scales at which the card runs; both
classes weigh the same in the fit, then the prior odds of a subject are added. The card is written beside the graph,
calibrated and evaluated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from mattebox.errors import InputMissing, MatteboxError, ModelError
from mattebox.matting.tta import plan_views
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.models.store import weight_store
from mattebox.training.core.logistic_regression import fit_logistic_regression
from mattebox.training.data.dataset import PictureNames, read_excluded_names, stream_samples
from mattebox.training.data.synthetic_shapes import draw_plain_colours, draw_shapes_over
from mattebox.training.export import cards
from mattebox.types import Picture, Pixels

SUBJECT_PRIOR_ODDS = 10.0
L2_PENALTY = 1e-2  # of the weights of standardised features
AFTER_ENCODER_NODE = "/narrow/narrow.0/Conv"  # the layer after a LiteNet's encoder, as export names it
MIN_PICTURES = 50  # of each class
SHAPE_PICTURE_COUNT = 300
GRAIN_SIGMA = 0.015

Float64Array = NDArray[np.float64]


def train_subject_head(card: Card, data: Path, out: Path, excluded: PictureNames = frozenset()) -> Path:
    """Fit a subject head and write the extended graph and its card.

    Parameters
    ----------
    card : Card
        The network's card.
    data : Path
        Shards, a folder or a CSV with labelled pictures and backgrounds.
    out : Path
        The graph to write; the card lies beside it.
    excluded : set of str
        Names of pictures not to learn from.

    Returns
    -------
    Path
        The new card.

    Raises
    ------
    InputMissing
        If there are too few pictures.
    ModelError
        If the network has nothing to pool, or a subject head already.
    """
    pictures = chain(stream_pictures(data, "labelled", 2, excluded), draw_shape_pictures(SHAPE_PICTURE_COUNT))
    subjects = np.array(list(extract_features(card, pictures)))
    backgrounds = np.array(list(extract_features(card, stream_pictures(data, "background", 1, excluded))))
    if min(len(subjects), len(backgrounds)) < MIN_PICTURES:
        raise InputMissing(
            f"{data}: {len(subjects)} subjects and {len(backgrounds)} backgrounds to learn from",
            f"give at least {MIN_PICTURES} of both, in the training split",
        )
    weight, bias = fit_subject_classifier(subjects, backgrounds)
    onnx.save(add_subject_plane(onnx.load_from_string(weight_store.read_weights(card)), weight, bias), out)
    facts = cards.inherited_facts(card) | {"notes": cards.provenance_note(f"presence taught to {card.name}")}
    facts["output"] = msgspec.to_builtins(card.output) | {"presence": True}
    return cards.write_evaluated_card(out, facts, cards.size_figures(card), data)


def stream_pictures(data: Path, kind: str, stride: int, excluded: PictureNames) -> Iterator[Pixels]:
    """Training photographs of a kind, H x W x 3 uint8."""
    for _, picture, _ in stream_samples(data, kind, "train", stride, excluded):
        yield np.ascontiguousarray(picture)


def draw_shape_pictures(count: int) -> list[Pixels]:
    """Shapes of one colour or two, half of them with grain, from a fixed seed: 240 x 320 x 3 uint8."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [_draw_shape_picture(GRAIN_SIGMA * (i % 2)) for i in range(count)]


def _draw_shape_picture(grain_sigma: float) -> Pixels:
    rgb, _ = draw_shapes_over(draw_plain_colours(1, (240, 320), torch.device("cpu")))
    rgb = (rgb + grain_sigma * torch.randn_like(rgb)).clamp(0, 1)
    return np.ascontiguousarray((rgb * 255).round().byte()[0].permute(1, 2, 0).numpy())


def extract_features(card: Card, pictures: Iterable[Pixels]) -> Iterator[Float64Array]:
    """Pooled features of every picture at every scale of the card's views, C each."""
    model = onnx.load_from_string(weight_store.read_weights(card))
    model.graph.output.append(helper.make_empty_tensor_value_info(pooled_feature_name(model.graph)))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    input_name, output_name = session.get_inputs()[0].name, session.get_outputs()[-1].name
    scales = sorted({view.scale for view in plan_views(card)})
    preprocessors = [Session(card, lambda x: x).with_input_scale(scale) for scale in scales]
    for picture in pictures:
        for preprocessor in preprocessors:
            x, _ = preprocessor.preprocess(Picture(picture))
            yield session.run([output_name], {input_name: x})[0].reshape(-1).astype(np.float64)


def fit_subject_classifier(
    subject_features: Float64Array, background_features: Float64Array
) -> tuple[Float64Array, float]:
    """Weight C and bias of a logistic regression on N x C features of each class; both classes weigh the same."""
    x = np.concatenate([subject_features, background_features])
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    x = np.c_[(x - mean) / deviation, np.ones(len(x))]
    targets = np.r_[np.ones(len(subject_features)), np.zeros(len(background_features))]
    sample_weights = np.where(targets == 1, 0.5 / len(subject_features), 0.5 / len(background_features))
    penalty = np.r_[np.full(x.shape[1] - 1, L2_PENALTY), 1e-9]
    w = fit_logistic_regression(x, targets, sample_weights, penalty, np.zeros(x.shape[1]))
    weight = w[:-1] / deviation
    return weight, float(w[-1] - weight @ mean + np.log(SUBJECT_PRIOR_ODDS))


def add_subject_plane(model: onnx.ModelProto, weight: Float64Array, bias: float) -> onnx.ModelProto:
    """Add a second plane beside a graph's alpha: the probability of a subject, the same everywhere."""
    graph, alpha, mean = model.graph, model.graph.output[0].name, pooled_feature_name(model.graph)
    constants = {
        "presence.weight": weight.astype(np.float32).reshape(1, -1, 1, 1),
        "presence.bias": np.array(bias, np.float32),
        "presence.axes": np.array([1], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.extend([
        helper.make_node("Mul", [mean, "presence.weight"], ["presence.parts"]),
        helper.make_node("ReduceSum", ["presence.parts", "presence.axes"], ["presence.sum"], keepdims=1),
        helper.make_node("Add", ["presence.sum", "presence.bias"], ["presence.logit"]),
        helper.make_node("Sigmoid", ["presence.logit"], ["presence.likely"]),
        helper.make_node("Shape", [alpha], ["presence.shape"]),
        helper.make_node("Expand", ["presence.likely", "presence.shape"], ["presence.plane"]),
        helper.make_node("Concat", [alpha, "presence.plane"], ["said"], axis=1),
    ])  # fmt: skip
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("said", onnx.TensorProto.FLOAT, ["batch", 2, "height", "width"]))
    onnx.checker.check_model(model)
    return model


def pooled_feature_name(graph: onnx.GraphProto) -> str:
    """Name of the globally pooled features, N x C x 1 x 1; a pooling node is added where there is none.

    ModelError if there is nothing to pool, or a subject head already.
    """
    means = [node.output[0] for node in graph.node if node.op_type in ("ReduceMean", "GlobalAveragePool")]
    after_encoder = [
        node for node in graph.node if node.name.count("/") == 4 and node.name.endswith(AFTER_ENCODER_NODE)
    ]
    if any(t.name.startswith("presence.") for t in graph.initializer) or (len(means) != 1 and not after_encoder):
        raise ModelError(
            "the network pools no features, or has a subject head already",
            "give the card of a network that export wrote",
        )
    if after_encoder:
        graph.node.append(helper.make_node("GlobalAveragePool", [after_encoder[0].input[0]], ["presence.mean"]))
        return "presence.mean"
    name: str = means[0]
    return name


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", required=True)
    parser.add_argument("--out", type=Path, required=True, help="the new graph; its card lies beside it")
    parser.add_argument("--leave-out", type=Path, metavar="FILE", help="names of pictures not to learn from")
    args = parser.parse_args(argv)
    try:
        excluded = read_excluded_names(args.leave_out)
        print(f"wrote {train_subject_head(find_card(args.card), args.data, args.out, excluded)}")
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
