"""bfloat16 training on accelerators, and on processors that compute with it (decision 013).

Elsewhere PyTorch emulates bfloat16, ten times slower than float32.
"""

from __future__ import annotations

import torch


def autocast_where_fast(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where that is faster on this device; elsewhere float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bfloat16(device))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a network is trained faster in bfloat16 than in float32 on this device."""
    return device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
