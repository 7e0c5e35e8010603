"""A triangle mesh prepared once, to be asked many times how far it is and which side of it a point is on."""

import igl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.kernels import numba_bvh
from diffshape.kernels.threads import run_tasks
from diffshape.ops.closest_triangles import ClosestTriangles, offsets_from_triangles
from diffshape.ops.mesh_topology import read_faces


class TriangleIndex:
    """Exact distances to the triangles of a mesh, and its generalised winding number.

    Args:
        vertices: Shape (V, 3), finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, counter-clockwise seen from outside.
    """

    def __init__(self, vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"]) -> None:
        self.faces = read_faces("TriangleIndex", vertices, faces).cpu()
        self.vertices = vertices.detach().cpu().double()
        self.corners = self.vertices[self.faces]  # (F, 3, 3)
        self._bvh = numba_bvh.build_bvh(self.corners.numpy())

    def query(self, points: Float[Tensor, "n 3"]) -> ClosestTriangles:
        """The closest triangle and point on it, and its squared distance, for (N, 3) finite points; constants."""
        from diffshape.ops.closest_triangles import morton_order

        queries = points.detach().cpu().double().contiguous()
        indices = torch.empty(len(queries), dtype=torch.int64)
        tasks = -(-len(queries) // numba_bvh.CHUNK)
        array = queries.numpy()
        run_tasks(numba_bvh.query_bvh, tasks, self._bvh, array, morton_order(array), indices.numpy())
        offsets = offsets_from_triangles(queries, self.corners[indices])
        closest = ClosestTriangles(offsets.square().sum(-1), indices, queries - offsets)
        return ClosestTriangles(*(part.to(points.device) for part in closest))

    def winding_number(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """How often the mesh winds around each of (N, 3) points: 1 inside, 0 outside, between them near holes."""
        queries = points.detach().cpu().double().numpy()
        winding = igl.fast_winding_number(self.vertices.numpy(), self.faces.numpy(), queries)
        return torch.from_numpy(winding).to(points.device)
