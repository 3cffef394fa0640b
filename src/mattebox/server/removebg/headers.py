"""Response headers of remove.bg's API."""

from __future__ import annotations

from typing import Any

HEADER_NAMES = (
    *("X-Type", "X-Width", "X-Height", "X-Max-Width", "X-Max-Height", "X-Credits-Charged"),
    *("X-Foreground-Top", "X-Foreground-Left", "X-Foreground-Width", "X-Foreground-Height"),
)


def removebg_headers(metadata: dict[str, Any], subject_type: str, is_charged: bool) -> dict[str, str]:
    """Type, size, subject box and credits of a result.

    Parameters
    ----------
    metadata
        The header of the worker's response.
    subject_type
        As the client states it, or "other": the subject is not classified here.
    is_charged
        Whether the picture counts against a quota.
    """
    left, top, right, bottom = metadata.get("box", (0, 0, metadata["width"], metadata["height"]))
    return {
        "X-Type": subject_type,
        "X-Width": str(metadata["width"]),
        "X-Height": str(metadata["height"]),
        "X-Max-Width": str(metadata["stored_width"]),
        "X-Max-Height": str(metadata["stored_height"]),
        "X-Credits-Charged": str(int(is_charged)),
        "X-Foreground-Top": str(top),
        "X-Foreground-Left": str(left),
        "X-Foreground-Width": str(right - left),
        "X-Foreground-Height": str(bottom - top),
    }
