"""Layers with fewer points and triangles, where a page or a browser could not hold them all."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from diffshape.report.scene.layers import Layer, Points, Scene, Surface

_FACES_PER_CELL = 3.0
"""Triangles that are left for each cell that a smooth surface goes through: about twice as many as vertices."""


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

    Points are drawn at random. A surface is laid on a grid: all vertices of a cell become that vertex which is nearest
    to their mean, with its numbers and colours, and triangles without area are dropped (Rossignac and Borrel 1993).
    """
    if isinstance(layer, Points):
        if len(layer.points) <= most:
            return layer
        rows = np.sort(np.random.default_rng(0).choice(len(layer.points), most, replace=False))
        return replace(layer, points=layer.points[rows], **_attributes(layer, rows))
    return layer if len(layer.faces) <= most else _clustered(layer, most)


def _clustered(surface: Surface, most: int) -> Surface:
    """The surface on the finest grid that leaves at most ``most`` triangles, of some that grow by a fifth each."""
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    first, second, third = (surface.vertices[corner] for corner in surface.faces.T)
    area = np.linalg.norm(np.cross(second - first, third - first), axis=1).sum() / 2
    side = max(float(np.sqrt(_FACES_PER_CELL * area / most)), float((high - low).max()) * 1e-4) or 1.0
    while True:
        kept, faces = _merged(surface, np.floor((surface.vertices - low) / side).astype(np.int64))
        if len(faces) <= most:
            return replace(surface, vertices=surface.vertices[kept], faces=faces, **_attributes(surface, kept))
        side *= 1.2


def _merged(surface: Surface, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertex that stands for each cell, and the triangles between cells."""
    sizes = cells.max(axis=0) + 1
    _, cell = np.unique((cells[:, 0] * sizes[1] + cells[:, 1]) * sizes[2] + cells[:, 2], return_inverse=True)
    counts = np.bincount(cell)
    means = np.stack([np.bincount(cell, weights=axis) for axis in surface.vertices.T], axis=1) / counts[:, None]
    off = ((surface.vertices - means[cell]) ** 2).sum(axis=1)
    order = np.lexsort((off, cell))
    kept = order[np.concatenate([[0], np.cumsum(counts)[:-1]])]
    faces = cell[surface.faces]
    first, second, third = faces.T
    return kept, faces[(first != second) & (second != third) & (third != first)]


def _attributes(layer: Layer, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Numbers and colours of the points or vertices of these indices."""
    colorings = {name: replace(each, values=each.values[rows]) for name, each in layer.colorings.items()}
    return {"colorings": colorings, "colors": None if layer.colors is None else layer.colors[rows]}


def _size(layer: Layer) -> int:
    return len(layer.points if isinstance(layer, Points) else layer.faces)


def _parts(layer: Layer) -> str:
    return "points" if isinstance(layer, Points) else "triangles"
