"""The result of `cut`, `enhance` and `upscale`."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from mattebox.composition.marketplace.compliance import ComplianceReport
from mattebox.composition.marketplace.rules import NO_MARKETPLACE
from mattebox.io.writer import write
from mattebox.pipeline import marketplace_check
from mattebox.pipeline.output_provenance import Origin, prepare_output
from mattebox.pipeline.result import Result
from mattebox.pipeline.save_options import save_options
from mattebox.provenance.signing import SigningIdentity
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save


@dataclass(frozen=True, repr=False)
class CutoutResult(Result):
    """What `cut`, `enhance` and `upscale` return. `numpy.asarray(result)` gives RGB or RGBA, and a notebook shows it.

    Attributes
    ----------
    picture : Picture
        The result, with alpha where it is transparent.
    matte : Matte or None
        The alpha matte of the cut, at the photograph's (upscaled) size; None when nothing was cut.
    confidence : float or None
        Expected intersection over union of the matte, 0 to 1; None when nothing was cut.
    found : bool or None
        Whether it is clear that there is a subject; where it is False, `notes` says so. None when nothing was cut.
    box : (left, top, right, bottom) or None
        Bounding box of the subject in pixels of the matte; None when nothing was cut.
    size, shape : (width, height), (height, width)
        Of the picture, in pixels.
    notes : tuple of str
        Remarks for the user.
    model, device : str or None
        The network that cut, and where it ran.
    seconds : dict of str to float
        Duration of each stage.
    layers : tuple of Layer
        Background, shadow and subject of a composition, from the bottom; empty without one.
    source : Path or None
        The photograph's file, which `save` never overwrites.
    recipe : Recipe
        What was done, with the settings for saving.
    origin : Origin or None
        The photograph's name, size and encoded file, for the history that a signed result carries.
    """

    source: Path | None = None
    recipe: Recipe = field(default_factory=lambda: Recipe((Save(),)))
    origin: Origin | None = field(default=None, repr=False)

    def save(
        self,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = True,
        hidden: Literal["zero", "keep"] = "zero",
        sign: bool | SigningIdentity | None = None,
    ) -> ComplianceReport | None:
        """Write the picture to a file, completely or not at all.

        Parameters
        ----------
        target : path or binary file object
            "-" is standard output.
        format : str, optional
            Such as "png"; by default the recipe's, or what the path's suffix says.
        quality : int, optional
            1 to 100; by default the recipe's, or the format's.
        overwrite : bool
            Whether an existing file may be replaced. The photograph itself never is.
        hidden : {"zero", "keep"}
            Colours of pixels that are fully transparent: cleared or kept.
        sign : bool or SigningIdentity, optional
            Whether Content Credentials (C2PA) say what was done, signed by the key of `mattebox provenance init` or by
            another identity; by default as the recipe says. Needs mattebox[provenance].

        Returns
        -------
        ComplianceReport or None
            The check of the written file against the marketplace of the recipe (`check_for`, as in a marketplace's
            preset), if it names one and `target` is a path.

        Raises
        ------
        OutputError
            When it cannot be written, or the format cannot hold it.
        """
        save_step = self.recipe.save_step
        options = save_options(save_step)
        options["format"], options["quality"] = format or options["format"], quality or options["quality"]
        inputs = () if self.source is None else (self.source,)
        result, sign_output = prepare_output(
            self,
            self.recipe if sign is None else build_recipe({"sign": bool(sign)}, self.recipe),
            self.origin or Origin("photograph", self.picture.size),
            title=Path(target).name if isinstance(target, str | os.PathLike) and str(target) != "-" else "picture",
            now=datetime.now(UTC),
            identity=sign if isinstance(sign, SigningIdentity) else None,
        )
        write(
            result.picture, target, overwrite=overwrite, inputs=inputs, hidden=hidden, layers=self.layers,
            sign=sign_output, **options,
        )  # fmt: skip
        marketplace = save_step.check_for
        if marketplace == NO_MARKETPLACE or not isinstance(target, str | os.PathLike):
            return None
        path = Path(target)
        return None if str(path) == "-" else marketplace_check.check_listing(path.read_bytes(), marketplace, str(path))

    def to_bytes(self, format: str | None = None, *, quality: int | None = None) -> bytes:
        """The picture as an encoded file, as `save` writes it.

        Parameters
        ----------
        format : str, optional
            Such as "png" or "jpg"; by default the recipe's, or PNG.
        quality : int, optional
            1 to 100; by default the recipe's, or the format's.

        Raises
        ------
        OutputError
            When the format cannot hold the picture.
        """
        file = io.BytesIO()
        self.save(file, format=format, quality=quality)
        return file.getvalue()
