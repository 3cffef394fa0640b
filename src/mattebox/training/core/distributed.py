"""One process or several that train one network: `torchrun --nproc-per-node 4 -m mattebox.training.tasks.cutout.train DATA --out RUN`.

Each draws batches of its own, gradients are averaged (PyTorch's DistributedDataParallel), and the first one keeps time,
judges and writes. Knows nothing of networks or data.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


class DistributedContext:
    """`rank` of this process among `world_size`; `device` is its own."""

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank, self.world_size = rank, world_size
        local = int(os.environ.get("LOCAL_RANK", "0"))
        self.device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def wrap_network(self, net: nn.Module) -> nn.Module:
        """The network as it is to be called while training."""
        if self.world_size == 1:
            return net
        return DistributedDataParallel(net, [self.device.index] if self.device.type == "cuda" else None)

    def broadcast_value(self, value: float) -> float:
        """The first one's value, for all."""
        if self.world_size == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.broadcast(told, 0)
        return float(told.item())

    def wait(self) -> None:
        """Until all are here."""
        if self.world_size > 1:
            dist.barrier()


@contextmanager
def open_distributed_context() -> Iterator[DistributedContext]:
    """The team that torchrun's environment tells of, or a team of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield DistributedContext()
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        team = DistributedContext(dist.get_rank(), size)
        if team.device.type == "cuda":
            torch.cuda.set_device(team.device)
        yield team
    finally:
        dist.destroy_process_group()
