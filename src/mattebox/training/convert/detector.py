"""Weights that training begins with: CenterFace's, or those of a detector or verifier that was exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from mattebox.errors import InputUnreadable
from mattebox.training.convert.centerface import load_centerface_weights
from mattebox.training.networks.detection_network import DetectionNet
from mattebox.training.networks.verification_network import VerificationNet

Constants = dict[str, NDArray[np.generic]]

EXPORT_PREFIX = "net."  # of the network within what is exported


def load_initial_weights(net: DetectionNet, file: Path) -> None:
    """Load CenterFace's ONNX file, or one that `mattebox.training.export.detection` wrote, into a network, in place.

    Raises
    ------
    InputUnreadable
        It is neither, or of other widths.
    """
    constants = _read_constants(file)
    if _is_export_of(net, constants):
        _load_constants(net, constants, file)
    else:
        load_centerface_weights(net, file)


def is_exported_verifier(file: Path) -> bool:
    """Whether an ONNX file is a verifier that `mattebox.training.export.verification` wrote. InputUnreadable."""
    return _is_export_of(VerificationNet(), _read_constants(file))


def load_exported_verifier(net: VerificationNet, file: Path) -> None:
    """Load a verifier that `mattebox.training.export.verification` wrote into a network, in place. InputUnreadable."""
    _load_constants(net, _read_constants(file), file)


def _read_constants(file: Path) -> Constants:
    try:
        onnx.checker.check_model(str(file))
        return {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise InputUnreadable(f"{file}: no ONNX graph ({error})", "give centerface.onnx, or an exported one") from error


def _is_export_of(net: nn.Module, constants: Constants) -> bool:
    return all(any(key.startswith(f"{EXPORT_PREFIX}{name}") for key in constants) for name in net.state_dict())


def _load_constants(net: nn.Module, constants: Constants, file: Path) -> None:
    try:
        names = list(net.state_dict())
        net.load_state_dict({n: torch.from_numpy(_read_constant(constants, EXPORT_PREFIX + n)) for n in names})
    except (RuntimeError, KeyError) as error:
        raise InputUnreadable(f"{file}: of other widths ({error})", "set width and head as in its recipe") from error


def _read_constant(constants: Constants, name: str) -> NDArray[np.float32]:
    """A weight as float32, whether it is stored so, in float16, or in int8 with scales."""
    if f"{name}.int8" in constants:
        return constants[f"{name}.int8"].astype(np.float32) * constants[f"{name}.scale"].astype(np.float32)
    stored = constants[name] if name in constants else constants[f"{name}.half"]
    return stored.astype(np.float32)
