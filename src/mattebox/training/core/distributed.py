"""Data-parallel training in one process or several.

    torchrun --nproc-per-node 4 -m mattebox.training.tasks.cutout.train DATA --out RUN

Every process draws batches of its own, gradients are averaged (PyTorch's DistributedDataParallel), and the main process
keeps time, evaluates and writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mattebox.errors import DeviceError

T = TypeVar("T")


class DistributedContext:
    """This process, of rank `rank` among `world_size`, and its device."""

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank, self.world_size = rank, world_size
        self.device = _local_device()

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def wrap_module(self, module: nn.Module) -> nn.Module:
        """The module to call in training: its gradients are averaged over the processes."""
        if self.world_size == 1:
            return module
        return DistributedDataParallel(module, [self.device.index] if self.device.type == "cuda" else None)

    def broadcast_values(self, values: Sequence[float]) -> list[float]:
        """The main process's values, in all processes."""
        if self.world_size == 1:
            return list(values)
        message = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.broadcast(message, 0)
        return [float(value) for value in message.tolist()]

    def gather(self, value: T) -> list[T]:
        """The values of all processes, by rank, in all processes."""
        if self.world_size == 1:
            return [value]
        values: list[T] = [value] * self.world_size
        dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Wait until all processes have come here."""
        if self.world_size > 1:
            dist.barrier()


def _local_device() -> torch.device:
    """The accelerator of this process, or the processor; DeviceError with more processes than accelerators."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    index, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if index >= count:
        raise DeviceError(f"process {index} has no accelerator of its own", f"give --nproc-per-node {count} or less")
    return torch.device("cuda", index)


@contextmanager
def open_distributed_context() -> Iterator[DistributedContext]:
    """Join the processes that torchrun started; without it, a context of one process."""
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size == 1:
        yield DistributedContext()
        return
    device = _local_device()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield DistributedContext(dist.get_rank(), world_size)
        dist.barrier()  # no process leaves while another still speaks to it
    finally:
        dist.destroy_process_group()
