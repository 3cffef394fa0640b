"""What mattebox's web page needs to cut out in the browser: ONNX Runtime Web, and a network with its card.

`RUNTIME_FOLDER` holds the runtime's files, each compressed with gzip (NAME.gz); `WEIGHTS_FOLDER` one card and its
weights. mattebox serves them (`mattebox serve`) or writes them to a folder (`mattebox page`).
"""

from __future__ import annotations

from pathlib import Path

__version__ = "0.1.0"

RUNTIME_FOLDER = Path(__file__).parent / "runtime"
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
