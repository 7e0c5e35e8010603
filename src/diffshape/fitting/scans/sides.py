"""Sides of the normals of a scan where no indicator of a solid tells them: on open surfaces, or by normals given.

Along a surface, neighbouring normals are turned to one side over a minimum spanning tree, which crosses creases and
gaps last. Sources: Hoppe, DeRose, Duchamp, McDonald, Stuetzle, "Surface reconstruction from unorganized points",
SIGGRAPH 1992; the mirrored normal: Koenig, Gumhold, "Consistent propagation of normal orientations in point clouds",
VMV 2009.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from diffshape.ops.meshes.connected_parts import connected_parts

Rows = NDArray[np.float64]
Links = tuple[NDArray[np.int64], NDArray[np.int64]]
_LEAST_AGREEMENT = 0.9
"""Share of the votes of given normals around a point that must be for one side, in the mean, to be trusted."""
_LEAST_ALIGNMENT = 0.7
"""Mean cosine between given normals and those of the cleaned points, of either sign, from which on they are trusted."""
_STEEPEST = 0.3
"""Sine between the way to a neighbour and the tangent plane, from which on its normal has no vote."""
_BULGING = 0.5
"""Mean cosine between normals and the directions from the middle of a part, from which on it is a bowl, no terrain."""


def given_sides(
    points: Float[Tensor, "n 3"],
    normals: Float[Tensor, "n 3"],
    given: Float[Tensor, "n 3"],
    neighbors: Int[Tensor, "n k"],
) -> Float[Tensor, "n 3"] | None:
    """Normals turned to the side on which given ones lie, by a vote of the neighbours; None if these do not agree.

    Args:
        points: Cleaned points.
        normals: Unit normals of either sign.
        given: Normals that came with the scan; 0 where there is none.
        neighbors: Indices of each point itself and its nearest ones.

    They agree if they lie along ``normals``, and nine votes in ten around a point, in the mean, are for one side. Only
    neighbours near the tangent plane have a vote, so that the two sides of a thin wall do not contradict each other.
    """
    known = (given != 0).any(dim=1)
    if not bool(known.any()):
        return None
    aligned = (normals * given).sum(dim=1)[known].abs().mean()
    along = torch.nn.functional.normalize(points[neighbors] - points[:, None], dim=2)
    beside = torch.einsum("nc,nkc->nk", normals, along).abs() < _STEEPEST
    votes = torch.where(beside, torch.einsum("nc,nkc->nk", normals, given[neighbors]), 0)
    sums, most = votes.sum(dim=1), votes.abs().sum(dim=1)
    agreed = sums.abs().sum() / most.sum().clamp(min=1e-12)
    if aligned < _LEAST_ALIGNMENT or agreed < _LEAST_AGREEMENT:
        return None
    return torch.where(sums[:, None] < 0, -normals, normals)


def sides_along_surface(
    points: Float[Tensor, "n 3"],
    normals: Float[Tensor, "n 3"],
    neighbors: Int[Tensor, "n k"],
) -> Float[Tensor, "n 3"]:
    """Normals turned so that neighbours lie on one side of the surface, whichever part of it they are on.

    Args:
        points: Cleaned points.
        normals: Unit normals of either sign.
        neighbors: Indices of each point itself and its nearest ones.

    Of each connected part, the outer side is that away from its middle if it bulges as a bowl or a face does, and else,
    as on a terrain, that towards +z.
    """
    count = len(points)
    ends = np.repeat(np.arange(count), neighbors.shape[1] - 1), neighbors[:, 1:].reshape(-1).numpy()
    keys = np.unique(np.minimum(*ends) * count + np.maximum(*ends))
    links = keys // count, keys % count
    part = connected_parts(*links, count)
    turned = normals.numpy() * _signs(links, part, points.numpy(), normals.numpy())[:, None]
    offsets = points.numpy() - _means(points.numpy(), part)[part]
    flux = (turned * offsets).sum(axis=1)
    outward, most, upward = (
        np.bincount(part, weights=each) for each in (flux, np.linalg.norm(offsets, axis=1), turned[:, 2])
    )
    inner = np.where(np.abs(outward) > _BULGING * most, outward, upward) < 0
    return torch.from_numpy(np.where(inner[part][:, None], -turned, turned))


def _means(points: Rows, part: NDArray[np.integer]) -> Rows:
    """The mean (P, 3) of the points of each part."""
    sums = np.stack([np.bincount(part, weights=column) for column in points.T], axis=1)
    return sums / np.bincount(part)[:, None]


def _signs(links: Links, part: NDArray[np.integer], points: Rows, normals: Rows) -> NDArray[np.float64]:
    """Signs (N,) by which normals agree along a spanning tree of the links; the first of each part keeps its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    count = len(points)
    cosine, crossing = _turn(*links, points, normals)
    roots = np.unique(part, return_index=True)[1]  # joined to a node that is no point, so that there is one tree
    costs = np.concatenate([1e-3 + (1 - np.abs(cosine)).clip(0) + crossing, np.ones(len(roots))])
    ends = np.concatenate([links[0], roots]), np.concatenate([links[1], np.full(len(roots), count)])
    tree = minimum_spanning_tree(coo_array((costs, ends), shape=(count + 1, count + 1)).tocsr())
    before = breadth_first_order(tree, count, directed=False)[1][:count]
    inner = (before < count).nonzero()[0]
    sign = np.ones(count + 1)
    sign[inner] = np.where(_turn(inner, before[inner], points, normals)[0] < 0, -1.0, 1.0)
    before = np.append(before, count)
    while (before != count).any():  # the products of ever longer paths towards the root
        sign, before = sign * sign[before], before[before]
    return sign[:count]


def _turn(
    one: NDArray[np.integer], other: NDArray[np.integer], points: Rows, normals: Rows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cosine of one normal, mirrored along the link, and the other; and how far the link leaves both planes."""
    along = points[other] - points[one]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    along = along / np.where(length > 0, length, 1)
    slope, end = ((along * normals[which]).sum(axis=1) for which in (one, other))
    cosine = (normals[one] * normals[other]).sum(axis=1) - 2 * slope * end
    return cosine, np.abs(slope) + np.abs(end)
