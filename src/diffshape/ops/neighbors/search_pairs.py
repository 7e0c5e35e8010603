"""Nearest neighbours between two batches of clouds of which some points are masked, without a gradient."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import coordinate_limit, require_finite
from diffshape.ops.engines import has_triton
from diffshape.ops.neighbors.definition import Neighbors
from diffshape.ops.neighbors.index import prepare_search


def search_pairs(
    function: str,
    x: Float[Tensor, "b n d"],
    y: Float[Tensor, "b m d"],
    k: int,
    x_mask: Bool[Tensor, "b n"] | None,
    y_mask: Bool[Tensor, "b m"] | None,
    *,
    pad: bool,
    manhattan: bool = False,
) -> Neighbors:
    """Squared distances and indices (B, N, k) of the points of ``y`` nearest to each of ``x``; 0 where that is masked.

    With ``manhattan``, distances sum_d |x_d - y_d|; with ``pad``, infinity and -1 where a cloud has fewer than k.
    """
    limit = coordinate_limit(x.dtype, x.shape[-1])
    require_finite(function, "x", x, limit)
    require_finite(function, "y", y, limit)
    if not pad and y_mask is not None and bool((y_mask.sum(-1) < k).any()):
        raise ValueError(f"{function}: every sample of y needs {k} points that are not masked")
    most = min(k, y.shape[1])
    if x.numel() == 0 or most == 0:
        found = _nothing_found(x, k)
    elif x_mask is None and y_mask is None:
        found = prepare_search(y, manhattan=manhattan)(x, most)
    elif has_triton(y) and not manhattan:
        found = prepare_search(y, y_mask)(x, most, x_mask)
    else:
        found = _search_each(x, y, most, _or_all(x_mask, x), _or_all(y_mask, y), manhattan)
    if pad:
        found = _padded(found, k, y.shape[1] if y_mask is None else y_mask.sum(-1)[:, None, None])
    if x_mask is None:
        return found
    real = x_mask[..., None]
    return Neighbors(torch.where(real, found.squared_distances, 0), torch.where(real, found.indices, 0))


def _search_each(x: Tensor, y: Tensor, k: int, x_mask: Tensor, y_mask: Tensor, manhattan: bool) -> Neighbors:
    """Each cloud's real points searched on their own; threads that are free help with large clouds."""
    squared_distances, indices = _nothing_found(x, k)

    def search(b: int) -> None:
        rows, asked = y_mask[b].nonzero()[:, 0], x_mask[b]
        most = min(k, len(rows))
        if most:
            found = prepare_search(y[b, rows][None], manhattan=manhattan)(x[b, asked][None], most)
            squared_distances[b, asked, :most] = found.squared_distances[0]
            indices[b, asked, :most] = rows[found.indices[0]]

    run_tasks(search, len(x), threads=None if x.device.type == "cpu" else 1)
    return Neighbors(squared_distances, indices)


def _nothing_found(x: Tensor, k: int) -> Neighbors:
    """Answers to be filled in: distance infinity, index -1."""
    shape = *x.shape[:2], k
    return Neighbors(x.new_full(shape, torch.inf), x.new_full(shape, -1, dtype=torch.int64))


def _padded(found: Neighbors, k: int, count: int | Tensor) -> Neighbors:
    """Up to k neighbours, with distance infinity and index -1 from the ``count``-th on."""
    more = 0, k - found.indices.shape[-1]
    missing = torch.arange(k, device=found.indices.device) >= count
    return Neighbors(
        torch.where(missing, torch.inf, torch.nn.functional.pad(found.squared_distances, more)),
        torch.where(missing, -1, torch.nn.functional.pad(found.indices, more)),
    )


def _or_all(mask: Tensor | None, points: Tensor) -> Tensor:
    return points.new_ones(points.shape[:2], dtype=torch.bool) if mask is None else mask
