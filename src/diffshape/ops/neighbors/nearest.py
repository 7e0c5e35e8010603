"""Nearest neighbours between batches of point clouds, differentiable in both clouds.

The neighbours are searched without gradient; what is differentiated is |x_i - y_j(i)|^2 with the neighbour held fixed.
Value and derivatives of every order are those of the exact minimum wherever the neighbour is unique (Danskin's
theorem), in any float dtype, with O(N + M) memory.
"""

from typing import Any

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels import numba_pair_gradient
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import widened
from diffshape.ops.engines import as_array
from diffshape.ops.neighbors.arguments import Missing, as_searched, read_missing, require_matching
from diffshape.ops.neighbors.definition import Neighbors, require_k
from diffshape.ops.neighbors.gather_points import gather_rows
from diffshape.ops.neighbors.search_pairs import search_pairs
from diffshape.ops.operators import operator
from diffshape.ops.transforms import is_transformed


@checked
def nearest_neighbors(
    x: Shaped[Tensor, "*b n d"],
    y: Shaped[Tensor, "*b m d"],
    *,
    k: int = 1,
    missing: Missing = "raise",
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
) -> Neighbors:
    """The k points of ``y`` nearest to each point of ``x``.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u; N may be 0.
        y: Points to search, shape (B, M, D) or (M, D), same unit, dtype and device, M >= k.
        k: Neighbours a point.
        missing: What happens where ``y`` has fewer than k real points: "raise" is an error; "pad" gives the neighbours
            that do not exist distance infinity, index -1 and no gradient, and then M may also be 0.
        x_mask: Which points of ``x`` are real; the others get distance 0 and index 0.
        y_mask: Which points of ``y`` can be found, at least k in every sample unless ``missing`` is "pad". Masked
            points may hold NaN. A cloud costs what its real points cost.

    Returns:
        ``squared_distances`` in u^2 and int64 ``indices`` into the points of ``y``: shape (B, N) or (N,) for k = 1,
        else (B, N, k) or (N, k), ascending (SciPy's convention). Equal distances go to the lowest index. Half
        precision is computed and returned in float32, where squares cannot overflow, and integers in float64.

    Raises:
        ValueError: The shapes, dtypes or devices disagree, ``y`` is empty or ``k`` is not in 1..M (both allowed by
            "pad"), or the coordinate of a real point is not finite.

    The squared distances are twice differentiable in ``x`` and ``y``, with gradient 0 at coincident points; the indices
    are constants. In up to three dimensions, on the CPU and on CUDA with Triton, time is O((N + M) log M),
    elsewhere O(N M); memory is O(N + M).

    >>> x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> squared_distances, indices = nearest_neighbors(x, x.flip(0) + torch.tensor([0.0, 0.5, 0.0]))
    >>> squared_distances, indices
    (tensor([0.2500, 0.2500]), tensor([1, 0]))
    """
    pad = read_missing("nearest_neighbors", missing)
    x, y = (widened(each) if each.is_floating_point() else each for each in (x, y))
    require_matching("nearest_neighbors", x, y, or_none=pad)
    require_k("nearest_neighbors", k, max(k, y.shape[-2]) if pad else y.shape[-2])
    shape = x.shape[:-1] if k == 1 else (*x.shape[:-1], k)
    x, x_mask = as_searched("nearest_neighbors", "x_mask", x, x_mask)
    y, y_mask = as_searched("nearest_neighbors", "y_mask", y, y_mask)
    if is_transformed(x, y):
        _, indices = nearest_pairs(x.detach(), y.detach(), k, x_mask, y_mask, pad)
        squared_distances = distances_by_definition(x, y, indices, x_mask)
    else:
        squared_distances, indices = nearest_pairs(x, y, k, x_mask, y_mask, pad)
    return Neighbors(squared_distances.reshape(shape), indices.reshape(shape))


def distances_by_definition(x: Tensor, y: Tensor, indices: Tensor, x_mask: Tensor | None) -> Tensor:
    """|x_i - y_j(i, k)|^2 in plain PyTorch, which every transform knows; infinity where there is no neighbour."""
    found = x.new_full(indices.shape, torch.inf)
    if y.shape[1]:
        near = gather_rows(y, indices.clamp(min=0))
        found = torch.where(indices < 0, torch.inf, (x[:, :, None] - near).square().sum(-1))
    return found if x_mask is None else torch.where(x_mask[..., None], found, 0)


@operator("nearest_pairs")
def nearest_pairs(
    x: Tensor, y: Tensor, k: int, x_mask: Tensor | None = None, y_mask: Tensor | None = None, pad: bool = False
) -> tuple[Tensor, Tensor]:
    """Squared distances and indices (B, N, k) of the points in (B, M, D) nearest to (B, N, D) ones; 0 where masked.

    With ``pad``, infinity and -1 where a cloud has fewer than k.
    """
    return search_pairs("nearest_neighbors", x, y, k, x_mask, y_mask, pad=pad)


@operator("pair_gradient")
def pair_gradient(x: Tensor, y: Tensor, indices: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of sum_ik w_ik |x_i - y_j(i, k)|^2 in x and in y."""
    if x.device.type == "cpu":
        arrays = map(as_array, (x, y, indices, weights))
        x_gradient, y_gradient = (torch.zeros(each.shape, dtype=each.dtype) for each in (x, y))
        run_tasks(numba_pair_gradient.pair_gradient, len(x), *arrays, x_gradient.numpy(), y_gradient.numpy())
        return x_gradient, y_gradient
    pulls = 2 * weights[..., None] * (x[:, :, None] - gather_rows(y, indices))
    batches = torch.arange(len(x), device=x.device)[:, None, None].expand_as(indices)
    return pulls.sum(2), torch.zeros_like(y).index_put((batches, indices), -pulls, accumulate=True)


@torch.library.register_fake(nearest_pairs)
def _(
    x: Tensor, y: Tensor, k: int, x_mask: Tensor | None = None, y_mask: Tensor | None = None, pad: bool = False
) -> tuple[Tensor, Tensor]:
    shape = *x.shape[:2], k
    return x.new_empty(shape), x.new_empty(shape, dtype=torch.int64)


@torch.library.register_fake(pair_gradient)
def _(x: Tensor, y: Tensor, indices: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    return x.new_empty(x.shape), y.new_empty(y.shape)


def _remember(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    x, y, _, x_mask, _, ctx.pad = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(x, y, output[1], x_mask)


def _backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    x, y, indices, x_mask = ctx.saved_tensors
    weights = grad if x_mask is None else torch.where(x_mask[..., None], grad, 0)
    if ctx.pad and y.shape[1] == 0:
        return torch.zeros_like(x), torch.zeros_like(y), None, None, None, None
    if ctx.pad:
        weights, indices = torch.where(indices < 0, 0, weights), indices.clamp(min=0)
    return *pair_gradient(x, y, indices, weights), None, None, None, None


def _remember_gradient(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs)


def _backward_of_gradient(ctx: Any, x_bar: Tensor, y_bar: Tensor) -> tuple[Tensor | None, ...]:
    """The gradient is linear in the points, and its matrix is symmetric: it is its own transpose."""
    x, y, indices, weights = ctx.saved_tensors
    offsets = x[:, :, None] - gather_rows(y, indices)
    weights_bar = 2 * (offsets * (x_bar[:, :, None] - gather_rows(y_bar, indices))).sum(-1)
    return *pair_gradient(x_bar, y_bar, indices, weights), None, weights_bar


torch.library.register_autograd(nearest_pairs, _backward, setup_context=_remember)
torch.library.register_autograd(pair_gradient, _backward_of_gradient, setup_context=_remember_gradient)
