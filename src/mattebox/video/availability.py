"""Whether the packages that video needs are installed. Imports none of them."""

from __future__ import annotations

from importlib.util import find_spec

from mattebox.core.interface import install_extra
from mattebox.errors import UsageError


def has_video_extra() -> bool:
    """Whether PyAV is installed."""
    return find_spec("av") is not None


def require_video_extra() -> None:
    """UsageError, with what to install, where PyAV is missing."""
    if not has_video_extra():
        raise UsageError("video needs an extra package", install_extra("video"))
