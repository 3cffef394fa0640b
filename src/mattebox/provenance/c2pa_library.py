"""The library of Content Credentials (c2pa-python, an extra) and its settings: it never opens a socket unasked."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from mattebox.core.interface import install_extra
from mattebox.errors import UsageError

SETTINGS: dict[str, Any] = {
    "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


def load_library() -> ModuleType:
    """The module `c2pa`. UsageError, with the command that installs it, where it is missing."""
    try:
        import c2pa
    except ImportError as error:
        raise UsageError("Content Credentials need the package c2pa-python", install_extra("provenance")) from error
    module: ModuleType = c2pa
    return module


def make_context(anchors: bytes = b"") -> Any:
    """A context that trusts the certificates of these authorities (PEM), and no others."""
    c2pa = load_library()
    trust = {"trust": {"trust_anchors": anchors.decode()}} if anchors else {}
    return c2pa.Context(c2pa.Settings.from_json(json.dumps(SETTINGS | trust)))
