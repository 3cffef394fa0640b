"""Detector training as a task: all but the first blocks, on features that those gave for crops."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from mattebox.models.detection_decoders import decode_centerface
from mattebox.models.detections import Detections
from mattebox.models.pyramid_detection import SearchTiles, detect_at_levels
from mattebox.training.convert.detector import load_initial_weights
from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.evaluate.detection import SearchedPicture, false_boxes, recall_scores, threshold_for_rate
from mattebox.training.networks.detection_network import CellOutputs, DetectionNet
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.feature_pool import load_feature_pool
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture
from mattebox.training.tasks.detection.objective import DetectionObjective
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.targets import Targets

MIN_SCORE = 0.05  # of boxes that are looked at in evaluations
FALSE_BOXES_PER_PICTURE = 0.05  # of each kind, at the thresholds that checkpoints are compared at
TILE_LAYOUT = SearchTiles(side=704, multiple=16, largest=60.0)
VALIDATION_PHOTOGRAPHS = 40  # with neither


class DetectionTask(Task[DetectionSettings]):
    """The detector of faces and plates in training.

    Parameters
    ----------
    settings : DetectionSettings
        Settings of the run.
    pool : Path
        What `feature_pool` wrote, with the same settings.
    initial_weights : Path
        CenterFace's weights, or an exported detector's (.onnx).
    data : DetectionData
        For validation.
    """

    max_gradient_norm = 4.0

    def __init__(self, settings: DetectionSettings, pool: Path, initial_weights: Path, data: DetectionData) -> None:
        super().__init__(settings)
        self.pool_file, self.initial_weights, self.data = pool, initial_weights, data

    def build_objective(self, device: torch.device) -> DetectionObjective:
        return DetectionObjective(self.settings, device)

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        """AdamW for all but the first blocks, which keep the weights that the pool was made with; the encoder's other
        blocks learn at a share of the rate, if at all."""
        assert isinstance(objective.net, DetectionNet)
        encoder, decoder = objective.net.select_trained_parameters()
        groups: list[dict[str, Any]] = [{"params": decoder}]
        if self.settings.encoder_rate:
            groups.append({"params": encoder, "share": self.settings.encoder_rate})
        objective.net.requires_grad_(False)
        for parameter in (p for group in groups for p in group["params"]):
            parameter.requires_grad_(True)
        return torch.optim.AdamW(groups, lr=self.settings.rate, weight_decay=1e-4)

    def open_data(self, device: torch.device) -> None:
        self.device, self.pool = device, load_feature_pool(self.pool_file)

    @cached_property
    def validation(self) -> list[LabelledPicture]:
        """The labelled pictures of the validation split."""
        return [picture for pictures in self.data.read_labelled("val").values() for picture in pictures]

    @cached_property
    def photographs_with_neither(self) -> list[LabelledPicture]:
        """Photographs of the validation split without faces and plates."""
        return self.data.read_photographs_with_neither("val", VALIDATION_PHOTOGRAPHS)

    def initialise(self, net: nn.Module) -> dict[str, Any]:
        assert isinstance(net, DetectionNet)
        load_initial_weights(net, self.initial_weights)
        return {"begun with": self.initial_weights.name}

    def describe(self, net: nn.Module) -> dict[str, Any]:
        return super().describe(net) | {"crops": len(self.pool.textures)}

    def sample_batch(self, progress: float, count: int) -> tuple[Tensor, Targets]:
        """The first blocks' features of crops, and their targets."""
        textures, targets = self.pool.sample(count)
        return textures.to(self.device), Targets(*(t.to(self.device) for t in targets))

    def evaluate(self, net: nn.Module) -> Evaluation:
        searched = [SearchedPicture(p, detect_with_network(net, p.rgb)) for p in self.validation]
        empty = [detect_with_network(net, p.rgb) for p in self.photographs_with_neither]
        thresholds = (
            threshold_for_rate(empty, FACE, FALSE_BOXES_PER_PICTURE),
            threshold_for_rate(empty, PLATE, FALSE_BOXES_PER_PICTURE),
        )
        recalls = recall_scores(searched, thresholds)
        faces, plates = false_boxes(empty, thresholds)
        scores = {name: round(value, 4) for name, value in recalls.items()}
        scores |= {"face_threshold": round(thresholds[FACE], 4), "plate_threshold": round(thresholds[PLATE], 4)}
        scores |= {"false_faces": round(faces, 4), "false_plates": round(plates, 4)}
        return Evaluation(scores, sum(value for value in recalls.values() if value == value))

    def network_state(self) -> dict[str, Any]:
        return {"width": self.settings.width, "head": self.settings.head}


@torch.no_grad()
def detect_with_network(net: nn.Module, rgb: NDArray[np.uint8], min_score: float = MIN_SCORE) -> Detections:
    """Faces and plates that a network in evaluation mode finds in an H x W x 3 picture."""
    device = next(net.parameters()).device

    def detect_tile(tile: NDArray[np.uint8]) -> Detections:
        x = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1))).to(device)[None].float() / 255
        outputs: CellOutputs = net(x.to(memory_format=torch.channels_last))
        outputs = outputs._replace(scores=outputs.scores.sigmoid())
        named = {name: value.float().cpu().numpy() for name, value in outputs._asdict().items()}
        return decode_centerface(named, tile.shape[:2], min_score)

    image = Image.fromarray(rgb)
    return detect_at_levels(
        rgb.shape[:2],
        lambda size: np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS)),
        detect_tile,
        TILE_LAYOUT,
    )
