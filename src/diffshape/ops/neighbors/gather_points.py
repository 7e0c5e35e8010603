"""The points, or features of points, that indices name: what a neighbour search found, with a gradient."""

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import kept_when_compiled


@checked
def gather_points(points: Shaped[Tensor, "*b m c"], indices: Int[Tensor, "*b n_k"]) -> Shaped[Tensor, "*b n_k c"]:
    """The rows of ``points`` that ``indices`` name, cloud by cloud.

    Args:
        points: Shape (B, M, C) or (M, C): coordinates, normals, colours, features.
        indices: Integers, shape (B, N) or (B, N, K), or (N,) or (N, K) beside (M, C): as `nearest_neighbors` returns
            them. -1 stands for a neighbour that is missing.

    Returns:
        The shape of ``indices`` and then C, of the dtype of ``points``; rows of zeros where the index is -1.

    Raises:
        ValueError: A shape or dtype does not fit, or an index is below -1 or above M - 1.

    Differentiable in ``points``, with a gradient that is the same at every run; a missing neighbour has none.

    >>> points = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    >>> gather_points(points, torch.tensor([1, -1, 0]))
    tensor([[2., 3.],
            [0., 0.],
            [0., 1.]])
    """
    if points.ndim not in (2, 3):
        raise ValueError(f"gather_points: points must have shape (B, M, C) or (M, C), got {tuple(points.shape)}")
    batch = points.shape[:-2]
    if indices.ndim - len(batch) not in (1, 2) or indices.shape[: len(batch)] != batch:
        wanted = "(N,) or (N, K)" if points.ndim == 2 else f"({batch[0]}, N) or ({batch[0]}, N, K)"
        raise ValueError(f"gather_points: indices must have shape {wanted} like points, got {tuple(indices.shape)}")
    if indices.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"gather_points: indices must be int64 or int32, got {indices.dtype}")
    if indices.device != points.device:
        raise ValueError(f"gather_points: indices must be on {points.device} like points, got {indices.device}")
    if indices.numel() == 0:
        return points.new_zeros((*indices.shape, points.shape[-1]))
    indices = check_rows(indices.long(), points.shape[-2])
    if points.shape[-2] == 0:
        return points.new_zeros((*indices.shape, points.shape[-1]))  # every index is -1
    clouds = points if batch else points[None]
    found = gather_rows(clouds, indices.clamp(min=0).reshape(len(clouds), -1, 1))
    found = found.reshape(*indices.shape, points.shape[-1])
    return torch.where(indices[..., None] < 0, torch.zeros_like(found), found)


def gather_rows(points: Shaped[Tensor, "b m d"], indices: Int[Tensor, "b n k"]) -> Shaped[Tensor, "b n k d"]:
    """`gather_points` for indices that are known to be in range.

    On a GPU that takes indexing, whose gradient is summed in sorted order; elsewhere index_select is faster.
    """
    batch, count, dimension = points.shape
    offsets = torch.arange(0, batch * count, max(count, 1), device=points.device).view(-1, 1, 1)
    rows, flat = points.reshape(batch * count, dimension), (indices + offsets).flatten()
    found = rows[flat] if points.is_cuda else rows.index_select(0, flat)
    return found.view(*indices.shape, dimension)


@kept_when_compiled
def check_rows(indices: Tensor, count: int) -> None:
    """Refuse indices that are neither -1 nor a row."""
    low, high = torch.aminmax(indices)
    if low < -1 or high >= count:
        raise ValueError(f"gather_points: indices must lie between -1 and {count - 1}, got {int(low)} to {int(high)}")
