"""The scene of a run folder: what a fit was given, what came of it, and how far that is from the truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from diffshape._arguments import checked
from diffshape.data import Mesh, read_mesh
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.inputs.inputs import Inputs, remembered_inputs
from diffshape.fitting.observers import MESHES
from diffshape.fitting.result import read_result
from diffshape.report.distances import distances_to
from diffshape.report.scene.files import points_of, surface_of
from diffshape.report.scene.layers import Layer, Scene, Surface
from diffshape.report.scene.numbers import distance_coloring

SURFACE, TRUTH, POINTS, INPUT_MESH = "surface", "true surface", "input points", "input mesh"
"""Captions of the layers."""
TO_TRUTH, TO_SURFACE = "distance to the true surface", "distance to the surface"
"""Captions of the colourings by distance: of the vertices of a surface, and of the points of a scan."""
MOST_POINTS = 200_000
"""Largest number of points of a layer; of more, as many are drawn at random."""
MOST_STEPS = 12
"""Largest number of surfaces along the way."""
_UNMESHED_RESOLUTION = 128
"""Grid nodes along the side of the box of a surface that a run has weights of, but no mesh."""


@checked
def scene_of_run(folder: str | Path) -> Scene:
    """The scene of the run folder of a fit, finished or not, in input coordinates.

    Returns:
        Layers "input points", coloured by their distance to the surface, or "input mesh"; "true surface", if it is
        another one than the input; and "surface", unless there is none yet, coloured by its distance to the truth, its
        confidence and the numbers of the scan. ``along_the_way`` has at most 12 of the run's surfaces along the way.

    Raises:
        ValueError: It is no folder of a fit, or a file in it is damaged.
    """
    return scene_of_fit(Path(folder), remembered_inputs(Path(folder), truth=None))


def scene_of_fit(folder: Path, inputs: Inputs) -> Scene:
    """The scene of the run folder of a fit whose inputs are read already; see :func:`scene_of_run`.

    Raises:
        ValueError: A file in the folder is damaged.
    """
    mesh = run_mesh(folder)
    truth = inputs.truth
    layers: list[Layer] = [_input_layer(inputs, mesh)]
    if truth is not None and truth is not inputs.shape:
        layers.append(Surface(TRUTH, truth.vertices, truth.faces, shown=False))
    if mesh is None:
        return Scene(layers, up=inputs.up)
    surface = _result(mesh, truth)
    largest = surface.colorings[TO_TRUTH].high if truth is not None else None
    layers.append(surface)
    way = [(step, _result(each, truth, largest)) for step, each in _along_the_way(folder)]
    return Scene(layers, way, inputs.up)


def run_mesh(folder: Path) -> Mesh | None:
    """The surface of a fit: its mesh.ply, or else that of its weights, coarsely; None if it has neither, or no surface.

    Raises:
        ValueError: A file is damaged.
    """
    path, run = folder / "mesh.ply", FitFolder(folder)
    if path.is_file():
        return read_mesh(path)
    if not run.holds_field:
        return None
    result = read_result(run)
    mesh = replace(result, fit=replace(result.fit, as_torch=False)).mesh(_UNMESHED_RESOLUTION)
    return mesh if len(mesh.faces) else None


def _input_layer(inputs: Inputs, mesh: Mesh | None) -> Layer:
    """The input; the points of a scan with their distances to the surface."""
    shape, shown = inputs.shape, mesh is None
    if isinstance(shape, Mesh):
        return surface_of(INPUT_MESH, shape, shown=shown)
    layer = points_of(POINTS, shape.subset(MOST_POINTS), shown=shown)
    if mesh is None:
        return layer
    distances = distance_coloring(distances_to(mesh, layer.points))
    return replace(layer, colorings={TO_SURFACE: distances, **layer.colorings})


def _result(mesh: Mesh, truth: Mesh | None, largest: float | None = None) -> Surface:
    """A surface, coloured by its distance to the truth on a scale up to ``largest``, or one of its own."""
    layer = surface_of(SURFACE, mesh)
    if truth is None:
        return layer
    errors = distance_coloring(distances_to(truth, mesh.vertices), largest)
    return replace(layer, colorings={TO_TRUTH: errors, **layer.colorings})


def _along_the_way(folder: Path) -> list[tuple[int, Mesh]]:
    """Steps and surfaces, evenly chosen, the first and the last of them always."""
    paths = sorted((folder / MESHES).glob("step_*.ply"))
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), MOST_STEPS)).round().astype(int))
    return [(int(paths[place].stem.removeprefix("step_")), read_mesh(paths[place])) for place in chosen]
