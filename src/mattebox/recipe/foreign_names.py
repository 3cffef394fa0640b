"""Names that rembg, remove.bg and Real-ESRGAN give to parameters, for the error that says what they are called here."""

from __future__ import annotations

FOREIGN_NAMES = {
    "add_shadow": 'shadow="contact"',
    "alpha_matting": "edges, which are refined by default",
    "background_color": "background",
    "background_colour": "background",
    "bg": "background",
    "bg_color": "background",
    "bg_image": "background",
    "bg_image_url": "background",
    "bgcolor": "background",
    "channels": "matte_only=True for alpha alone",
    "crop_margin": "margin",
    "face_enhance": "faces",
    "mask_only": "matte_only",
    "model_name": "model",
    "only_mask": "matte_only",
    "outscale": "upscale",
    "post_process_mask": "holes and edges",
    "return_mask": "matte_only",
    "roi": "region",
    "scale": "fill for a cutout, upscale for a larger photograph",
    "shadow_type": "shadow",
}


def describe_foreign_name(name: str) -> str:
    """What a parameter of another tool is called here, as a remedy; "" for a name that is not known."""
    wanted = FOREIGN_NAMES.get(name.lower().replace("-", "_"))
    return f"here it is {wanted}" if wanted else ""
