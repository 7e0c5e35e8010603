"""How far points are from a surface, in a few numbers: the check of a scan against a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from diffshape import ops
from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.metrics.number_input import read_points
from diffshape.metrics.surface_input import SurfaceInput, read_surface


@dataclass(frozen=True, kw_only=True)
class PointToMeshStatistics:
    """Exact distances of points to the triangles of a mesh, unsigned, in the unit of the input.

    Attributes:
        mean: Arithmetic mean.
        rms: Root of the mean square.
        max: Largest, the one-sided Hausdorff distance of these points.
        quantiles: Distance below which each share of the points lies, by share; linear between points.
    """

    mean: float
    rms: float
    max: float
    quantiles: Mapping[float, float]

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        shares = [f"{100 * share:g} % below {distance:.4g}" for share, distance in self.quantiles.items()]
        return ", ".join([f"mean {self.mean:.4g}", f"rms {self.rms:.4g}", f"max {self.max:.4g}", *shares])


@checked
def point_to_mesh_statistics(
    points: Any, mesh: SurfaceInput, *, quantiles: Sequence[float] = (0.5, 0.9, 0.99)
) -> PointToMeshStatistics:
    """Mean, largest value and quantiles of the distances of points to a mesh.

    Args:
        points: (N, 3) numbers, NumPy or torch, N >= 1, in the mesh's coordinates.
        mesh: A file, ``trimesh.Trimesh`` or (vertices, faces), NumPy or torch, with at least one face.
        quantiles: Shares of the points, between 0 and 1, below whose distances are wanted.

    Returns:
        A ``PointToMeshStatistics``.

    Raises:
        ValueError: A shape or an index is wrong, a coordinate in use is not finite, there is no point or no face, or a
            share is out of range.

    Computed in float64 by `diffshape.ops.closest_triangles`; the loss is `diffshape.losses.point_to_mesh_distance`.

    >>> square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    >>> print(point_to_mesh_statistics([[0.5, 0.5, 3.0], [0.25, 0.5, -4.0], [1.0, 1.0, 5.0]], square, quantiles=[0.5]))
    mean 4, rms 4.082, max 5, 50 % below 4
    """
    cloud = read_points("point_to_mesh_statistics", "points", points, 3)
    if not all(0 <= share <= 1 for share in quantiles):
        raise ValueError(f"point_to_mesh_statistics: quantiles must lie between 0 and 1, got {tuple(quantiles)}")
    surface = read_surface("point_to_mesh_statistics", "mesh", mesh)
    vertices, faces = (torch.from_numpy(np.array(part)) for part in (surface.vertices, surface.faces))
    found = ops.closest_triangles(cloud, vertices, faces)
    distances = found.squared_distances.sqrt()
    return PointToMeshStatistics(
        mean=distances.mean().item(),
        rms=found.squared_distances.mean().sqrt().item(),
        max=distances.max().item(),
        quantiles={share: float(np.quantile(distances.numpy(), share)) for share in quantiles},
    )
