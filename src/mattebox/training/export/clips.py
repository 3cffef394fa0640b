"""Export of a trained clip network: graphs with the picture and the prior matte as inputs, and their cards.

    python -m mattebox.training.export.clips RUN/best.pt DATA --float FOLDER/clip-1.onnx --int8 FOLDER/clip-1.onnx

The graph is that of a recurrent network whose state is its own matte: `picture` and `prior` give `alpha`, and the
prior may be a single 0, as for the first frame of a scene. Ranges of the int8 graph come from training pictures with
disturbed mattes as priors. Facts and the calibration of the cards are those of the network that training began with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader
from PIL import Image
from torch import Tensor, nn

from mattebox.errors import MatteboxError
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.training.data import dataset
from mattebox.training.export import cards
from mattebox.training.export.cutout import load_cutout_network, measure_size
from mattebox.training.export.onnx_trace import SHAPE_PROPERTY, dynamic_image_axes, trace_to_onnx
from mattebox.training.export.quantisation import quantise_card
from mattebox.training.tasks.clips.evaluation import SEED, card_predictor, evaluate_with_priors
from mattebox.training.tasks.clips.prior_mattes import disturb_mattes
from mattebox.types import Picture

EXAMPLE_SIZE = 256, 320
FLOAT_NODE_PREFIXES = ("/net/stem", "/net/stages.0", "/net/stages.1", "/net/prior")
EMPTY_PRIOR_STRIDE = 8  # of the calibration pictures
SUMMARY = "mattes of a clip's frames between key frames: sees a frame and the matte of a frame beside it"
FIGURES = {"iou": "validation IoU with a disturbed prior", "iou_alone": "validation IoU without a prior",
           "iou_of_prior": "IoU of those priors", "mae": "validation MAE with a disturbed prior"}  # fmt: skip


class PriorInput(nn.Module):
    """A clip network with the prior as a second input, of the picture's size or 1 x 1, and a sigmoid at its end."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor, prior: Tensor) -> Tensor:
        told = prior + torch.zeros_like(picture[:, :1])
        return torch.sigmoid(self.net(torch.cat([picture, told], 1)))


class CalibrationPriors(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
    """Reader of training pictures with disturbed mattes, some empty, for ONNX Runtime's calibration."""

    def __init__(self, session: Session, data: Path, picture_count: int) -> None:
        self.inputs = self._prepare_inputs(session, data, picture_count)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self.inputs, None)

    @staticmethod
    def _prepare_inputs(session: Session, data: Path, picture_count: int) -> Iterator[dict[str, NDArray[np.float32]]]:
        torch.manual_seed(SEED)
        stride = max(1, dataset.count_samples(data, "labelled", "train") // picture_count)
        for number, (_, picture, mask) in enumerate(dataset.stream_samples(data, "labelled", "train", stride=stride)):
            assert mask is not None
            x, _ = session.preprocess(Picture(np.ascontiguousarray(picture)))
            resized = np.asarray(mask.resize((x.shape[3], x.shape[2]), Image.Resampling.BOX))
            prior = disturb_mattes(torch.from_numpy(resized.copy())[None, None].float() / 255)
            yield {"picture": x, "prior": (prior if number % EMPTY_PRIOR_STRIDE else torch.zeros_like(prior)).numpy()}


def write_clip_onnx(net: nn.Module, path: Path, shape: dict[str, Any]) -> None:
    """Write the graph of a clip network, of any size in multiples of 32; its metadata hold the shape."""
    height, width = EXAMPLE_SIZE
    examples = torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width)
    axes = dynamic_image_axes("picture", "alpha") | {"prior": {0: "batch", 2: "prior_height", 3: "prior_width"}}
    model = trace_to_onnx(PriorInput(net), examples, ["picture", "prior"], ["alpha"], axes)
    onnx.helper.set_model_props(model, {SHAPE_PROPERTY: json.dumps(shape)})
    onnx.save(model, path)


def write_clip_card(
    path: Path, like: str, data: Path, size_figures: list[dict[str, Any]], method: str, origin: str = ""
) -> Path:
    """Write and score the card of a graph at `path`, with the facts of the card `like`."""
    template = find_card(like)
    facts = cards.inherited_facts(template) | {
        "name": path.stem, "weights": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "architecture": "ClipNet", "recipe": "runs/clip-1.toml", "summary": SUMMARY, "variants": {}, "origin": origin,
        "calibration": msgspec.to_builtins(template.calibration), "notes": cards.provenance_note(method), "figures": [],
    }  # fmt: skip
    facts["input"] |= {"constants": {"prior": [[[[0.0]]]]}, "states": {"prior": 0}, "closer": 0.0}
    card = path.with_suffix(".json")
    cards.write_facts(card, facts)
    session = Session.open(str(card))
    scores = evaluate_with_priors(card_predictor(session), data, session.card.input.side)
    command = f"python -m mattebox.training.tasks.clips.evaluation DATA --card {card}"
    measured = [{"what": what, "value": scores[key], "command": command} for key, what in FIGURES.items()]
    cards.write_facts(card, facts | {"figures": [*size_figures, *measured]})
    return card


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("data", type=Path)
    parser.add_argument("--float", dest="float_file", type=Path, required=True, help="the graph in float16 to write")
    parser.add_argument("--int8", dest="int8_file", type=Path, help="the graph in int8 to write")
    parser.add_argument("--like", default="fast-4", help="the card that training began with")
    parser.add_argument("--pictures", type=int, default=100, help="how many training pictures to calibrate on")
    args = parser.parse_args(argv)
    try:
        _export(args)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def _export(args: argparse.Namespace) -> None:
    net, _, shape = load_cutout_network(args.checkpoint)
    write_clip_onnx(net, args.float_file, shape)
    card = write_clip_card(args.float_file, args.like, args.data, measure_size(net), "exported")
    print(f"wrote {card}")
    if args.int8_file is None:
        return
    session = Session.open(str(card))
    reader = CalibrationPriors(session, args.data, args.pictures)
    quantise_card(session, args.data, args.int8_file, args.pictures, FLOAT_NODE_PREFIXES, reader)
    method = f"int8 of {session.card.name}, made"
    print(f"wrote {write_clip_card(args.int8_file, args.like, args.data, measure_size(net), method)}")


if __name__ == "__main__":
    main()
