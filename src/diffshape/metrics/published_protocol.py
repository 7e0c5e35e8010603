"""The score of surfaces that papers on neural fits of scans print: distances between samples of two surfaces.

It has two faults, which are kept here so that its numbers can be read beside printed ones: two samples of one surface
are not at distance 0, and the official mesher shrinks every surface by half a cell or so.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from diffshape import ops
from diffshape._arguments import checked
from diffshape._bounds import SCORE_BYTES, check_fits, check_number, check_seed, check_whole
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data.arrays import real_rows
from diffshape.metrics.surface_input import SurfaceInput, draw_points, read_surface

if TYPE_CHECKING:
    import trimesh


@dataclass(frozen=True, kw_only=True)
class PublishedScore:
    """Differences of a predicted surface from the truth; lengths are shares of the truth's longest side.

    An empty prediction (no face of positive area) has ``None`` for everything; papers leave it out of their means.

    Attributes:
        chamfer: Mean of the mean distances from samples of either surface to the nearest sample of the other. Usually
            printed times 100, as CD.
        chamfer_squared: Mean of the mean squared distances. Usually printed times 1e4, as CD2.
        normal_deg: Mean angle in degrees between the face normals of a sample and of the nearest one, mean of both
            directions; that of the prediction or of the prediction turned inside out, whichever is less. Printed as CA.
    """

    chamfer: float | None
    chamfer_squared: float | None
    normal_deg: float | None

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        if self.chamfer is None or self.chamfer_squared is None or self.normal_deg is None:
            return "no surface"
        return f"CD x100 {self.chamfer * 1e2:.3f}, CD2 x1e4 {self.chamfer_squared * 1e4:.3f}, CA {self.normal_deg:.1f}"


@checked
def compare_as_published(
    pred: SurfaceInput, truth: SurfaceInput, *, samples: int = 30_000, seed: int = 0
) -> PublishedScore:
    """Score a predicted mesh against the true one as papers do: samples against samples.

    CD = (mean_a min_b |a - b| + mean_b min_a |a - b|) / 2 over area-uniform samples a, b of the two surfaces. Compared
    with itself, a surface of area A does not score 0 but about 0.5 sqrt(A / samples): print that floor,
    ``compare_as_published(truth, truth)``, beside every score. :func:`compare_surfaces` has no floor.

    Args:
        pred: A file, ``trimesh.Trimesh`` or (vertices, faces), in the truth's coordinates; may be empty.
        truth: The true mesh, in any of these forms, with a face of positive area.
        samples: Points drawn on each surface.
        seed: Seed of the two draws, which are independent also for two equal surfaces.

    Raises:
        ValueError: A shape or an index is wrong, a vertex in use is not finite, the truth is empty, or an option is out
            of range.

    Source: evaluation of Haerenstam-Nielsen et al., DiffCD, ECCV 2024.

    >>> import trimesh
    >>> ball = trimesh.creation.icosphere(3)
    >>> floor = compare_as_published(ball, ball)
    >>> round(floor.chamfer * 100, 1)
    0.5
    """
    check_fits("compare_as_published: samples", samples, SCORE_BYTES)
    check_seed("compare_as_published: seed", seed)
    surfaces = [
        read_surface("compare_as_published", name, surface) for name, surface in (("pred", pred), ("truth", truth))
    ]
    if not surfaces[1].area > 0:
        raise ValueError(
            "compare_as_published: truth has no face of positive area, so there is nothing to compare with"
        )
    if not surfaces[0].area > 0:
        return PublishedScore(chamfer=None, chamfer_squared=None, normal_deg=None)
    low, high = surfaces[1].bounds
    drawn = [_samples(mesh, low, high, samples, 2 * seed + place) for place, mesh in enumerate(surfaces)]
    sides = [_one_side(*drawn[0], *drawn[1]), _one_side(*drawn[1], *drawn[0])]
    distances, squares, angles = (torch.stack(each).mean().item() for each in zip(*sides))
    return PublishedScore(chamfer=distances, chamfer_squared=squares, normal_deg=min(angles, 180 - angles))


@checked
def published_offset(
    vertices: NDArray[np.floating], *, center: tuple[float, float, float], side: float, resolution: int = 512
) -> NDArray[np.float64]:
    """Vertices of a correct mesh where the official DiffCD program would put them.

    Its grid has nodes side / (n - 1) apart, but its marching cubes is told side / n. So every vertex v becomes
    low + (v - low) (n - 1) / n, where low is the lower corner of the box: the surface is shrunk and moved by up to a
    cell, about 0.0006 to 0.0025 of the longest side of the shape. Printed scores have this error in them.

    Args:
        vertices: (V, 3), in any unit.
        center: Centre of the box in which the surface was meshed.
        side: Length of its side; 1.6 longest sides of the scan in the official program.
        resolution: Nodes n along the side; 512 at the end of the official program.

    Returns:
        (V, 3), in the unit of ``vertices``.

    Raises:
        ValueError: A shape is wrong, or a number is out of range.

    >>> published_offset(np.array([[0.8, 0.0, -0.8]]), center=(0.0, 0.0, 0.0), side=1.6, resolution=16)
    array([[ 0.7 , -0.05, -0.8 ]])
    """
    check_number("published_offset: side", side, 0, above=True)
    check_whole("published_offset: resolution", resolution, 2)
    low = np.asarray(center) - side / 2
    return low + (real_rows(vertices, name="published_offset: vertices") - low) * ((resolution - 1) / resolution)


def _samples(
    mesh: "trimesh.Trimesh", low: NDArray[np.float64], high: NDArray[np.float64], count: int, seed: int
) -> tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]]:
    """Points of a surface in the frame of the truth, and the unit normals of their faces."""
    points, faces = draw_points(mesh, count, seed)
    unit = (points - (low + high) / 2) / (high - low).max()
    return torch.from_numpy(unit), torch.from_numpy(np.array(mesh.face_normals[faces]))


def _one_side(
    points: Float[Tensor, "n 3"],
    normals: Float[Tensor, "n 3"],
    others: Float[Tensor, "m 3"],
    theirs: Float[Tensor, "m 3"],
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean distance, mean square and mean angle from samples to the nearest of the others."""
    found = ops.nearest_neighbors(points, others)
    nearest = theirs[found.indices.reshape(-1)]
    angles = torch.rad2deg((normals * nearest).sum(-1).clamp(-1, 1).arccos())
    return found.squared_distances.sqrt().mean(), found.squared_distances.mean(), angles.mean()
