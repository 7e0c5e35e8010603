"""Weighted least squares of a quadric to the heights of neighbours, in a local frame."""

import torch
from jaxtyping import Float
from torch import Tensor

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
