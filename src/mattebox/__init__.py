"""mattebox: background removal and photo enhancement.

    import mattebox as mb
    mb.cut("photo.jpg").save("cut.png")

Public names are imported on first use (PEP 562), which keeps `import mattebox` fast.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mattebox._version import __version__ as __version__

if TYPE_CHECKING:
    from mattebox.api import analyse as analyse
    from mattebox.api import anonymise as anonymise
    from mattebox.api import anonymise_video as anonymise_video
    from mattebox.api import check as check
    from mattebox.api import cut as cut
    from mattebox.api import cut_many as cut_many
    from mattebox.api import cut_video as cut_video
    from mattebox.api import depth as depth
    from mattebox.api import enhance as enhance
    from mattebox.api import enhance_video as enhance_video
    from mattebox.api import find as find
    from mattebox.api import find_faces as find_faces
    from mattebox.api import plan as plan
    from mattebox.api import rotoscope_video as rotoscope_video
    from mattebox.api import say as say
    from mattebox.api import upscale as upscale
    from mattebox.api import verify as verify
    from mattebox.client.client import Client as Client
    from mattebox.errors import MatteboxError as MatteboxError
    from mattebox.errors import NoSubject as NoSubject
    from mattebox.io.reader import read as read
    from mattebox.io.writer import write as write
    from mattebox.matting.colour_refinement import refine as refine
    from mattebox.matting.foreground import estimate_foreground as foreground  # noqa: F401
    from mattebox.matting.segmentation import segment as segment
    from mattebox.models.matte_session import Session as Session
    from mattebox.pipeline.run import run_recipe as run  # noqa: F401
    from mattebox.recipe import steps as steps
    from mattebox.recipe.recipe import Recipe as Recipe
    from mattebox.types import DepthMap as DepthMap
    from mattebox.types import Matte as Matte
    from mattebox.types import Picture as Picture
    from mattebox.video.anonymiser import VideoAnonymiser as VideoAnonymiser
    from mattebox.video.cutter import VideoCutter as VideoCutter

_EXPORTS: dict[str, tuple[str, str | None]] = {  # public name: module, attribute (None = the module itself)
    "analyse": ("api", "analyse"),
    "anonymise": ("api", "anonymise"),
    "anonymise_video": ("api", "anonymise_video"),
    "check": ("api", "check"),
    "cut": ("api", "cut"),
    "cut_many": ("api", "cut_many"),
    "cut_video": ("api", "cut_video"),
    "depth": ("api", "depth"),
    "enhance": ("api", "enhance"),
    "enhance_video": ("api", "enhance_video"),
    "rotoscope_video": ("api", "rotoscope_video"),
    "find": ("api", "find"),
    "find_faces": ("api", "find_faces"),
    "plan": ("api", "plan"),
    "say": ("api", "say"),
    "upscale": ("api", "upscale"),
    "verify": ("api", "verify"),
    "Client": ("client.client", "Client"),
    "read": ("io.reader", "read"),
    "write": ("io.writer", "write"),
    "segment": ("matting.segmentation", "segment"),
    "refine": ("matting.colour_refinement", "refine"),
    "foreground": ("matting.foreground", "estimate_foreground"),
    "run": ("pipeline.run", "run_recipe"),
    "Picture": ("types", "Picture"),
    "Matte": ("types", "Matte"),
    "DepthMap": ("types", "DepthMap"),
    "VideoAnonymiser": ("video.anonymiser", "VideoAnonymiser"),
    "VideoCutter": ("video.cutter", "VideoCutter"),
    "Session": ("models.matte_session", "Session"),
    "Recipe": ("recipe.recipe", "Recipe"),
    "steps": ("recipe.steps", None),
    "MatteboxError": ("errors", "MatteboxError"),
    "NoSubject": ("errors", "NoSubject"),
}

_SYNONYMS = {
    "remove": "cut",
    "remove_background": "cut",
    "analyze": "analyse",
    "anonymize": "anonymise",
    "open": "read",
}  # of other libraries

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        hint = f"; did you mean {_SYNONYMS[name]}?" if name in _SYNONYMS else ""
        raise AttributeError(f"module 'mattebox' has no attribute {name!r}{hint}", name=name, obj=sys.modules[__name__])
    module, attribute = _EXPORTS[name]
    imported = import_module(f"mattebox.{module}")
    value = imported if attribute is None else getattr(imported, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
