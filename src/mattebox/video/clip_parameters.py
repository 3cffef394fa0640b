"""The parameters of stills, by their flat names, that work on clips has."""

from __future__ import annotations

ROTO_PARAMETERS = (
    "model", "edges", "colours", "matte_only", "background", "background_fit", "background_align", "blend",
    "shadow", "shadow_opacity", "shadow_softness", "shadow_angle", "shadow_length", "shadow_colour",
    "label", "label_logo", "label_position", "label_size", "label_opacity", "label_colour",
)  # fmt: skip
CUT_PARAMETERS = (
    *ROTO_PARAMETERS, "votes", "by", "tolerance", "trimap", "garbage", "holdout", "core", "sign",
)  # fmt: skip
ENHANCEMENT_PARAMETERS = (
    "restore", "restore_model", "upscale", "upscale_model", "upscale_detail", "balance", "balance_strength", "light",
    "exposure", "contrast", "highlights", "shadows", "clarity", "light_strength", "saturation", "vibrance", "warmth",
    "style", "style_method", "style_strength", "sharpen", "sharpen_radius", "sharpen_threshold", "sharpen_halo",
    "label", "label_position", "label_size", "label_opacity", "label_colour",
)  # fmt: skip
