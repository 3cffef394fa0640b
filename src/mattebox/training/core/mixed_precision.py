"""Where half precision pays: on accelerators, and on processors that compute with bfloat16.

Elsewhere PyTorch answers bfloat16 all the same, ten times slower than float32 (LOG.md).
"""

from __future__ import annotations

import torch


def autocast_where_fast(device: torch.device) -> torch.autocast:
    """The precision to train in on that device: bfloat16 where it pays, else float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bfloat16(device))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a network is trained faster in bfloat16 on that device."""
    return device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
