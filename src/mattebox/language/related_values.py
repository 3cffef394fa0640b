"""Values that mean something else beside others: a size beside an enlarging network, a product on a background."""

from __future__ import annotations

from mattebox.language.concepts import Value
from mattebox.language.settings import CUT, PRESET

PAINT = "background"  # parameter
PRODUCT = "product"  # preset


def describe_product(values: dict[str, Value]) -> dict[str, Value]:
    """The values; a "product photo" of which the background is said is no preset: all of it is said."""
    if values.get(PRESET) != PRODUCT or PAINT not in values:
        return values
    return {name: value for name, value in values.items() if name != PRESET} | {CUT: True}


def enlarge_to_size(values: dict[str, Value]) -> dict[str, Value]:
    """The values; a size in pixels beside the network for enlarging is what it enlarges to."""
    size = str(values.get("size", ""))
    if "upscale_model" in values and "upscale" not in values and size.isdigit():
        return {name: value for name, value in values.items() if name != "size"} | {"upscale": f"{size}px"}
    return values
