"""Checkpoint files, replaced atomically: written beside the previous one, then moved over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mattebox.errors import InputUnreadable, OutputError


def write(state: dict[str, Any], path: Path) -> None:
    """Replace the checkpoint; on a full disk OutputError, and the previous one stays as it was."""
    part = path.with_suffix(".part")
    try:
        torch.save(state, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError
        part.unlink(missing_ok=True)
        previous = "the previous one is whole; " if path.exists() else ""
        raise OutputError(
            f"{path}: the checkpoint cannot be written ({str(error).splitlines()[0]})",
            f"{previous}free some space and give the same command again: the run goes on from its last checkpoint",
        ) from error


def read(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint onto a device; InputUnreadable if the file is none."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise InputUnreadable(f"{path}: not a checkpoint ({type(error).__name__})", "give RUN/best.pt") from error
    if "average" not in state:
        raise InputUnreadable(f"{path}: holds no averaged weights", "give RUN/best.pt or RUN/last.pt")
    return state


def load_matching_weights(net: nn.Module, weights: dict[str, Tensor]) -> float:
    """Load the weights whose name and shape fit the network; the share of its values that were loaded."""
    own = net.state_dict()
    fits = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    net.load_state_dict(own | fits)
    return sum(v.numel() for v in fits.values()) / sum(v.numel() for v in own.values())
