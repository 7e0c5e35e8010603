"""Rows taken from a table, and values summed into rows: to the same bits for any number of threads on a CPU.

Indexing by a tensor has a backward that adds with atomic operations, in whatever order the threads arrive; a gather
has a scatter, which keeps the order of the rows, and the other way round.
"""

from jaxtyping import Int, Shaped
from torch import Tensor


def rows_at(table: Shaped[Tensor, "*b n d"], places: Int[Tensor, "*p"]) -> Shaped[Tensor, "..."]:
    """The rows of each table at some places, shape (*b, *p, d); twice differentiable in the table.

    >>> import torch
    >>> rows_at(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1, 0, 1])).tolist()
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """
    batch, width = table.shape[:-2], table.shape[-1]
    index = places.reshape(-1, 1).expand(*batch, places.numel(), width)
    return table.gather(-2, index).reshape(*batch, *places.shape, width)


def sum_at(values: Shaped[Tensor, "b n *d"], places: Int[Tensor, "n"], count: int) -> Shaped[Tensor, "b count *d"]:
    """Sums over the values that go to each of ``count`` places, in the order of the values; twice differentiable.

    >>> import torch
    >>> sum_at(torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([1, 0, 1]), 3)
    tensor([[2., 5., 0.]])
    """
    shape = (1, -1) + (1,) * (values.ndim - 2)
    return values.new_zeros((len(values), count, *values.shape[2:])).scatter_add(
        1, places.reshape(shape).expand(values.shape), values
    )
