"""The part of a mesh that points support, with smooth boundaries.

What lies farther than 3 spacings from all points is cut off, and then what lies within 2 spacings of that cut: the
boundary is left one spacing outside the outermost points, while gaps whose middle is up to 3 spacings from them stay
closed. This is the closing of mathematical morphology, along the surface.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from diffshape.fitting.surface.clipping import clipped
from diffshape.fitting.surface.measured_points import REACH, MeasuredPoints
from diffshape.ops.meshes.topology import face_sides
from diffshape.ops.neighbors.index import NeighborIndex

_OVERHANG = 1.0
"""Distance between the outermost points and the boundary of the mesh, in spacings."""


def open_mesh(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], measured: MeasuredPoints
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (V', 3) and faces (F', 3) of the part of a mesh, in the unit frame, that points support."""
    distances = measured.near(torch.from_numpy(vertices)).distances.numpy()
    vertices, faces = clipped(vertices, faces, distances - REACH)
    places, sides = torch.from_numpy(vertices), face_sides(torch.from_numpy(faces))
    rim = sides.ends[(sides.edge.bincount() == 1)[sides.edge]].unique()
    if not len(rim):
        return vertices, faces
    squared, _ = NeighborIndex(places[rim]).query(places)
    from_rim = squared.sqrt() / measured.near(places).spacings
    return clipped(vertices, faces, REACH - _OVERHANG - from_rim.numpy())
