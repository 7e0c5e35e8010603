"""Layers with fewer points and triangles, where a page or a browser could not hold them all."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from diffshape.report.scene.layers import Layer, Points, Scene, Surface

_FACES_PER_CELL = 2.2
"""Triangles that are left of a smooth surface for each square of its area that is as wide as a cell."""
_DECIDED = 1e-3
"""Least spread of the planes of a cell along a direction, as a share of the largest, with which they decide where the
vertex lies along it; on a flat or bent piece of a surface they do so across it only."""


def thinned_scene(scene: Scene, *, points: int, faces: int, faces_on_the_way: int) -> tuple[Scene, list[str]]:
    """A scene with few enough points and triangles, and a sentence on each layer that had more.

    Args:
        scene: Layers, and surfaces along the way.
        points: Largest number of points of a layer.
        faces: Largest number of triangles of a layer, about.
        faces_on_the_way: Largest number of triangles of a surface along the way, about.
    """
    layers = [thinned(layer, points if isinstance(layer, Points) else faces) for layer in scene.layers]
    notes = [
        f"{before.name}: {_size(after):,} of {_size(before):,} {_parts(before)} are shown, so that it turns smoothly"
        for before, after in zip(scene.layers, layers)
        if after is not before
    ]
    way = [(step, cast(Surface, thinned(surface, faces_on_the_way))) for step, surface in scene.along_the_way]
    return replace(scene, layers=layers, along_the_way=way), notes


def thinned(layer: Layer, most: int) -> Layer:
    """A layer with about ``most`` triangles or points, or fewer; itself if it has no more.

    Points are drawn at random. A surface is laid on a grid: all vertices of a cell become one, at the place that is
    nearest to the planes of their triangles, so that edges stay sharp (Lindstrom, "Out-of-core simplification of large
    polygonal models", SIGGRAPH 2000). It has the numbers and colours of the vertex that was nearest to it.
    """
    if isinstance(layer, Points):
        if len(layer.points) <= most:
            return layer
        rows = np.sort(np.random.default_rng(0).choice(len(layer.points), most, replace=False))
        return replace(layer, points=layer.points[rows], **_attributes(layer, rows))
    return layer if len(layer.faces) <= most else _clustered(layer, most)


def _clustered(surface: Surface, most: int) -> Surface:
    """The surface on the finest grid that leaves at most ``most`` triangles, of some that grow by a tenth each."""
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    area = np.linalg.norm(_area_vectors(surface), axis=1).sum()
    side = max(float(np.sqrt(_FACES_PER_CELL * area / most)), float((high - low).max()) * 1e-4) or 1.0
    while True:
        cell = _cells(np.floor((surface.vertices - low) / side).astype(np.int64))
        first, second, third = corners = cell[surface.faces].T
        faces = corners.T[(first != second) & (second != third) & (third != first)]
        if len(faces) <= most:
            break
        side *= 1.1
    places = _places(surface, cell, side)
    off = ((surface.vertices - places[cell]) ** 2).sum(axis=1)
    nearest = np.lexsort((off, cell))[np.concatenate([[0], np.cumsum(np.bincount(cell))[:-1]])]
    return replace(surface, vertices=places, faces=faces, **_attributes(surface, nearest))


def _cells(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the cells in which vertices lie, without gaps."""
    sizes = places.max(axis=0) + 1
    return np.unique((places[:, 0] * sizes[1] + places[:, 1]) * sizes[2] + places[:, 2], return_inverse=True)[1]


def _places(surface: Surface, cell: NDArray[np.int64], side: float) -> NDArray[np.float64]:
    """For each cell, the place that is nearest to the planes of its triangles, in squares weighted by area.

    It is found from the mean of the cell's vertices, which it leaves only along directions that the planes decide, and
    by at most a side. Triangles count in each cell of their corners.
    """
    counts = np.bincount(cell)
    means = np.stack([np.bincount(cell, axis) for axis in surface.vertices.T], axis=1) / counts[:, None]
    vectors = _area_vectors(surface)
    areas = np.linalg.norm(vectors, axis=1)
    normals = vectors / np.where(areas > 0, areas, 1)[:, None]
    corner, across = surface.vertices[surface.faces[:, 0]], np.zeros_like(means)
    squares = np.zeros((len(means), 3, 3))
    for at in cell[surface.faces].T:
        heights = (normals * (corner - means[at])).sum(axis=1)
        for row in range(3):
            across[:, row] += np.bincount(at, areas * normals[:, row] * heights, len(means))
            for column in range(3):
                squares[:, row, column] += np.bincount(at, areas * normals[:, row] * normals[:, column], len(means))
    strengths, axes = np.linalg.eigh(squares)
    decided = strengths > _DECIDED * strengths[:, -1:]
    parts = np.where(decided, np.einsum("cij,ci->cj", axes, across) / np.where(decided, strengths, 1), 0)
    moves = np.einsum("cij,cj->ci", axes, parts)
    return means + moves * np.minimum(1, side / np.maximum(np.linalg.norm(moves, axis=1), 1e-300))[:, None]


def _area_vectors(surface: Surface) -> NDArray[np.float64]:
    """Normals of the triangles, as long as these are large."""
    first, second, third = (surface.vertices[corner].astype(np.float64) for corner in surface.faces.T)
    return np.cross(second - first, third - first) / 2


def _attributes(layer: Layer, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Numbers and colours of the points or vertices of these indices."""
    colorings = {name: replace(each, values=each.values[rows]) for name, each in layer.colorings.items()}
    return {"colorings": colorings, "colors": None if layer.colors is None else layer.colors[rows]}


def _size(layer: Layer) -> int:
    return len(layer.points if isinstance(layer, Points) else layer.faces)


def _parts(layer: Layer) -> str:
    return "points" if isinstance(layer, Points) else "triangles"
