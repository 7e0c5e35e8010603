"""Weighted least squares of a quadric to the heights of neighbours, in a local frame."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels import numba_neighborhoods
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba

RIDGE = (1e-6, 1e-5, 1e-5, 1e-4, 1e-4, 1e-4)
"""Ridge of each coefficient, in sums of the weights: it decides where the neighbours do not, as on a line."""


def fit_quadric(local: Float[Tensor, "n k 3"], weights: Float[Tensor, "n k"]) -> Float[Tensor, "n 6"]:
    """Coefficients c of z = c_0 + c_1 x + c_2 y + c_3 x^2 + c_4 x y + c_5 y^2 with the least weighted sum of squares.

    Minimises sum_j w_j (z(x_j, y_j) - z_j)^2 + (sum_j w_j) sum_i ridge_i c_i^2. Differentiable in both arguments.

    Args:
        local: Neighbours (x, y, z), in units of about their distance.
        weights: Their weights, greater than 0.
    """
    x, y, z = local.unbind(-1)
    weights = weights / weights.sum(1, keepdim=True)
    terms = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=-1)
    weighted = (terms * weights[..., None]).mT
    matrix = weighted @ terms + torch.diag(terms.new_tensor(RIDGE))
    factor, _ = torch.linalg.cholesky_ex(matrix)
    return torch.cholesky_solve(weighted @ z[..., None], factor)[..., 0]


def fit_windowed(
    raw: Float[Tensor, "n k 3"],
    smooth: Float[Tensor, "n k 3"],
    logits: Float[Tensor, "n k 2"],
    windows: Float[Tensor, "n 2"],
) -> Float[Tensor, "n 6"]:
    """The quadric through two sets of neighbours with the weights exp(logit - window (x^2 + y^2)) of each.

    Differentiable in the logits and windows; where no gradient is recorded, a kernel of the CPU answers faster.

    Args:
        raw: The first set of neighbours, (x, y, z).
        smooth: The second set.
        logits: Logarithms of the weights of both, beside the window.
        windows: Falls of the windows of both.
    """
    if has_numba(raw) and raw.dtype == torch.float32 and not torch.is_grad_enabled():
        fits = raw.new_empty(len(raw), 6)
        tasks = -(-len(raw) // numba_neighborhoods.CHUNK)
        arrays = map(as_array, (raw, smooth, logits, windows))
        run_tasks(numba_neighborhoods.fit_windowed, tasks, np.array(RIDGE), *arrays, fits.numpy())
        return fits
    both = torch.stack([raw, smooth], dim=1)
    squared = both[..., :2].square().sum(-1)
    weights = torch.exp(logits.mT - windows[..., None] * squared)
    return fit_quadric(both.flatten(1, 2), weights.flatten(1))
