"""Names of the mattes that a user drew for a clip."""

from __future__ import annotations

from pathlib import PurePath

from mattebox.recipe.steps import Cut
from mattebox.video.backgrounds import CLIP_SUFFIXES
from mattebox.video.sequence_pattern import is_sequence_name

MATTE_ROLES = ("garbage", "holdout", "core")


def matte_paths(step: Cut) -> dict[str, str]:
    """The user's mattes and trimaps by their roles."""
    paths = {role: getattr(step, role) for role in (*MATTE_ROLES, "trimap")}
    return {role: path for role, path in paths.items() if path != "none"}


def is_matte_sequence(path: str) -> bool:
    """Whether a matte is not one picture for all frames."""
    return is_sequence_name(path) or PurePath(path).suffix.lower() in CLIP_SUFFIXES
