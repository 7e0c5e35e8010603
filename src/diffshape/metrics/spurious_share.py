"""The share of a reconstructed surface that no point of the scan explains."""

from typing import Any, Literal

import torch

from diffshape import ops
from diffshape._arguments import checked
from diffshape.metrics.number_input import read_points
from diffshape.metrics.surface_input import SurfaceInput, check_draw, draw_points, read_surface
from diffshape.ops.neighbors.spacing import median_spacing


@checked
def spurious_share(
    mesh: SurfaceInput,
    points: Any,
    distance: float,
    *,
    unit: Literal["spacings", "input"] = "spacings",
    samples: int = 50_000,
    seed: int = 0,
) -> float | None:
    """Share of the area of a surface that lies farther than a distance from every point of a scan.

    s = area of {x in the surface: min_p |x - p| > t} / area of the surface, over scanned points p. Sheets and blobs
    that a fit made up where nothing was scanned count; so does what closes a hole of the scan, rightly or not.
    Points of the scan that no surface passes do not count: see the distance from the truth for these.

    Args:
        mesh: The surface: a file, ``trimesh.Trimesh`` or (vertices, faces), NumPy or torch; may be empty.
        points: (N, 3) numbers, NumPy or torch, or a file or ``PointCloud``, in the coordinates of the mesh.
        distance: The distance t, positive. About 5 spacings are beyond the noise and the gaps of most scans.
        unit: Unit of ``distance``: "spacings", medians of the distance from a point to the nearest other one, which
            needs two points or more; or "input", that of the coordinates.
        samples: Points drawn on the surface; the share varies by about sqrt(s (1 - s) / samples).
        seed: Seed of the draw; the same seed gives the same share.

    Returns:
        s, 0 to 1; ``None`` for a surface without area, of which nothing can be said.

    Raises:
        ValueError: A shape or an index is wrong, a coordinate in use is not finite, an option is out of range, or the
            spacing of the points is 0.

    Time O((samples + N) log N).

    >>> import trimesh
    >>> scanned, made_up = trimesh.creation.icosphere(3), trimesh.creation.icosphere(3, radius=0.5)
    >>> both = trimesh.util.concatenate([scanned, made_up])
    >>> round(spurious_share(both, scanned.vertices, 0.2, unit="input"), 2)
    0.2
    """
    check_draw("spurious_share", samples, distance, seed, name="distance")
    surface, cloud = read_surface("spurious_share", "mesh", mesh), read_points("spurious_share", "points", points, 3)
    spacing = median_spacing(cloud[None]).item() if unit == "spacings" else 1.0
    if not spacing > 0:
        raise ValueError(
            "spurious_share: points have no spacing, as most of them repeat another; give distance in unit='input'"
        )
    if not surface.area > 0:
        return None
    drawn = torch.from_numpy(draw_points(surface, samples, seed)[0])
    squared = ops.nearest_neighbors(drawn, cloud).squared_distances
    return (squared > (distance * spacing) ** 2).double().mean().item()
