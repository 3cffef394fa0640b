"""Type information of msgspec's structs, built by one thread at a time.

msgspec (0.22) builds what it needs to know of a struct, and of the structs in its fields, when the first value of that
type is decoded. Annotations are Python code, so another thread can run meanwhile, find a struct that is half built and
crash the process with a segmentation fault.
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec

_lock = threading.Lock()
_built_types: set[Any] = set()


def build_type_info(kind: Any) -> None:
    """Build the information of a type, once, before values of it are decoded or converted by several threads.

    Parameters
    ----------
    kind : type
        A struct, or a union or container of structs.
    """
    if kind in _built_types:
        return
    with _lock:
        msgspec.json.Decoder(kind)
        _built_types.add(kind)
