"""How every metric on surfaces reads a mesh."""

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diffshape._bounds import SCORE_BYTES, check_fits, check_number, check_seed
from diffshape.data.mesh_arrays import mesh_arrays
from diffshape.data.meshes import read_mesh

if TYPE_CHECKING:
    import trimesh

SurfaceInput = Any
"""A mesh: the path of a file, a ``trimesh.Trimesh``, or (vertices (V, 3), faces (F, 3)), NumPy or torch."""


def read_surface(function: str, name: str, surface: SurfaceInput) -> "trimesh.Trimesh":
    """A private copy as a ``Trimesh``, checked: libigl checks nothing and answers garbage."""
    import trimesh

    if isinstance(surface, (str, PathLike)):
        surface = read_mesh(surface)
    vertices, faces = mesh_arrays(surface, name=f"{function}: {name}")
    used, compact = np.unique(faces, return_inverse=True)
    vertices = vertices[used]
    if not np.isfinite(vertices).all():
        raise ValueError(f"{function}: {name} vertices of some face are NaN or infinite")
    return trimesh.Trimesh(vertices, compact.reshape(-1, 3), process=False)


def draw_points(surface: "trimesh.Trimesh", count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (N, 3) on a surface, evenly by area, and the face (N,) of each; a seed is a draw."""
    import trimesh

    drawn = trimesh.sample.sample_surface(surface, count, seed=seed)
    return np.array(drawn[0]), np.array(drawn[1])


def check_draw(function: str, samples: int, threshold: float, seed: int, *, name: str = "threshold") -> None:
    """Refuse what no surface can be sampled and scored with; ``name`` is what errors call the threshold.

    Raises:
        ValueError: More samples than memory holds or none, or a threshold or seed out of its range.
    """
    check_fits(f"{function}: samples", samples, SCORE_BYTES)
    check_number(f"{function}: {name}", threshold, 0, above=True)
    check_seed(f"{function}: seed", seed)
