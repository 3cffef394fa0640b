"""Boxes of faces that a published detector, CenterFace, finds in photographs without labels, and its landmarks.

    python -m mattebox.training.tasks.detection.teacher_boxes CUTOUT ANONYMISE centerface.onnx OUT.jsonl

CUTOUT is a data set of tar shards, ANONYMISE holds faces.tar and plates.tar. A line for each picture: its key and the
boxes (left, top, right, bottom, score, ten coordinates of landmarks). A killed run goes on where it was. `--sets` names
the cutout sets to look through, in this order; by default all.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from mattebox.models.detection_decoders import decode_centerface
from mattebox.models.detections import Detections, concatenate_detections, suppress_non_maxima
from mattebox.training.core.run_log import read_rows
from mattebox.training.data.tar_shards import open_tar_image, read_manifest

INPUT_MULTIPLE = 32
LONG_SIDES = (640, 320)  # pixels that a picture's longer side is resized to
MIN_TEACHER_SCORE = 0.15


class CenterFaceTeacher:
    """The published CenterFace on pictures of any size; `weights` is its ONNX file, 7.3 MB."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        content = _free_image_size(onnx.load(weights)).SerializeToString()
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._outputs = [o.name for o in self._session.get_outputs()]

    def detect(self, rgb: NDArray[np.uint8], long_sides: tuple[int, ...] = LONG_SIDES) -> Detections:
        """Faces of an H x W x 3 picture, in its pixels."""
        return suppress_non_maxima(concatenate_detections([self._detect_at_size(rgb, side) for side in long_sides]))

    def _detect_at_size(self, rgb: NDArray[np.uint8], long_side: int) -> Detections:
        scale = long_side / max(rgb.shape[:2])
        height, width = (max(1, round(s * scale / INPUT_MULTIPLE)) * INPUT_MULTIPLE for s in rgb.shape[:2])
        resized = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))
        values = self._session.run(self._outputs, {self._input: resized.transpose(2, 0, 1)[None].astype(np.float32)})
        named = dict(zip(self._outputs, values, strict=True))
        found = decode_centerface(named, (height, width), MIN_TEACHER_SCORE)
        return found.transform((rgb.shape[1] / width, rgb.shape[0] / height))


def _free_image_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """The published graph, whose sizes are fixed, for any size; the initialisers are no inputs any more."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [v for v in model.graph.input if v.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    for number, value in enumerate([*model.graph.input, *model.graph.output]):
        for axis, size in zip((0, 2, 3), ("n", "h", "w"), strict=True):
            value.type.tensor_type.shape.dim[axis].dim_param = f"{size}{number}"
    return model


def iterate_pictures(
    cutout: Path, anonymise: Path, sets: Sequence[str] = (), done: Container[str] = ()
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Key and pixels of every training picture: `faces/FILE`, `plates/FILE`, then the cutout sets' `set/stem`.

    `sets` are the cutout sets in their order, by default all; `done` are keys to leave out.
    """
    for kind in ("faces", "plates"):
        with tarfile.open(anonymise / f"{kind}.tar") as tar:
            for name in sorted(n for n in tar.getnames() if n.endswith(".avif")):
                if (key := f"{kind}/{Path(name).name}") not in done:
                    yield key, np.asarray(open_tar_image(tar, name).convert("RGB"))
    rows = [r for r in read_manifest(cutout) if r.kind != "check"]
    with ExitStack() as stack:
        tars = {s: stack.enter_context(tarfile.open(cutout / s)) for s in sorted({r.shard for r in rows})}
        for name in sets or sorted({r.set for r in rows}):
            for row in (r for r in rows if r.set == name and r.key not in done):
                yield row.key, np.asarray(open_tar_image(tars[row.shard], f"{row.key}.{row.ext}").convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("cutout", "anonymise", "weights", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--sets", default="", help="cutout sets, separated by commas")
    args = parser.parse_args()
    done = {row["key"] for row in read_rows(args.out)}
    teacher = CenterFaceTeacher(args.weights)
    with args.out.open("a") as file:
        for key, rgb in iterate_pictures(args.cutout, args.anonymise, args.sets.split(",") if args.sets else (), done):
            file.write(json.dumps({"key": key, "boxes": describe_boxes(teacher.detect(rgb))}) + "\n")
            file.flush()


def describe_boxes(found: Detections) -> list[list[float]]:
    """Box, score and landmarks of each face as fifteen numbers."""
    values = np.concatenate([found.boxes, found.scores[:, None], found.landmarks.reshape(len(found.boxes), 10)], 1)
    return [[round(float(v), 3) for v in row] for row in values]


if __name__ == "__main__":
    main()
