"""Smoothing a point cloud by quadrics, each fitted to as many neighbours as the surface allows.

In the frame (u, v, n) of a point's unit normal n its k nearest neighbours are heights z over a plane, and least squares
gives them z = c_0 + c_1 u + c_2 v + c_3 u^2 + c_4 u v + c_5 v^2. The point moves to c_0 along n, and the surface there
has the normal n - c_1 u - c_2 v, normalised. Of the sizes k_1 < k_2 < ... the largest is taken whose interval
c_0 -+ confidence * noise * sqrt((A^T A)^-1_00) still meets those of all smaller ones: on flat ground the average grows,
at detail it stops. Neighbours whose normals disagree are skipped, so the sheets of a thin plate do not mix.

Sources: the jets of Cazals and Pouget, "Estimating differential quantities using polynomial fitting of osculating
jets", CAGD 2005; the rule of intersecting confidence intervals of Goldenshluger and Nemirovski, "On spatially adaptive
estimation of nonparametric regression", 1997.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.kernels import numba_local_quadrics
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import require_finite
from diffshape.ops.engines import as_array, has_numba

LEAST = (8, 16)
"""Least number of neighbours for a plane, and for a quadric."""


class LocalQuadrics(NamedTuple):
    """The surface around N points: x(s, t) = point + s u + t v + (a s^2 + b s t + c t^2) n."""

    points: Float[Tensor, "n 3"]
    """Positions to which the centers moved."""
    normals: Float[Tensor, "n 3"]
    """Unit normals n there, on the side of the given ones."""
    tangents: Float[Tensor, "n 2 3"]
    """Unit u and v, with n a right-handed frame."""
    curvature: Float[Tensor, "n 3"]
    """a, b, c, in 1 / length; a unit sphere with outward normals has (-1/2, 0, -1/2)."""
    used: Int[Tensor, "n"]
    """Neighbours in the fit; 0 where there were too few, and the point stayed."""
    residuals: Float[Tensor, "n"]
    """Root mean square distance of those neighbours from the quadric along n, per degree of freedom."""

    __repr__ = one_line

    @checked
    def patch(self, offsets: Float[Tensor, "n k 2"]) -> tuple[Float[Tensor, "n k 3"], Float[Tensor, "n k 3"]]:
        """Points of the surfaces at (s, t) ``offsets`` and their unit normals."""
        s, t = offsets.unbind(-1)
        a, b, c = self.curvature[:, None].unbind(-1)
        u, v, n = self.tangents[:, None, 0], self.tangents[:, None, 1], self.normals[:, None]
        heights = a * s * s + b * s * t + c * t * t
        points = self.points[:, None] + s[..., None] * u + t[..., None] * v + heights[..., None] * n
        normals = n - (2 * a * s + b * t)[..., None] * u - (2 * c * t + b * s)[..., None] * v
        return points, torch.nn.functional.normalize(normals, dim=-1)


@checked
def local_quadrics(
    centers: Float[Tensor, "n 3"],
    points: Float[Tensor, "m 3"],
    center_normals: Float[Tensor, "n 3"],
    point_normals: Float[Tensor, "m 3"],
    neighbors: Int[Tensor, "n k"],
    *,
    noise: float,
    sizes: Sequence[int],
    confidence: float = 1.4,
    agreement: float = 0.7,
) -> LocalQuadrics:
    """Fit a quadric around every center and move the center onto it.

    In the frame (u, v, n) of a center's unit normal n its k nearest neighbours are heights z over a plane, and least
    squares gives them z = c_0 + c_1 u + c_2 v + c_3 u^2 + c_4 u v + c_5 v^2. The center moves to c_0 along n, and the
    surface there has the normal n - c_1 u - c_2 v, normalised. Of the ``sizes`` k the largest is taken whose interval
    c_0 -+ confidence * noise * sqrt((A^T A)^-1_00) still meets those of all smaller ones: on flat ground the average
    grows, at detail it stops. Neighbours whose normals disagree are skipped.

    Args:
        centers: Shape (N, 3), any unit of length.
        points: The cloud, shape (M, 3), same unit.
        center_normals: Unit normals of the centers, shape (N, 3).
        point_normals: Unit normals of the points, shape (M, 3); one of zero length belongs to no neighbourhood.
        neighbors: Indices into ``points``, shape (N, K), nearest first.
        noise: Standard deviation of the points along the normal, same unit; 0 stops at the first size that differs.
        sizes: Neighbourhood sizes to try, >= 1; those above K become K.
        confidence: Half length of an interval in standard errors; infinity always takes the largest size.
        agreement: Least cosine between a neighbour's normal and the center's.

    Returns:
        See :class:`LocalQuadrics`; dtype and device of ``centers``, computed in float64. No gradient flows.

    Raises:
        ValueError: A shape does not fit, a number is not finite, or an option is out of range.

    Cost O(N max(sizes)).

    >>> xy = torch.cartesian_prod(torch.linspace(-1, 1, 5), torch.linspace(-1, 1, 5))
    >>> cloud = torch.cat([xy, xy.prod(1, keepdim=True)], dim=1)  # z = x y
    >>> up = torch.tensor([[0.0, 0.0, 1.0]])
    >>> nearest = cloud.norm(dim=1).argsort()[None]
    >>> fit = local_quadrics(cloud[12:13], cloud, up, up.expand(25, 3), nearest, noise=0.1, sizes=(25,))
    >>> fit.curvature.abs().round(decimals=4), fit.used
    (tensor([[0., 1., 0.]]), tensor([25]))
    """
    _check(centers, points, center_normals, point_normals, neighbors)
    tensors = {"centers": centers, "points": points, "center_normals": center_normals, "point_normals": point_normals}
    for name, tensor in tensors.items():
        require_finite("local_quadrics", name, tensor)
        lengths = tensor.double().norm(dim=-1)
        if "normals" in name and not bool((((lengths - 1).abs() < 0.01) | (lengths == 0)).all()):
            raise ValueError(
                f"local_quadrics: {name} must have length 1 or 0, got {lengths.min():g} to {lengths.max():g}"
            )
    sizes = sorted({min(size, neighbors.shape[1]) for size in sizes})
    if not sizes or sizes[0] < 1 or not 0 <= noise < math.inf or not confidence >= 0:
        raise ValueError(
            "local_quadrics: want a neighbour and sizes of 1 or more, noise >= 0 and confidence >= 0, got "
            f"{neighbors.shape[1]} neighbours, sizes {sizes}, noise {noise}, confidence {confidence}"
        )
    rule = SizeRule(tuple(sizes), float(noise), float(confidence), float(agreement))
    start, cloud, upright, cloud_normals = (each.detach().double() for each in tensors.values())
    frames = torch.cat([tangents(upright), upright[:, None]], dim=1)
    fit = _fit_kernel if has_numba(start) else fit_reference
    fits, used, residuals = fit(start, frames, cloud, cloud_normals, neighbors.long(), rule)
    facing, axes, curvature = _surface(fits, frames)
    return LocalQuadrics(
        points=(start + fits[:, :1] * upright).to(centers),
        normals=facing.to(centers),
        tangents=axes.to(centers),
        curvature=curvature.to(centers),
        used=used,
        residuals=residuals.to(centers),
    )


class SizeRule(NamedTuple):
    """Rule by which a neighbourhood is taken: ascending sizes, and the other options of :func:`local_quadrics`."""

    sizes: tuple[int, ...]
    noise: float
    confidence: float
    agreement: float


Fits = tuple[Float[Tensor, "n 6"], Int[Tensor, "n"], Float[Tensor, "n"]]


def fit_reference(
    centers: Tensor, frames: Tensor, points: Tensor, point_normals: Tensor, neighbors: Tensor, rule: SizeRule
) -> Fits:
    """The definition in PyTorch: coefficients of the chosen fit by (u, v, n), neighbours used, residuals."""
    local = torch.einsum("nkc,nac->nka", points[neighbors] - centers[:, None], frames)
    agrees = torch.einsum("nkc,nc->nk", point_normals[neighbors], frames[:, 2]) > rule.agreement
    u, v, z = local.unbind(-1)
    design = torch.stack([torch.ones_like(u), u, v, u * u, u * v, v * v], dim=-1)
    fits, used, residuals = _nothing_fitted(centers)
    lowest, highest = torch.full_like(residuals, -math.inf), torch.full_like(residuals, math.inf)
    going = torch.ones_like(used, dtype=torch.bool)
    for size in rule.sizes:
        inside = agrees[:, :size].sum(1)
        for terms, ready in ((3, (inside >= LEAST[0]) & (inside < LEAST[1])), (6, inside >= LEAST[1])):
            rows = torch.where(agrees[:, :size, None], design[:, :size, :terms], 0.0)  # (N, size, terms)
            heights = torch.where(agrees[:, :size], z[:, :size], 0.0)
            scales = rows.abs().amax(1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
            inverse = torch.linalg.pinv(rows / scales) / scales.mT
            solution = (inverse @ heights[..., None])[..., 0]
            margin = rule.confidence * rule.noise * inverse[:, 0].norm(dim=-1)
            lower, upper = (
                torch.maximum(lowest, solution[:, 0] - margin),
                torch.minimum(highest, solution[:, 0] + margin),
            )
            solvable = torch.linalg.matrix_rank(rows / scales, rtol=1e-6) == terms
            going &= ~(ready & solvable & (lower > upper))
            taken = ready & solvable & going
            left = (heights - (rows @ solution[..., None])[..., 0]).square().sum(1)
            fits[taken] = torch.nn.functional.pad(solution, (0, 6 - terms))[taken]
            used[taken], lowest[taken], highest[taken] = inside[taken], lower[taken], upper[taken]
            residuals[taken] = (left / (inside - terms).clamp_min(1)).sqrt()[taken]
    return fits, used, residuals


def _fit_kernel(
    centers: Tensor, frames: Tensor, points: Tensor, point_normals: Tensor, neighbors: Tensor, rule: SizeRule
) -> Fits:
    fits, used, residuals = _nothing_fitted(centers)
    sizes, least = torch.tensor(rule.sizes), torch.tensor(LEAST)
    tensors = (sizes, least, centers, frames, points, point_normals, neighbors, fits, used, residuals)
    arrays = map(as_array, tensors)
    tasks = -(-len(centers) // numba_local_quadrics.CHUNK)
    run_tasks(numba_local_quadrics.fit_quadrics, tasks, rule.noise, rule.confidence, rule.agreement, *arrays)
    return fits, used, residuals


def _nothing_fitted(centers: Tensor) -> Fits:
    n = len(centers)
    used = torch.zeros(n, dtype=torch.int64, device=centers.device)
    return centers.new_zeros(n, 6), used, centers.new_zeros(n)


def tangents(normals: Float[Tensor, "n 3"]) -> Float[Tensor, "n 2 3"]:
    """Unit u and v with u x v = n for unit n, by the branchless formula of Duff et al., JCGT 2017.

    >>> tangents(torch.tensor([[0.0, 0.0, 1.0]])).abs()
    tensor([[[1., 0., 0.],
             [0., 1., 0.]]])
    """
    x, y, z = normals.unbind(-1)
    sign = torch.where(z < 0, -1.0, 1.0).to(normals)
    a = -1 / (sign + z)
    b = x * y * a
    first = torch.stack([1 + sign * x * x * a, sign * b, -sign * x], dim=-1)
    return torch.stack([first, torch.stack([b, sign + y * y * a, -y], dim=-1)], dim=-2)


def _surface(fits: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Normals, tangents and second-order coefficients of the quadrics at u = v = 0, in their own frames there."""
    slopes = fits[:, 1:3]
    upright = torch.cat([-slopes, torch.ones_like(slopes[:, :1])], dim=1)
    length = upright.norm(dim=1, keepdim=True)
    normals = torch.nn.functional.normalize(torch.einsum("na,nac->nc", upright, frames), dim=-1)
    axes = tangents(normals)
    directions = frames[:, :2] + slopes[..., None] * frames[:, 2:]  # d x / d u and d x / d v
    to_old = torch.linalg.inv(torch.einsum("nac,nbc->nab", axes, directions))  # offsets along axes -> (u, v)
    a, half_b, c = fits[:, 3], fits[:, 4] / 2, fits[:, 5]
    form = torch.stack([a, half_b, half_b, c], dim=-1).reshape(-1, 2, 2) / length[..., None]
    form = to_old.mT @ form @ to_old
    return normals, axes, torch.stack([form[:, 0, 0], 2 * form[:, 0, 1], form[:, 1, 1]], dim=-1)


def _check(centers: Tensor, points: Tensor, center_normals: Tensor, point_normals: Tensor, neighbors: Tensor) -> None:
    for first, second, names in (
        (centers, center_normals, "centers, center_normals"),
        (points, point_normals, "points, point_normals"),
    ):
        if first.ndim != 2 or first.shape[-1] != 3 or first.shape != second.shape or not first.is_floating_point():
            raise ValueError(
                f"local_quadrics: {names} must be floats of one shape (N, 3), "
                f"got {tuple(first.shape)} and {tuple(second.shape)}"
            )
    if neighbors.ndim != 2 or len(neighbors) != len(centers) or neighbors.is_floating_point():
        raise ValueError(
            f"local_quadrics: neighbors must be integers of shape ({len(centers)}, K), got {tuple(neighbors.shape)}"
        )
    if neighbors.numel() and not (int(neighbors.min()) >= 0 and int(neighbors.max()) < len(points)):
        raise ValueError(f"local_quadrics: neighbors must index points 0 to {len(points) - 1}")
