"""Build hook: fetches ONNX Runtime Web before a wheel, a source distribution or an editable install is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import runtime_archive


class RuntimeBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches the runtime's files where they are not there yet."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        runtime_archive.fetch_files()
