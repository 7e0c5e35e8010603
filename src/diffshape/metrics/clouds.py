"""How far a point cloud is from a true surface, both ways, with the part that its number of points alone explains."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.metrics.f_score import f_score
from diffshape.metrics.number_input import read_points
from diffshape.metrics.surface_input import SurfaceInput, check_draw, draw_points, read_surface
from diffshape.ops import closest_triangles, nearest_neighbors


@dataclass(frozen=True, kw_only=True)
class CloudScore:
    """Differences of a cloud P from a true surface T. All lengths are shares of T's longest bounding-box side.

    Attributes:
        accuracy: Mean over the points p of P of min_{t in T} |p - t|, exact, to triangles: how right the points are.
        completeness: Mean over points t even over T of min_{p in P} |t - p|: how much of T the points cover.
        ideal_completeness: sqrt(area / N) / 2, the completeness of N points drawn at random from all of T itself (of a
            regular grid about 3/4 of it): what of the completeness is only the number of points.
        chamfer: (accuracy + completeness) / 2.
        hausdorff: Largest distance found in either direction.
        f_score: 2 precision recall / (precision + recall) at ``threshold``; 0 to 1.
        precision: Share of P's points nearer than ``threshold`` to T.
        recall: Share of T's points nearer than ``threshold`` to P.
        threshold: Distance of F-score, precision and recall, as a share of the longest side.
        points: N, how many points P has.
        longest_side: T's longest bounding-box side, in the unit of the input: times it, shares are lengths.
    """

    accuracy: float
    completeness: float
    ideal_completeness: float
    chamfer: float
    hausdorff: float
    f_score: float
    precision: float
    recall: float
    threshold: float
    points: int
    longest_side: float

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        at = f"@{self.threshold:g}"
        return (
            f"accuracy x1e3 {1e3 * self.accuracy:.3f}, completeness x1e3 {1e3 * self.completeness:.3f} "
            f"({self.points:,} points of the truth itself: {1e3 * self.ideal_completeness:.3f}), "
            f"hausdorff {self.hausdorff:.4f}, precision{at} {self.precision:.4f}, recall{at} {self.recall:.4f}, "
            f"F{at} {self.f_score:.4f}"
        )


@checked
def compare_cloud_to_surface(
    points: Any, truth: SurfaceInput, *, samples: int = 50_000, threshold: float = 0.01, seed: int = 0
) -> CloudScore:
    """Score a point cloud against the true surface.

    Args:
        points: (N, 3) numbers, NumPy or torch, a file or ``PointCloud``, N >= 1, in the truth's coordinates.
        truth: A file, ``trimesh.Trimesh`` or (vertices, faces), NumPy or torch, with a surface.
        samples: Points drawn on the truth, for completeness and recall. All points of the cloud count.
        threshold: Distance of the F-score, as a share of the truth's longest side.
        seed: Seed of the draw; the same seed gives the same score.

    Returns:
        A ``CloudScore``.

    Raises:
        ValueError: A shape or an index is wrong, a coordinate in use is not finite, there is no point, the truth has no
            area, or an option is out of range.

    Computed in float64. Two meshes are compared by `compare_surfaces`, two clouds by `compare_points`; the losses are
    `diffshape.losses.point_to_mesh_distance` and `mesh_to_points_distance`.

    >>> square = np.array([[0.0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    >>> score = compare_cloud_to_surface([[0.5, 0.5, 0.02], [1.5, 1.5, -0.06]], square, threshold=0.02)
    >>> round(score.accuracy, 6), score.precision, score.longest_side  # (0.02 + 0.06) / 2, over 2
    (0.02, 0.5, 2.0)
    """
    check_draw("compare_cloud_to_surface", samples, threshold, seed)
    array = read_points("compare_cloud_to_surface", "points", points, 3).numpy()
    mesh = read_surface("compare_cloud_to_surface", "truth", truth)
    if not mesh.area > 0:
        raise ValueError("compare_cloud_to_surface: truth has no face of positive area, so nothing can be compared")
    low, high = mesh.bounds
    side = float((high - low).max())
    mesh.vertices = (mesh.vertices - (low + high) / 2) / side
    cloud = torch.from_numpy((array - (low + high) / 2) / side)
    drawn = draw_points(mesh, samples, 2 * seed + 2)[0]  # the draw of compare_surfaces
    vertices, faces = (torch.from_numpy(np.array(part)) for part in (mesh.vertices, mesh.faces))
    to_truth = closest_triangles(cloud, vertices, faces).squared_distances.sqrt()
    to_cloud = nearest_neighbors(torch.from_numpy(drawn), cloud).squared_distances.sqrt()
    shares = f_score(to_truth, to_cloud, threshold=threshold)
    accuracy, completeness = to_truth.mean().item(), to_cloud.mean().item()
    return CloudScore(
        accuracy=accuracy,
        completeness=completeness,
        ideal_completeness=math.sqrt(float(mesh.area) / len(cloud)) / 2,
        chamfer=(accuracy + completeness) / 2,
        hausdorff=max(to_truth.max().item(), to_cloud.max().item()),
        f_score=shares.f_score.item(),
        precision=shares.precision.item(),
        recall=shares.recall.item(),
        threshold=threshold,
        points=len(cloud),
        longest_side=side,
    )
