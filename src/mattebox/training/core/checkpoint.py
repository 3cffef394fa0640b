"""Checkpoints that are whole or not there: written beside, then moved over the previous one.

Knows nothing of what a checkpoint holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mattebox.errors import InputUnreadable, OutputError


def write(state: dict[str, Any], path: Path) -> None:
    """Replace the checkpoint; on a full disk OutputError, and the previous one stays as it was."""
    part = path.with_suffix(".part")
    try:
        torch.save(state, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch's own writer gives RuntimeError
        part.unlink(missing_ok=True)
        kept = "the previous one is whole; " if path.exists() else ""
        raise OutputError(
            f"{path}: the checkpoint cannot be written ({str(error).splitlines()[0]})",
            f"{kept}free some space and give the same command again: the run goes on from its last checkpoint",
        ) from error


def read(path: Path, device: torch.device) -> dict[str, Any]:
    """InputUnreadable when it is no checkpoint."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise InputUnreadable(f"{path}: not a checkpoint ({type(error).__name__})", "give RUN/best.pt") from error
    if "average" not in state:
        raise InputUnreadable(f"{path}: holds no averaged weights", "give RUN/best.pt or RUN/last.pt")
    return state
