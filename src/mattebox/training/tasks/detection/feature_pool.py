"""Crops as features of the encoder's frozen blocks, computed once: training the others then costs a third.

python -m mattebox.training.tasks.detection.feature_pool runs/detect-1.toml ANONYMISE OUT.pt --photographs CUTOUT
    --teacher-boxes boxes.jsonl --weights WEIGHTS.onnx [--viewed runs/faces-and-plates.json] [--threads N]
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mattebox.training.convert.detector import load_initial_weights
from mattebox.training.core import checkpoint
from mattebox.training.core.command import training_parser
from mattebox.training.core.mixed_precision import autocast_where_fast
from mattebox.training.core.settings import build_settings, override_budget, read_settings
from mattebox.training.networks.detection_network import DetectionNet
from mattebox.training.tasks.detection.crop_batches import CropBatches, DetectionData
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.targets import Targets

BATCH_CROPS = 16


@dataclass
class FeaturePool:
    """Features and targets of N crops, in float16.

    Attributes
    ----------
    textures : Tensor
        N x C x h x w at 1/4.
    targets : Targets
    """

    textures: Tensor
    targets: Targets

    def sample(self, count: int) -> tuple[Tensor, Targets]:
        """Features and targets of `count` random crops, float32."""
        index = torch.randint(len(self.textures), (count,))
        targets = Targets(*(values[index].float() for values in self.targets))
        return self.textures[index].float().to(memory_format=torch.channels_last), targets

    def save(self, file: Path) -> None:
        """Write the pool. OutputError."""
        checkpoint.write({"textures": self.textures, "targets": list(self.targets), "average": {}}, file)


def load_feature_pool(file: Path) -> FeaturePool:
    """Read a pool. InputUnreadable."""
    state = checkpoint.read(file, torch.device("cpu"))
    return FeaturePool(state["textures"], Targets(*state["targets"]))


def build_feature_pool(net: DetectionNet, batches: CropBatches, count: int) -> FeaturePool:
    """Sample at least `count` crops, and encode them."""
    textures: list[Tensor] = []
    targets: list[list[Tensor]] = []
    with torch.no_grad(), autocast_where_fast(torch.device("cpu")):
        for _ in range(-(-count // BATCH_CROPS)):
            rgb, batch_targets = batches.sample(BATCH_CROPS)
            textures.append(net.encode_textures(rgb.to(memory_format=torch.channels_last)).half().contiguous())
            targets.append([values.half() for values in batch_targets])
    return FeaturePool(torch.cat(textures), Targets(*(torch.cat(values) for values in zip(*targets, strict=True))))


def main() -> None:
    parser = training_parser(__doc__)
    parser.add_argument("recipe", type=Path, help="a TOML file; see runs/")
    parser.add_argument("data", type=Path, help="folder of faces.tar and plates.tar")
    parser.add_argument("out", type=Path, help="the pool's file")
    parser.add_argument("--photographs", type=Path, required=True, help="tar shards of the cutout data set")
    parser.add_argument("--teacher-boxes", type=Path, required=True, help="a teacher's boxes (.jsonl)")
    parser.add_argument(
        "--weights", type=Path, required=True, help="CenterFace's weights, or an exported detector's (.onnx)"
    )
    parser.add_argument("--viewed", type=Path, help="labels given by looking (.json)")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    values = override_budget(read_settings(DetectionSettings, args.recipe, args.out.parent), args.minutes, args.steps)
    settings = build_settings(DetectionSettings, values)
    random.seed(settings.seed)
    torch.manual_seed(settings.seed)
    net = DetectionNet(settings.width, settings.head).eval()
    load_initial_weights(net, args.weights)
    batches = CropBatches(settings, DetectionData(args.data, args.photographs, args.teacher_boxes, args.viewed))
    build_feature_pool(net.to(memory_format=torch.channels_last), batches, settings.crops).save(args.out)


if __name__ == "__main__":
    main()
