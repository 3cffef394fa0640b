"""Previews of results: shrunk, encoded, and only the tiles that differ from a former one that the client has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mattebox.recipe.steps import Save
    from mattebox.types import Picture


def shrink_picture(picture: Picture, max_pixels: int | None) -> Picture:
    """A picture shrunk to at most so many pixels; None for any number."""
    from mattebox.io.resampling import crop_and_resize

    height, width = picture.shape
    if max_pixels is None or height * width <= max_pixels:
        return picture
    scale = (max_pixels / (height * width)) ** 0.5
    shape = (max(1, int(height * scale)), max(1, int(width * scale)))
    return picture.with_pixels(*crop_and_resize(picture.rgb, picture.alpha, (0, 0, width, height), shape))


def encode_preview(preview: Picture, save: Save, metadata: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The encoded preview of a result, in the result's format where that is of one picture, and its metadata."""
    from mattebox.io.encoding import encode
    from mattebox.io.file_formats import find_format

    full_size = {"full_width": metadata["width"], "full_height": metadata["height"]}
    file_format = find_format(metadata["format"])
    if file_format.has_layers:
        file_format = find_format("png")
    height, width = preview.shape
    size = {"mime": file_format.mime_type, "format": file_format.name, "width": width, "height": height}
    return encode(preview, file_format.name, quality=save.quality or None), metadata | size | full_size


def find_changes(preview: Picture, task: dict[str, Any], metadata: dict[str, Any]) -> tuple[Picture, dict[str, Any]]:
    """What to send of a preview to a client that may have a former one, and the metadata that say so."""
    from mattebox.server.workers.changed_tiles import (
        find_changed_tiles,
        fingerprint_pixels,
        keep_only_tiles,
        tile_side,
        visible_pixels,
    )

    since = task.get("since")
    if not since or preview.alpha is None or metadata["format"] != "png":
        return preview, {}
    visible = visible_pixels(preview)
    fingerprint = fingerprint_pixels(visible)
    numbers = find_changed_tiles(fingerprint, since)
    if numbers is None:
        return preview, {"fingerprint": fingerprint}
    patch = {"side": tile_side(visible), "tiles": numbers}
    kept = keep_only_tiles(visible, numbers)
    return preview.with_pixels(kept[..., :3].copy(), kept[..., 3].copy()), {"fingerprint": fingerprint, "patch": patch}
