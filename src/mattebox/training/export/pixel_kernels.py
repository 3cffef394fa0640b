"""Export of the pixel kernels of matting and motion as ONNX graphs (decision 002).

python -m mattebox.training.export.pixel_kernels       writes src/mattebox/models/runtime/kernels/*.onnx
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch
from torch import nn

from mattebox.training.export.logarithms import make_logarithms_repeatable
from mattebox.training.export.onnx_trace import OPSET_VERSION
from mattebox.training.networks.motion_kernels import ImproveMotion, SearchMotion
from mattebox.training.networks.pixel_kernels import (
    BlurFusion,
    ColourModels,
    ProjectAlpha,
    UnmixForeground,
)
from mattebox.training.networks.posterior_alpha import PosteriorAlpha, RobustColourModels


def kernel_graphs() -> dict[str, tuple[nn.Module, dict[str, tuple[int, ...]]]]:
    """Kernels by the names of their files, each with its inputs' names and example shapes."""
    return {
        "colour_models": (ColourModels(halve=False), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 64, 80)}),
        "colour_models_half": (ColourModels(halve=True), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 32, 40)}),
        "decide": (PosteriorAlpha(), {"tile": (24, 32, 48, 3), "prior": (24, 32, 48), "patch": (24, 30, 10, 14)}),
        "robust_models": (
            RobustColourModels(halve=False),
            {"guide": (1, 3, 64, 80), "alpha": (1, 1, 64, 80), "power": (1,)},
        ),
        "robust_models_half": (
            RobustColourModels(halve=True),
            {"guide": (1, 3, 64, 80), "alpha": (1, 1, 32, 40), "power": (1,)},
        ),
        "fuse": (BlurFusion(), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 64, 80)}),
        "project": (ProjectAlpha(), {"tile": (64, 96, 3), "patch": (1, 6, 18, 26)}),
        "project_plate": (ProjectAlpha(), {"tile": (64, 96, 3), "patch": (1, 6, 18, 26), "plate": (64, 96, 3)}),
        "improve_motion": (
            ImproveMotion(),
            {"frame": (24, 1, 64, 80), "shown": (24, 1, 64, 80), "motion": (24, 2, 64, 80)},
        ),
        "search_motion": (SearchMotion(), {"frame": (24, 1, 24, 30), "other": (24, 1, 24, 30)}),
        "unmix": (UnmixForeground(), {"tile": (24, 32, 48, 3), "alpha": (24, 32, 48), "patch": (24, 6, 10, 14)}),
    }


def export_kernels(folder: Path) -> None:
    """Write all kernels as ONNX graphs; sides of inputs above 20 are dynamic."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (graph, inputs) in kernel_graphs().items():
        axes = {k: {i: f"{k}{i}" for i, size in enumerate(shape) if size > 20} for k, shape in inputs.items()}
        if "patch" in inputs:
            axes["patch"] |= {2: "rows", 3: "columns"}
            axes["patch"].pop(1, None)  # planes
        path = folder / f"{name}.onnx"
        torch.onnx.export(
            graph.eval(), tuple(torch.rand(shape) for shape in inputs.values()), path,
            input_names=list(inputs), output_names=["out"], dynamic_axes=axes,
            opset_version=OPSET_VERSION, dynamo=False,
        )  # fmt: skip
        onnx.save(make_logarithms_repeatable(onnx.load(path)), path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("src/mattebox/models/runtime/kernels"))
    export_kernels(parser.parse_args().folder)


if __name__ == "__main__":
    main()
