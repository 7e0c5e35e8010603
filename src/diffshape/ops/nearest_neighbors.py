"""Nearest neighbours between batches of point clouds, differentiable in both clouds.

The neighbours are searched without gradient, then |x_i - y_j(i)|^2 is computed again from the gathered points. Value
and derivatives of every order are those of the exact minimum wherever the neighbour is unique (Danskin's theorem), in
any float dtype, with O(N + M) memory.
"""

import torch
from jaxtyping import Shaped
from torch import Tensor

from diffshape.ops.neighbor_index import Neighbors, prepare_search, require_finite, require_k, search_dtype


def nearest_neighbors(x: Shaped[Tensor, "*b n d"], y: Shaped[Tensor, "*b m d"], *, k: int = 1) -> Neighbors:
    """The k points of ``y`` nearest to each point of ``x``.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u; N may be 0.
        y: Points to search, shape (B, M, D) or (M, D), same unit, dtype and device, M >= k.
        k: Neighbours a point.

    Returns:
        ``squared_distances`` in u^2 and int64 ``indices`` into the points of ``y``: shape (B, N) or (N,) for k = 1,
        else (B, N, k) or (N, k), ascending (SciPy's convention). Equal distances go to the lowest index. Half
        precision is computed and returned in float32, where squares cannot overflow, and integers in float64.

    Raises:
        ValueError: The shapes, dtypes or devices disagree, ``y`` is empty, ``k`` is not in 1..M, or a coordinate is not
            finite.

    The squared distances are twice differentiable in ``x`` and ``y``, with gradient 0 at coincident points; the indices
    are constants. On the CPU in up to three dimensions time is O((N + M) log M), elsewhere O(N M); memory is O(N + M).

    >>> x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> nearest_neighbors(x, x.flip(0) + torch.tensor([0.0, 0.5, 0.0]))
    Neighbors(squared_distances=tensor([0.2500, 0.2500]), indices=tensor([1, 0]))
    """
    _require_matching(x, y)
    require_k("nearest_neighbors", k, y.shape[-2])
    x_batch, y_batch = (search_dtype(points if points.ndim == 3 else points[None]) for points in (x, y))
    indices = nearest_indices(x_batch.detach(), y_batch.detach(), k)
    squared_distances = (x_batch[:, :, None] - _gather(y_batch, indices)).square().sum(-1)
    shape = x.shape[:-1] if k == 1 else (*x.shape[:-1], k)
    return Neighbors(squared_distances.reshape(shape), indices.reshape(shape))


@torch.library.custom_op("diffshape::nearest_indices", mutates_args=())
def nearest_indices(x: Tensor, y: Tensor, k: int) -> Tensor:
    """Indices (B, N, k) of the points in (B, M, D) nearest to (B, N, D) float32 or float64 ones."""
    require_finite("nearest_neighbors", "x", x)
    require_finite("nearest_neighbors", "y", y)
    if x.numel() == 0:
        return x.new_empty((*x.shape[:2], k), dtype=torch.int64)
    return prepare_search(y)(x, k).indices


@nearest_indices.register_fake
def _(x: Tensor, y: Tensor, k: int) -> Tensor:
    return x.new_empty((*x.shape[:2], k), dtype=torch.int64)


def _gather(y: Tensor, indices: Tensor) -> Tensor:
    """The points (B, N, k, D) that ``indices`` (B, N, k) name in ``y`` (B, M, D), by rows of the flattened batch."""
    batch, count, dimension = y.shape
    offsets = torch.arange(0, batch * count, count, device=y.device).view(-1, 1, 1)
    rows = y.reshape(-1, dimension).index_select(0, (indices + offsets).flatten())
    return rows.view(*indices.shape, dimension)


def _require_matching(x: Tensor, y: Tensor) -> None:
    """Refuse clouds whose shapes, dtypes or devices do not go together."""
    if x.ndim not in (2, 3):
        raise ValueError(f"nearest_neighbors: x must have shape (B, N, D) or (N, D), got {tuple(x.shape)}")
    if y.ndim != x.ndim or y.shape[:-2] != x.shape[:-2] or y.shape[-1] != x.shape[-1]:
        wanted = ", ".join(map(str, (*x.shape[:-2], "M", x.shape[-1])))
        raise ValueError(f"nearest_neighbors: y must have shape ({wanted}) like x, got {tuple(y.shape)}")
    if y.shape[-2] == 0 or y.shape[-1] == 0:
        raise ValueError(f"nearest_neighbors: y must hold at least one point, got shape {tuple(y.shape)}")
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError(
            f"nearest_neighbors: x and y must share dtype and device, got {x.dtype} on {x.device} "
            f"and {y.dtype} on {y.device}"
        )
