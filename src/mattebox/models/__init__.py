"""The cellar: models as data (cards), their verified weights, and sessions that run them.

onnxruntime 1.32 keeps a database of what it did in the user's home and sends it to its maker, unless told not to before
it is loaded; here it is told. Whoever wants that sets ORT_DISABLE_TELEMETRY=0.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
