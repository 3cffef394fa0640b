"""Weights of others, read as tensors by name. No pickle is run: torch's safe reader takes tensors and nothing else, and
.safetensors holds nothing else. Knows nothing of networks.
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
    """The tensors by name. ModelError when there is anything but tensors."""
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
    found = {}
    for name, facts in header.items():
        if name != "__metadata__":
            begin, end = facts["data_offsets"]
            array = np.frombuffer(data[begin:end], SAFETENSORS_DTYPES[facts["dtype"]]).reshape(facts["shape"])
            found[name] = torch.from_numpy(array.copy())
    return found
