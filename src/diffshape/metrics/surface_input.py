"""How every metric on surfaces reads a mesh."""

from os import PathLike
from typing import Any

import numpy as np
import torch
import trimesh

from diffshape._bounds import SCORE_BYTES, check_fits, check_number, check_seed
from diffshape.data.meshes import read_mesh

SurfaceInput = str | PathLike[str] | trimesh.Trimesh | tuple[Any, Any]
"""A mesh: the path of a file, a ``trimesh.Trimesh``, or (vertices (V, 3), faces (F, 3)), NumPy or torch."""


def read_surface(function: str, name: str, surface: SurfaceInput) -> trimesh.Trimesh:
    """A private copy as a ``Trimesh``, checked: libigl checks nothing and answers garbage."""
    if isinstance(surface, (str, PathLike)):
        surface = read_mesh(surface)
    parts = (surface.vertices, surface.faces) if isinstance(surface, trimesh.Trimesh) else surface
    if not isinstance(parts, tuple) or len(parts) != 2:
        raise ValueError(
            f"{function}: {name} must be a path, a trimesh.Trimesh or (vertices, faces), got {type(surface).__name__}"
        )
    vertices, faces = (np.asarray(part.detach().cpu() if isinstance(part, torch.Tensor) else part) for part in parts)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"{function}: {name} vertices must have shape (V, 3), got {vertices.shape}")
    if faces.ndim != 2 or faces.shape[1] != 3 or not (np.issubdtype(faces.dtype, np.integer) or faces.size == 0):
        raise ValueError(f"{function}: {name} faces must be integers of shape (F, 3), got {faces.shape} {faces.dtype}")
    if faces.size and not (faces.min() >= 0 and faces.max() < len(vertices)):
        raise ValueError(
            f"{function}: {name} faces must index vertices 0 to {len(vertices) - 1}, got {faces.min()} to {faces.max()}"
        )
    used, compact = np.unique(faces.astype(np.int64), return_inverse=True)
    vertices = vertices.astype(np.float64)[used]
    if not np.isfinite(vertices).all():
        raise ValueError(f"{function}: {name} vertices of some face are NaN or infinite")
    return trimesh.Trimesh(vertices, compact.reshape(-1, 3), process=False)


def check_draw(function: str, samples: int, threshold: float, seed: int) -> None:
    """Refuse what no surface can be sampled and scored with.

    Raises:
        ValueError: More samples than memory holds or none, or a threshold or seed out of its range.
    """
    check_fits(f"{function}: samples", samples, SCORE_BYTES)
    check_number(f"{function}: threshold", threshold, 0, above=True)
    check_seed(f"{function}: seed", seed)
