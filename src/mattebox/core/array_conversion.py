"""NumPy arrays of other libraries as pixels: shape, dtype and range are checked, layout and depth converted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import UsageError

CHANNEL_COUNTS = (1, 3, 4)  # grey, RGB, RGBA
MAX_ROUNDING_ERROR = 1e-4  # by which floating-point values may leave 0..1

PixelArray = NDArray[np.unsignedinteger[Any]]


def pixels_from_array(array: object) -> tuple[PixelArray, PixelArray | None]:
    """H x W x 3 colours and H x W alpha (None without a fourth channel), both uint8 or both uint16, C-contiguous.

    Takes H x W or H x W x 1, 3 or 4 of bool, uint8, uint16 or floating point from 0 to 1 (which becomes uint16).
    UsageError for anything else, with what to do about it.
    """
    if not isinstance(array, np.ndarray):
        raise UsageError(f"this is not a NumPy array but {type_name(array)}", array_remedy(array))
    pixels = _convert_dtype(_check_shape(array))
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.ascontiguousarray(pixels[..., :3])
    return rgb, np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None


def array_from_pixels(rgb: PixelArray, alpha: PixelArray | None) -> PixelArray:
    """H x W x 3 (the same array), or H x W x 4 with alpha."""
    return rgb if alpha is None else np.concatenate([rgb, alpha[..., None]], axis=2)


def type_name(value: object) -> str:
    """The type of a value as its users know it, such as `torch.Tensor`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def array_remedy(value: object) -> str:
    """How to make an array that is taken of `value`."""
    if type(value).__module__.partition(".")[0] == "torch":
        return "give tensor.detach().cpu().numpy() as height x width x channels (tensor.permute(1, 2, 0) of C x H x W)"
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        return "give numpy.asarray(...) of it as height x width x channels"
    return "give a NumPy array, height x width x channels"


def _check_shape(array: NDArray[Any]) -> NDArray[Any]:
    """The array as H x W x C, a view. UsageError."""
    shape = " x ".join(map(str, array.shape)) or "a single number"
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 4:
        raise UsageError(f"the array is {shape}, a batch of pictures", "give one at a time: array[0]")
    if array.ndim == 1:
        raise UsageError(
            f"the array has one dimension ({shape})",
            "give height x width x channels; of a file's bytes, give array.tobytes()",
        )
    if array.ndim != 3:
        raise UsageError(f"the array is {shape}", "give height x width x channels")
    if array.shape[2] not in CHANNEL_COUNTS:
        if array.shape[0] in CHANNEL_COUNTS:
            raise UsageError(
                f"the array is {shape}, channels first", "give height x width x channels: array.transpose(1, 2, 0)"
            )
        raise UsageError(
            f"the array is {shape}, with {array.shape[2]} channels",
            "give height x width x channels, with 1 (grey), 3 (RGB) or 4 (RGBA) channels",
        )
    if 0 in array.shape:
        raise UsageError(f"the array is {shape}, without pixels", "give at least 1 x 1")
    return array


def _convert_dtype(array: NDArray[Any]) -> PixelArray:
    """uint8 or uint16 in the machine's byte order. UsageError."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return array.astype(np.uint16, copy=False)
    if array.dtype.kind == "f":
        return _quantise(array)
    raise UsageError(
        f"the array's values are {array.dtype}",
        "give uint8 (0 to 255), uint16 (0 to 65535), bool or floating point from 0 to 1, "
        "such as array.astype(numpy.uint8)",
    )


def _quantise(array: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
    """Values from 0 to 1 as 16 bits. UsageError for others."""
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        kind = "not a number (NaN)" if np.isnan(low) or np.isnan(high) else "infinite"
        raise UsageError(f"the array has values that are {kind}", "replace them first, as with numpy.nan_to_num")
    if low < -MAX_ROUNDING_ERROR or high > 1 + MAX_ROUNDING_ERROR:
        bytes_as_floats = low >= -MAX_ROUNDING_ERROR and 2 < high < 255.5
        raise UsageError(
            f"the array's floating-point values go from {low:g} to {high:g}",
            "divide it by 255, for values from 0 to 1" if bytes_as_floats else "scale or clip it to values from 0 to 1",
        )
    wide = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    np.multiply(wide, 65535, out=wide)
    quantised: NDArray[np.uint16] = np.rint(wide, out=wide).clip(0, 65535).astype(np.uint16)
    return quantised
