"""Whether the packages that video needs are installed. Imports none of them."""

from __future__ import annotations

from importlib.util import find_spec

from mattebox.core.interface import install_extra
from mattebox.errors import UsageError


def require_video_extra() -> None:
    """UsageError, with what to install, where PyAV is missing."""
    if find_spec("av") is None:
        raise UsageError("video needs an extra package", install_extra("video"))
