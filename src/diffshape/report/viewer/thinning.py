"""Layers with few enough points and faces that a browser turns them smoothly."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.report.scene.layers import Coloring, Layer, Points, Scene, Surface

MOST_POINTS = 200_000
"""Largest number of points of a layer."""
MOST_FACES = 400_000
"""Largest number of faces of a layer, about."""


def thinned(scene: Scene, points: int = MOST_POINTS, faces: int = MOST_FACES) -> tuple[Scene, list[str]]:
    """A scene with few enough points and faces, and a sentence on each layer that had more."""
    layers = [thinned_layer(layer, points, faces) for layer in scene.layers]
    notes = [
        f"{before.name}: {_size(after):,} of {_size(before):,} {'points' if isinstance(before, Points) else 'faces'} "
        "are shown, so that it turns smoothly"
        for before, after in zip(scene.layers, layers)
        if after is not before
    ]
    way = [(step, fewer_faces(surface, faces)) for step, surface in scene.along_the_way]
    return replace(scene, layers=layers, along_the_way=way), notes


def thinned_layer(layer: Layer, points: int = MOST_POINTS, faces: int = MOST_FACES) -> Layer:
    """A layer with few enough points or faces."""
    return fewer_points(layer, points) if isinstance(layer, Points) else fewer_faces(layer, faces)


def fewer_points(layer: Points, most: int = MOST_POINTS) -> Points:
    """A cloud with so many points at most, drawn at random."""
    if len(layer.points) <= most:
        return layer
    rows = np.sort(np.random.default_rng(0).choice(len(layer.points), most, replace=False))
    return replace(layer, points=layer.points[rows], **_numbers(layer, rows))


def fewer_faces(layer: Surface, most: int = MOST_FACES) -> Surface:
    """A surface with so many faces at most: of the vertices in a cell of a grid the first is kept, and faces that lose
    a corner go.

    A surface that passes through cells of side h has about 2 area / h^2 faces afterwards.
    """
    if len(layer.faces) <= most:
        return layer
    first, second, third = (layer.vertices[corner] for corner in layer.faces.T)
    area = float(np.linalg.norm(np.cross(second - first, third - first), axis=1).sum()) / 2
    low = layer.vertices.min(axis=0)
    side = math.sqrt(2 * area / most) or 1.0
    while True:
        cells = ((layer.vertices - low) / side).astype(np.int64)
        keys = (cells * [1, 2**21, 2**42]).sum(axis=1)
        _, kept, places = np.unique(keys, return_index=True, return_inverse=True)
        corners = places.reshape(-1)[layer.faces]
        whole = corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)]
        if len(whole) <= most:
            return replace(layer, vertices=layer.vertices[kept], faces=whole, **_numbers(layer, kept))
        side *= 1.2


def _numbers(layer: Layer, rows: NDArray[np.integer]) -> dict[str, Any]:
    """Colours and colourings of some rows of a layer."""
    colorings: dict[str, Coloring] = {
        name: replace(each, values=each.values[rows]) for name, each in layer.colorings.items()
    }
    return {"colors": None if layer.colors is None else layer.colors[rows], "colorings": colorings}


def _size(layer: Layer) -> int:
    return len(layer.points if isinstance(layer, Points) else layer.faces)
