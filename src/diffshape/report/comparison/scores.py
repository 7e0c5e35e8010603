"""The numbers of a comparison: a surface against the truth, and against the scan it was made from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Frame, Mesh
from diffshape.metrics import (
    PublishedScore,
    SurfaceScore,
    compare_as_published,
    compare_surfaces,
    published_offset,
    spurious_share,
)

SPURIOUS_SPACINGS = 5.0
"""Distance from all points of a scan, in spacings, from which on a surface counts as spurious."""
_BOX_SIDES = 1.6
"""Side of the box in which the official program meshes, in longest sides of the scan."""


def surface_scores(
    mesh: Mesh, points: NDArray[np.float64], truth: Mesh | None, score: SurfaceScore | None = None
) -> dict[str, Any]:
    """The scores of a surface under the names that ``ComparisonRow`` has for them.

    Args:
        mesh: The surface, with a face or more.
        points: The scan (N, 3), in the coordinates of the mesh.
        truth: The true surface, in the same coordinates; None: only the spurious share is known.
        score: The exact score against the truth, if it is known already.
    """
    surface = mesh.vertices, mesh.faces
    scores: dict[str, Any] = {"spurious_share": spurious_share(surface, points, SPURIOUS_SPACINGS)}
    if truth is None:
        return scores
    true = truth.vertices, truth.faces
    exact = score or compare_surfaces(surface, true)
    scores |= {name: getattr(exact, name) for name in ("chamfer", "hausdorff", "normal_deg", "f_score")}
    frame = Frame.of(points)
    moved = published_offset(mesh.vertices, center=frame.center, side=_BOX_SIDES * frame.scale)
    for name, each in {"sampled": surface, "offset": (moved, mesh.faces), "floor": true}.items():
        scores |= _named(name, compare_as_published(each, true))
    return scores


def _named(prefix: str, score: PublishedScore) -> dict[str, float | None]:
    return {f"{prefix}_{name}": value for name, value in score.to_dict().items()}
