"""Models: cards (data), verified weights, and sessions that run them.

ONNX Runtime 1.32 records its use in a database in the user's home and sends it to its maker, unless
ORT_DISABLE_TELEMETRY is set before it is loaded; it is set here. To allow the reports, set ORT_DISABLE_TELEMETRY=0.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
