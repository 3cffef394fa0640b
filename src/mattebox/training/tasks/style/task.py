"""Style training as a task: photographs painted in one of the drawn styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.data.patches import PatchSampler, read_training_photographs
from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.networks.squeezenet import SqueezeNetFeatures
from mattebox.training.tasks.style.objective import StyleObjective
from mattebox.training.tasks.style.settings import StyleSettings
from mattebox.training.tasks.style.style_images import STYLE_PAINTERS

STYLE_RATE_FACTOR = 4.0  # learning rate of the layers that differ by style, against the others'
SHEET_PICTURES, SHEET_SIDE_PIXELS = 3, 320


class StyleTask(Task[StyleSettings]):
    """The style network in training. It has no measure: what it does is shown on a sheet.

    Parameters
    ----------
    settings : StyleSettings
        Settings of the run.
    data : Path
        Folder of `train.tar`, photographs.
    feature_extractor : SqueezeNetFeatures
        The network whose features hold content and style.
    """

    max_gradient_norm = 1.0

    def __init__(self, settings: StyleSettings, data: Path, feature_extractor: SqueezeNetFeatures) -> None:
        super().__init__(settings)
        self.data, self.feature_extractor = data, feature_extractor

    def build_objective(self, device: torch.device) -> StyleObjective:
        return StyleObjective(self.settings, device, self.feature_extractor)

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        groups: list[dict[str, Any]] = [{"params": [], "share": 1.0}, {"params": [], "share": STYLE_RATE_FACTOR}]
        for name, parameter in objective.net.named_parameters():
            groups[".scale." in name or ".move." in name]["params"].append(parameter)
        return torch.optim.Adam(groups, lr=self.settings.rate)

    def open_data(self, device: torch.device) -> None:
        pictures = read_training_photographs(self.data / "train.tar", self.settings.side)
        self.patches, self.device = PatchSampler(pictures, device), device
        self.sheet_pictures = [p[:SHEET_SIDE_PIXELS, :SHEET_SIDE_PIXELS] for p in pictures[:SHEET_PICTURES]]

    def sample_batch(self, progress: float, count: int) -> tuple[Tensor, Tensor]:
        """Patches, and the number of each one's style."""
        clean = self.patches.sample_batch(count, self.settings.side)
        return clean, torch.randint(len(STYLE_PAINTERS), (count,)).to(self.device)

    def write_report(self, net: nn.Module, run_folder: Path, evaluation: Evaluation | None, step: int) -> None:
        Image.fromarray(draw_style_sheet(net, self.sheet_pictures)).save(run_folder / "sheet.png")

    def network_state(self) -> dict[str, Any]:
        return {"styles": list(STYLE_PAINTERS)}


@torch.no_grad()
def draw_style_sheet(net: nn.Module, photographs: list[np.ndarray]) -> np.ndarray:
    """A row for each photograph: itself, then in every style; H x W x 3 uint8."""
    rows, device = [], next(net.parameters()).device
    styles = torch.eye(len(STYLE_PAINTERS), device=device)
    for photograph in photographs:
        x = picture_to_tensor(photograph).to(device)
        results = [net(x, style[None])[0].clamp(0, 1).permute(1, 2, 0) for style in styles]
        rows.append(np.hstack([photograph, *((y.cpu().numpy() * 255).astype(np.uint8) for y in results)]))
    return np.vstack(rows)
