"""One training in several processes (data parallel), started by torchrun: the gradient is the mean of theirs.

Each process makes the same random draws for the whole batch and computes its own part, rows r B / n to (r + 1) B / n:

    g = (1 / n) sum_r g_r

is the gradient of the whole batch where the loss is a mean over its rows. So a training has the result of one process,
up to rounding, and a checkpoint goes on with any number of processes. Gradients are averaged once they are there,
without hooks on modules: a loss may differentiate twice. Alone, a process does nothing of all this.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import torch
import torch.distributed
from torch import Tensor, nn

_PATIENCE = timedelta(minutes=30)
"""Longest time that processes wait for each other; the first reads data and writes checkpoints while others wait."""


_LONGEST = 4096
"""Largest length in bytes of a text that the first process tells."""


class Processes(NamedTuple):
    """Place of this process among those of a training."""

    rank: int
    count: int

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and tells."""
        return self.rank == 0


def processes() -> Processes:
    """Place of this process among those of the training; (0, 1) where it is alone."""
    together = torch.distributed.is_available() and torch.distributed.is_initialized()
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size()) if together else Processes(0, 1)


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """While entered, the processes that torchrun started train together: by NCCL on GPUs, by gloo on CPUs.

    Args:
        device: "cpu" or "cuda"; on "cuda" each process takes the GPU of its local rank.

    Raises:
        RuntimeError: A process could not be reached, or there are fewer GPUs than processes on a machine.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield Processes(0, 1)
        return
    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=_PATIENCE)
    try:
        yield processes()
    finally:
        leave()


def leave() -> None:
    """Be alone from here on: the other processes may end."""
    if processes().count > 1:
        torch.distributed.destroy_process_group()


def own_part(rows: Tensor) -> Tensor:
    """The rows of a batch that this process computes.

    Raises:
        ValueError: The rows cannot be divided evenly among the processes.
    """
    rank, count = processes()
    if count == 1:
        return rows
    if len(rows) % count:
        raise ValueError(
            f"train: a batch of {len(rows)} cannot be divided among {count} processes; "
            "choose a size of the batch, or a number of processes, that divides evenly"
        )
    size = len(rows) // count
    return rows[rank * size : (rank + 1) * size]


def normal_like(part: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers from N(0, 1) for the own part of a batch: its rows of those that one process would draw for the whole."""
    return own_part(torch.randn(_shape_of_whole(part), generator=generator)).to(part)


def uniform_like(part: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers from U(0, 1) for the own part of a batch: its rows of those that one process would draw for the whole."""
    return own_part(torch.rand(_shape_of_whole(part), generator=generator)).to(part)


def average(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their means over the processes; all together in one exchange."""
    count = processes().count
    if count == 1 or not tensors:
        return
    flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
    torch.distributed.all_reduce(flat)
    torch._foreach_copy_(list(tensors), _shaped_as(flat / count, tensors))


def agreed(stop: bool, seconds: float, device: torch.device) -> tuple[bool, float]:
    """Whether any process is asked to stop, and the seconds that the first has spent: all go on or stop together."""
    rank, count = processes()
    if count == 1:
        return stop, seconds
    told = torch.tensor([float(stop), seconds if rank == 0 else 0.0], dtype=torch.float64, device=device)
    torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
    return bool(told[0]), float(told[1])


def told_by_first(text: str) -> str:
    """A text as the first process has it, such as the name of a folder."""
    if processes().count == 1:
        return text
    letters = torch.zeros(_LONGEST, dtype=torch.uint8)
    encoded = torch.tensor(list(text.encode()), dtype=torch.uint8)  # which may have no letter
    letters[: len(encoded)] = encoded
    torch.distributed.broadcast(letters, src=0)
    return bytes(letters[letters > 0].tolist()).decode()


def share_statistics(module: nn.Module) -> nn.Module:
    """Let the batch normalisations in a module take mean and variance over the parts of all processes.

    The module keeps its parameters and their names. Alone, it stays as it is.
    """
    if processes().count > 1:
        for layer in module.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.__class__ = type(f"Shared{type(layer).__name__}", (_SharedStatistics, type(layer)), {})
    return module


class _Sum(torch.autograd.Function):
    """Sum over the processes, whose gradient is the sum of their gradients."""

    @staticmethod
    def forward(context: Any, part: Tensor) -> Tensor:
        whole = part.detach().clone()
        torch.distributed.all_reduce(whole)
        return whole

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return _Sum.forward(context, gradient)


class _SharedStatistics(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation whose mean and variance are those of the whole batch, with exact gradients."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        others = [0, *range(2, input.ndim)]
        shape = [1, -1, *[1] * (input.ndim - 2)]
        count = input.numel() // input.shape[1] * processes().count
        mean = _Sum.apply(input.sum(others)) / count
        centred = input - mean.reshape(shape)
        variance = _Sum.apply(centred.square().sum(others)) / count
        if self.track_running_stats and self.running_mean is not None and self.running_var is not None:
            self._remember(mean.detach(), variance.detach() * count / (count - 1))
        scaled = centred * (variance + self.eps).rsqrt().reshape(shape)
        return scaled * self.weight.reshape(shape) + self.bias.reshape(shape) if self.affine else scaled

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)  # type: ignore[union-attr]
        self.running_var.lerp_(variance, momentum)  # type: ignore[union-attr]


def _shape_of_whole(part: Tensor) -> tuple[int, ...]:
    return (len(part) * processes().count, *part.shape[1:])


def _shaped_as(flat: Tensor, tensors: Sequence[Tensor]) -> list[Tensor]:
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors)]
