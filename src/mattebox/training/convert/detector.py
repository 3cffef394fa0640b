"""Weights that a detector's training begins with: CenterFace's, or those of a detector that was exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from mattebox.errors import InputUnreadable
from mattebox.training.convert.centerface import load_centerface_weights
from mattebox.training.networks.detection_network import DetectionNet

EXPORT_PREFIX = "net."  # of the network within what is exported


def load_initial_weights(net: DetectionNet, file: Path) -> None:
    """Load CenterFace's ONNX file, or one that `mattebox.training.export.detection` wrote, into a network, in place.

    Raises
    ------
    InputUnreadable
        It is neither, or of other widths.
    """
    try:
        onnx.checker.check_model(str(file))
        constants = {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise InputUnreadable(f"{file}: no ONNX graph ({error})", "give centerface.onnx, or a detector's") from error
    names = list(net.state_dict())
    if not all(any(key.startswith(f"{EXPORT_PREFIX}{name}") for key in constants) for name in names):
        load_centerface_weights(net, file)
        return
    state = {name: torch.from_numpy(_read_constant(constants, EXPORT_PREFIX + name)) for name in names}
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise InputUnreadable(f"{file}: of other widths ({error})", "set width and head as in its recipe") from error


def _read_constant(constants: dict[str, NDArray[np.generic]], name: str) -> NDArray[np.float32]:
    """A weight as float32, whether it is stored so, in float16, or in int8 with scales."""
    if f"{name}.int8" in constants:
        return constants[f"{name}.int8"].astype(np.float32) * constants[f"{name}.scale"].astype(np.float32)
    stored = constants[name] if name in constants else constants[f"{name}.half"]
    return stored.astype(np.float32)
