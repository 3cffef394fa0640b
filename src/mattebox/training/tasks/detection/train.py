"""Train the detector of faces and plates, on a processor, an accelerator or several.

    python -m mattebox.training.tasks.detection.train runs/detect-1.toml ANONYMISE OUT --pool pool.pt
        --photographs CUTOUT --teacher-boxes boxes.jsonl --weights centerface.onnx [--threads N]

ANONYMISE holds faces.tar and plates.tar, CUTOUT tar shards of photographs; boxes.jsonl comes from
`mattebox.training.tasks.detection.teacher_boxes`, pool.pt from `mattebox.training.tasks.detection.feature_pool` with
the same recipe. A killed run goes on where it was. OUT/last.pt is what export takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mattebox.training.core.command import read_recipe, recipe_parser, run_training
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.trainer import Trainer
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.task import DetectionTask


def main(argv: Sequence[str] | None = None) -> None:
    parser = recipe_parser(__doc__)
    parser.add_argument("--pool", type=Path, required=True, help="features of crops (.pt)")
    parser.add_argument("--photographs", type=Path, required=True, help="tar shards of the cutout data set")
    parser.add_argument("--teacher-boxes", type=Path, required=True, help="a teacher's boxes (.jsonl)")
    parser.add_argument(
        "--weights", type=Path, required=True, help="CenterFace's weights, or an exported detector's (.onnx)"
    )
    args = parser.parse_args(argv)
    data = DetectionData(args.data, args.photographs, args.teacher_boxes)

    def train(distributed: DistributedContext) -> None:
        settings = read_recipe(DetectionSettings, args, distributed)
        Trainer(DetectionTask(settings, args.pool, args.weights, data), args.out, distributed).run()

    run_training(args, train)


if __name__ == "__main__":
    main()
