"""Safe loading of state dicts from untrusted files: .pth by torch's tensors-only reader, and .safetensors.

No pickled code is run.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mattebox.errors import ModelError

StateDict = dict[str, Tensor]
SAFETENSORS_DTYPES = {"F32": np.float32, "F16": np.float16}


def read_state_dict(content: bytes) -> StateDict:
    """Read tensors by name from a file's content; ModelError if it holds anything else."""
    try:
        if content[8:9] == b"{":
            return _read_safetensors(content)
        state: Any = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(
            f"the weights cannot be read safely ({' '.join(str(error).split())[:120]})",
            "give tensors only: .safetensors, or a state dict saved by torch",
        ) from error
    for inner in ("params_ema", "params", "state_dict"):
        state = state.get(inner, state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelError("the weights are no state dict", "save net.state_dict()")
    return state


def _read_safetensors(content: bytes) -> StateDict:
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            array = np.frombuffer(data[begin:end], SAFETENSORS_DTYPES[entry["dtype"]]).reshape(entry["shape"])
            tensors[name] = torch.from_numpy(array.copy())
    return tensors
