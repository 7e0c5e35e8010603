"""Surfaces coloured by their distance from the truth."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side
from diffshape._typed import shown
from diffshape.data import Mesh, as_mesh
from diffshape.data.mesh_arrays import mesh_arrays
from diffshape.data.up import UP, Up
from diffshape.report.distances import distances_to, largest_shown
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.palettes import color_bar, painted, quantity
from diffshape.report.pictures.png import write_png
from diffshape.report.pictures.preview import preview


@checked
def error_mesh(mesh: Any, truth: Any, *, largest: float | None = None) -> Mesh:
    """A mesh with the distance of each vertex to the true surface, as a number and as a colour.

    Written as PLY or GLB (``data.write_mesh``), it opens in Blender, MeshLab and other viewers in these colours.

    Args:
        mesh: The mesh, as ``data.as_mesh`` takes it.
        truth: The true mesh, in the same coordinates.
        largest: Error at the dark end of the colours, in the unit of the coordinates; None: that within which 99 % of
            the vertices lie.

    Returns:
        The mesh with the attributes ``error`` (V,), float32, in the unit of the coordinates, and ``colors`` (V, 3),
        from pale yellow, exact, to dark red.

    Raises:
        ValueError: One of the two is no mesh, or ``largest`` is not positive.

    >>> from diffshape.data import icosphere
    >>> ball = icosphere(2)
    >>> mesh = error_mesh((2 * ball.vertices, ball.faces), ball, largest=1.0)
    >>> round(float(mesh.attributes["error"].max()), 1), mesh.attributes["colors"].dtype
    (0.5, dtype('uint8'))
    """
    if largest is not None:
        check_number("error_mesh: largest", largest, 0, 1e30, above=True)
    vertices, faces = as_mesh(mesh)
    errors = distances_to(as_mesh(truth), vertices)
    colors = painted(errors, 0.0, float(largest or 0) or largest_shown([errors]), "yellow-red")
    return Mesh(vertices, faces, attributes={"error": errors.astype(np.float32), "colors": colors})


@checked
def error_strip(
    shapes: Sequence[tuple[str, Any]],
    truth: Any,
    *,
    largest: float | None = None,
    unit: str = "",
    path: str | os.PathLike[str] | None = None,
    size: int = 240,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """A row of surfaces coloured by their distance from the truth, on one scale, with a colour bar.

    Args:
        shapes: (caption, mesh) from the left; an empty mesh is an empty panel.
        truth: The true mesh, in the same coordinates.
        largest: Error at the dark end of the colours, in the unit of the coordinates; None: that within which 99 % of
            all vertices lie.
        unit: Name of the unit of the coordinates, such as "mm", which then stands on the colour bar.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels, at least 120.
        azimuth, elevation, up: Camera, as ``preview`` has it; every panel shows the box of the truth.

    Raises:
        ValueError: There is no shape, one is no mesh, a caption does not fit, or an option is out of range.
        OSError: ``path`` cannot be written.

    >>> from diffshape.data import icosphere
    >>> error_strip([("ball", icosphere(1))], icosphere(3), size=120).shape
    (162, 240, 3)
    """
    check_side("error_strip: size", size, 1000, 120)
    if largest is not None:
        check_number("error_strip: largest", largest, 0, 1e30, above=True)
    for place, each in enumerate(shapes):
        if not (isinstance(each, (tuple, list)) and len(each) == 2 and isinstance(each[0], str)):
            raise ValueError(f"error_strip: shapes[{place}] must be (caption, mesh), got {shown(each)}")
    true = as_mesh(truth)
    meshes = [mesh_arrays(mesh, name=f"error_strip: shapes[{place}]") for place, (_, mesh) in enumerate(shapes)]
    errors = [distances_to(true, vertices) if len(faces) else np.zeros(0) for vertices, faces in meshes]
    end = float(largest or 0) or largest_shown(errors)
    colored = []
    for (caption, _), (vertices, faces), error in zip(shapes, meshes, errors):
        arrays = (vertices, faces) if len(faces) else (np.zeros((0, 3)), np.zeros((0, 3), np.int64))
        colored.append((caption, Mesh(*arrays, attributes={"colors": painted(error, 0.0, end, "yellow-red")})))
    return colored_strip(
        colored, true, end, unit=unit, path=path, size=size, azimuth=azimuth, elevation=elevation, up=up
    )


def colored_strip(
    shapes: Sequence[tuple[str, Mesh]],
    truth: Mesh,
    largest: float,
    *,
    unit: str = "",
    path: str | os.PathLike[str] | None = None,
    size: int = 240,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """The picture of ``error_strip``, of surfaces that have the colours of their errors already."""
    bounds = truth.vertices.min(axis=0).tolist(), truth.vertices.max(axis=0).tolist()
    view: Any = {"size": size, "azimuth": azimuth, "elevation": elevation, "up": up, "bounds": bounds}
    pictures = gallery(
        [[(caption, preview(*mesh, colors=mesh.attributes["colors"], **view)) for caption, mesh in shapes]]
    )
    bar = color_bar(0.0, largest, "yellow-red", height=len(pictures), title=quantity("error", unit))
    image = np.concatenate([pictures, bar], axis=1)
    if path is not None:
        write_png(path, image)
    return image
