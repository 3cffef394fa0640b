"""A picture's subjects as Cryptomatte in an OpenEXR file, for `mattebox find --cryptomatte`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattebox.errors import OutputError

if TYPE_CHECKING:
    from mattebox.models.instance_masks import Instance
    from mattebox.types import Picture


def write_subject_cryptomatte(
    path: Path, picture: Picture, instances: Sequence[Instance], *, overwrite: bool, inputs: Sequence[Path]
) -> None:
    """Write the picture in linear light, with the mattes of its subjects at full size, named by class and number.

    OutputError.
    """
    import numpy as np

    from mattebox.io.atomic_write import make_folder, replacement_file
    from mattebox.io.cryptomatte import encode_cryptomatte
    from mattebox.io.exr_frame import ExrFrame, write_exr_frame
    from mattebox.io.layered_formats import linear_light
    from mattebox.io.writer import check_not_input
    from mattebox.matting.colour_refinement import refine
    from mattebox.matting.matte_operations import as_floats, as_pixels
    from mattebox.types import BitDepth, Matte

    if path.suffix.lower() != ".exr":
        raise OutputError(f"{path}: Cryptomatte is written to OpenEXR", "give a name that ends in .exr")
    check_not_input(path, inputs)
    mattes = {}
    for number, instance in enumerate(instances, start=1):
        coarse = as_pixels(instance.alpha, BitDepth.SIXTEEN)
        matte = refine(picture, Matte(coarse, instance.score, True, (0, 0, coarse.shape[1], coarse.shape[0])))
        mattes[f"{instance.label or 'subject'}{number}"] = as_floats(matte.alpha)
    encoded = encode_cryptomatte(mattes)
    light = linear_light(picture.rgb.astype(np.float32) / np.float32(picture.bit_depth.peak), picture)
    alpha = None if picture.alpha is None else as_floats(picture.alpha)
    make_folder(path.parent)
    with replacement_file(path, overwrite=overwrite) as temporary_path:
        frame = ExrFrame(light, alpha, layers=encoded.channels, strings=encoded.attributes)
        write_exr_frame(temporary_path, frame, straight=False)
