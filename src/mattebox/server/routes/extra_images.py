"""Pictures of a request besides its source, and the parameters that they stand for."""

from __future__ import annotations

from typing import Any

from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.openapi.schemas import FILE

PARAMETER_BY_EXTRA_IMAGE = {
    "background_image": "background",
    "style_image": "style",
    "bokeh_depth_image": "bokeh_depth",
    "distance_depth_image": "distance_depth",
    "trimap_image": "trimap",
    "heal_image": "heal",
    "garbage_image": "garbage",
    "holdout_image": "holdout",
    "core_image": "core",
    "plate_image": "by",
    "logo_image": "label_logo",
}
EXTRA_IMAGE_FIELDS = {
    name: FILE | {"description": description}
    for name, description in {
        "background_image": "what comes behind the subject",
        "style_image": "the picture whose colours or style to apply",
        "bokeh_depth_image": "a grey picture of depth, in which brighter is nearer",
        "distance_depth_image": "a grey picture of depth, in which brighter is nearer, for what works by distance",
        "trimap_image": "a grey picture: 0 is background, 255 subject, 128 unknown",
        "heal_image": "a grey picture: what is white is removed, and filled from its surroundings",
        "garbage_image": "a grey picture (garbage matte): what is white is not subject",
        "holdout_image": "a grey picture (holdout matte): what is white lies in front of the subject",
        "core_image": "a grey picture (core matte): what is white is subject",
        "plate_image": "the same scene without the subject (clean plate)",
        "logo_image": "a logo to draw on the result",
    }.items()
}
PATH_PARAMETERS = ("heal", "trimap", "garbage", "holdout", "core")  # the pictures themselves are fields


def name_extra_images(fields: dict[str, Any], images: dict[str, EncodedPicture]) -> None:
    """Name the extra pictures that were sent in the parameters that they stand for."""
    for name in PARAMETER_BY_EXTRA_IMAGE.keys() & images.keys():
        images[f"{name}.file"] = images.pop(name)
        fields[PARAMETER_BY_EXTRA_IMAGE[name]] = f"plate({name}.file)" if name == "plate_image" else f"{name}.file"
