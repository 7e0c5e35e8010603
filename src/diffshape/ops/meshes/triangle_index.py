"""A triangle mesh prepared once for many queries: the distance of a point, and the side it is on."""

import math
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels import numba_bvh, numba_winding
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import coordinate_limit, require_finite
from diffshape.ops.meshes.closest_triangles import ClosestTriangles, offsets_from_triangles, search_triangles
from diffshape.ops.meshes.topology import EdgeUses, edge_uses, read_faces

BETA = 2.0
"""Distance, in radii of a cluster of triangles, from which winding numbers take the cluster as one."""

INTEGER_BETA = 1.4
"""Distance in radii from which a cluster is taken as one where the sum is an integer, which rounding then restores."""

ROUNDING = 1e-9
"""Share by which the ball around a point that no triangle enters is taken smaller than the distance."""


class TriangleIndex:
    """Exact distances to the triangles of a mesh, and its generalised winding number.

    Args:
        vertices: Shape (V, 3), float32 or float64, in any unit u; those of some face must be finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, counter-clockwise seen from outside.

    Raises:
        ValueError: The two are not a mesh, or there is no face.

    Everything is computed in float64 on the CPU, is a constant to autograd, comes back on the device of the points, and
    is the same to the last bit for any number of threads. Compiled at first use (a few seconds, kept on disk).

    >>> corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> index = TriangleIndex(corners, torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]))
    >>> points = torch.tensor([[0.125, 0.25, 0.25], [3.0, 0.0, 4.0]])
    >>> index.distances(points), index.signed_distances(points).sign(), index.closed
    (tensor([0.1250, 4.2426], dtype=torch.float64), tensor([-1.,  1.], dtype=torch.float64), True)
    """

    @checked
    def __init__(self, vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"]) -> None:
        if vertices.ndim != 2:
            raise ValueError(f"TriangleIndex: vertices must have shape (V, 3), got {tuple(vertices.shape)}")
        self.faces = read_faces("TriangleIndex", vertices, faces).cpu()
        if len(self.faces) == 0:
            raise ValueError("TriangleIndex: faces must hold at least one triangle, got shape (0, 3)")
        self.corners = vertices.detach().cpu().double()[self.faces]  # (F, 3, 3)
        require_finite("TriangleIndex", "vertices", self.corners, coordinate_limit(torch.float64, 3))
        self._bvh = numba_bvh.build_bvh(self.corners.numpy())

    @cached_property
    def edges(self) -> EdgeUses:
        """How many faces each edge has, and whether they agree."""
        return edge_uses(self.faces)

    @cached_property
    def closed(self) -> bool:
        """Whether the faces cancel along every edge: then the winding number is an integer off the surface."""
        return not self.edges.balance.any()

    @cached_property
    def _moments(self) -> np.ndarray:
        return numba_winding.cluster_moments(self._bvh.triangles, len(self._bvh.boxes) // 2)

    @checked
    def query(self, points: Shaped[Tensor, "n 3"]) -> ClosestTriangles:
        """The closest triangle to each of (N, 3) finite points, the closest point on it and its squared distance."""
        queries = _read("query", points)
        _, indices = search_triangles(self._bvh, queries.numpy(), morton_order(queries.numpy()))
        offsets = offsets_from_triangles(queries, self.corners[indices])
        closest = ClosestTriangles(offsets.square().sum(-1), indices, queries - offsets)
        return ClosestTriangles(*(part.to(points.device) for part in closest))

    @checked
    def distances(self, points: Shaped[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Distances (N,) in u from (N, 3) finite points to the closest triangle."""
        queries = _read("distances", points)
        squared, _ = search_triangles(self._bvh, queries.numpy(), morton_order(queries.numpy()))
        return squared.sqrt().to(points.device)

    @checked
    def winding_number(self, points: Shaped[Tensor, "n 3"], *, exact: bool = False) -> Float[Tensor, "n"]:
        """How often the mesh winds around each of (N, 3) finite points: 1 inside, 0 outside, between them near holes.

        Args:
            points: In u.
            exact: Sum every triangle, in O(N F). Else clusters of triangles that are far are expanded to second
                order, O(N log F), within about 0.01 of the sum.

        On a face of a closed mesh the exact one is 1/2, the mean of both sides, up to rounding.
        """
        queries = _read("winding_number", points)
        order, free = morton_order(queries.numpy()), np.zeros(len(queries))
        return self._winding(queries, order, free, math.inf if exact else BETA).to(points.device)

    @checked
    def signed_distances(self, points: Shaped[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """`distances`, negative where the winding number exceeds 1/2.

        The winding number of a closed mesh is an integer, the same everywhere in a ball that no triangle enters: of
        two neighbours that share such a ball only one is computed, and that one less exactly.
        """
        distances, _, winding = self.locate(_read("signed_distances", points))
        return torch.where(winding > 0.5, -distances, distances).to(points.device)

    def locate(self, queries: Float[Tensor, "n 3"]) -> tuple[Tensor, Tensor, Tensor]:
        """Distance, closest triangle and winding number of finite float64 points on the CPU, by one search."""
        order = morton_order(queries.numpy())
        squared, indices = search_triangles(self._bvh, queries.numpy(), order)
        distances = squared.sqrt()
        if self.closed:
            winding = self._winding(queries, order, (distances * (1 - ROUNDING)).numpy(), INTEGER_BETA)
        else:
            winding = self._winding(queries, order, np.zeros(len(queries)), BETA)
        return distances, indices, winding

    def _winding(self, queries: Tensor, order: np.ndarray, free: np.ndarray, beta: float) -> Tensor:
        winding = torch.empty(len(queries), dtype=torch.float64)
        tasks = -(-len(queries) // numba_winding.CHUNK)
        mesh = (self._bvh.triangles, self._moments, beta)
        run_tasks(numba_winding.query_winding, tasks, *mesh, queries.numpy(), order, free, winding.numpy())
        return winding


def _read(method: str, points: Tensor) -> Tensor:
    """The points as kernels take them, or a ValueError."""
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"TriangleIndex.{method}: points must have shape (N, 3), got {tuple(points.shape)}")
    queries = points.detach().cpu().double().contiguous()
    require_finite(f"TriangleIndex.{method}", "points", queries, coordinate_limit(torch.float64, 3))
    return queries
