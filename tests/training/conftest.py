"""Torch runs on one thread here: threads that wait for each other make tiny networks slow."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("torch") is not None:
    import torch

    torch.set_num_threads(1)
