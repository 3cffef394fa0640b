"""mattebox: a photograph goes in, a faithful cutout or a better photograph comes out.

    import mattebox as mb
    mb.cut("photo.jpg").save("cut.png")

Names load when first used (PEP 562), so that importing mattebox costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mattebox._version import __version__ as __version__

if TYPE_CHECKING:
    from mattebox import recipe
    from mattebox.api import cut as cut
    from mattebox.api import enhance as enhance
    from mattebox.api import find as find
    from mattebox.api import upscale as upscale
    from mattebox.client import Client as Client
    from mattebox.errors import MatteboxError as MatteboxError
    from mattebox.errors import NoSubject as NoSubject
    from mattebox.io.read import read as read
    from mattebox.io.write import write as write
    from mattebox.matte.foreground import foreground as foreground
    from mattebox.matte.refine import refine as refine
    from mattebox.matte.segment import segment as segment
    from mattebox.pipeline import run as run
    from mattebox.recipe import Recipe as Recipe
    from mattebox.types import Matte as Matte
    from mattebox.types import Picture as Picture
    from mattebox.zoo.session import Session as Session

    steps = recipe

_HOMES = {
    "cut": "api",
    "enhance": "api",
    "find": "api",
    "upscale": "api",
    "Client": "client",
    "read": "io.read",
    "write": "io.write",
    "segment": "matte.segment",
    "refine": "matte.refine",
    "foreground": "matte.foreground",
    "run": "pipeline",
    "Picture": "types",
    "Matte": "types",
    "Session": "zoo.session",
    "Recipe": "recipe",
    "steps": "recipe",
    "MatteboxError": "errors",
    "NoSubject": "errors",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mattebox' has no attribute {name!r}")
    home = import_module(f"mattebox.{_HOMES[name]}")
    value = home if name == "steps" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
