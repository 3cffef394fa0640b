"""The recipe's step Save as arguments of `io.writer.write`."""

from __future__ import annotations

from typing import TypedDict

from mattebox.recipe.steps import Save


class SaveOptions(TypedDict):
    """The arguments of `write` that the step Save sets."""

    format: str | None
    quality: int | None
    max_bytes: int | None


def save_options(save_step: Save) -> SaveOptions:
    """Format, quality and size limit, None where the step leaves them open. UsageError for an invalid limit."""
    return SaveOptions(
        format=None if save_step.format == "auto" else save_step.format,
        quality=save_step.quality or None,
        max_bytes=save_step.max_bytes,
    )
