"""The three-line Python API: a photograph's path in, a cutout out. Reads, runs the pipeline, and can save.

import mattebox as mb
mb.cut("photo.jpg").save("cut.png")
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from mattebox import pipeline
from mattebox.io.read import read
from mattebox.io.write import write
from mattebox.pipeline import Result
from mattebox.recipe import Background, Cut, Recipe
from mattebox.types import Picture
from mattebox.zoo.session import Session

Source = str | os.PathLike[str] | bytes | BinaryIO | Picture


@dataclass(frozen=True)
class Cutout(Result):
    """A result that remembers where it came from, so that saving never overwrites the photograph."""

    source: Path | None = None

    def save(
        self,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        format: str | None = None,
        quality: int | None = None,
        overwrite: bool = True,
        hidden: Literal["zero", "keep"] = "zero",
    ) -> None:
        """Write the picture, whole or not at all; the format is the suffix's unless given. OutputError."""
        inputs = () if self.source is None else (self.source,)
        write(self.picture, target, format=format, quality=quality, overwrite=overwrite, inputs=inputs, hidden=hidden)


def cut(
    source: Source,
    *,
    model: str = "balanced",
    edges: Literal["refined", "plain"] = "refined",
    colours: Literal["clean", "source"] = "clean",
    empty: Literal["refuse", "keep"] = "refuse",
    output: Literal["cutout", "matte"] = "cutout",
    background: str = "transparent",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = 100_000_000,
) -> Cutout:
    """Cut the subject out of a photograph.

    `source` is a path, bytes, a binary file object or a Picture; `background` is `transparent` or a colour. Parameters
    are those of the recipe's steps Cut and Background. Raises InputError, NoSubject, ModelError, DeviceError,
    UsageError; all are MatteboxError.
    """
    picture = source if isinstance(source, Picture) else read(source, max_pixels=max_pixels)
    steps = (Cut(model=model, edges=edges, colours=colours, empty=empty, output=output), Background(colour=background))
    recipe = Recipe(steps[:1] if background == "transparent" else steps)
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    result = pipeline.run(
        picture, recipe, session=session, device=device, threads=threads, name=str(path or "the photograph")
    )
    return Cutout(result.picture, result.matte, result.model, result.device, result.seconds, path)
