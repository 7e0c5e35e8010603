"""Opening the viewer on runs and files."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diffshape._arguments import checked
from diffshape.data import Mesh, as_mesh, read_mesh
from diffshape.data.up import Up
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.inputs.inputs import Inputs, remembered_inputs
from diffshape.fitting.result import FitResult, read_result
from diffshape.report.distances import distances_to
from diffshape.report.scene.files import scene_of_files, surface_of
from diffshape.report.scene.layers import Layer, Points, Scene, Surface
from diffshape.report.scene.numbers import distance_coloring
from diffshape.report.scene.run import INPUT_MESH, POINTS, SURFACE, TO_SURFACE, TO_TRUTH, TRUTH, scene_of_fit
from diffshape.report.scene.thinning import thinned_scene
from diffshape.report.viewer.drawing import MOST_FACES, MOST_POINTS
from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.server import HOST
from diffshape.report.viewer.viewer import Viewer


@checked
def view(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    truth: str | os.PathLike[str] | None = None,
    host: str = HOST,
    port: int | None = None,
    up: Up | None = None,
) -> Viewer:
    """Open the live viewer on run folders and files; it returns at once, and serves until it is closed.

    Runs stand side by side, and are turned, coloured and cut together. All files are layers of one more scene.

    Args:
        paths: Run folders of fits, and files of meshes or points, one or more.
        truth: File of the true surface, a mesh, from which distances are measured; None: that of each run.
        host: Address to listen at; by default no other machine reaches the viewer.
        port: Port to listen at; None: the first free one from 8080 on.
        up: Axis that points up; None: that of each run or file.

    Returns:
        The viewer: ``address``, ``screenshot(path)``, ``wait()``, ``close()``; ``notes`` say what was thinned.

    Raises:
        ImportError: viser is not installed.
        FileNotFoundError: There is no such file.
        ValueError: No path is given, a folder is no fit, a file is damaged, or no port is free.
        OSError: The port is taken.
    """
    given = [Path(paths)] if isinstance(paths, (str, os.PathLike)) else [Path(each) for each in paths]
    if not given:
        raise ValueError("view: paths must name a run folder or a file")
    viewer = Viewer(host=host, port=port)
    try:
        exhibits, notes = exhibits_of(given, None if truth is None else Path(truth), up)
        viewer.show(exhibits, notes)
    except BaseException:
        viewer.close()
        raise
    return viewer


def exhibits_of(paths: Sequence[Path], truth: Path | None, up: Up | None) -> tuple[list[Exhibit], list[str]]:
    """The scenes of runs, one each, and of files, all in one; and sentences on what was thinned or not found."""
    files = [path for path in paths if not path.is_dir()]
    exhibits, notes = [], []
    for folder in (path for path in paths if path.is_dir()):
        exhibit, said = run_exhibit(folder, remembered_inputs(folder, truth=truth, up=up))
        exhibits.append(exhibit)
        notes += said
    if files:
        scene = scene_of_files(files, up=up)
        if truth is not None:
            scene = with_truth(scene, read_mesh(truth))
        scene, said = _light(scene)
        exhibits.append(Exhibit(files[0].stem if len(files) == 1 else "files", scene))
        notes += said
    return exhibits, notes


def run_exhibit(folder: Path, inputs: Inputs) -> tuple[Exhibit, list[str]]:
    """The scene of a run folder and its field, and sentences on what is not shown of its inputs.

    Raises:
        ValueError: It is no folder of a fit, or a file in it is damaged.
    """
    run = FitFolder(folder)
    has_weights = run.is_finished or run.checkpoints.newest() is not None
    scene, notes = _light(scene_of_fit(folder, inputs))
    lost = [note for note in inputs.notes if "no longer there" in note]
    return Exhibit(_name(folder), scene, read_result(run).query if has_weights else None), [*lost, *notes]


def result_exhibit(result: FitResult, truth: Any = None) -> tuple[Exhibit, list[str]]:
    """The scene of a fit in memory, which may have no folder, and its field; and sentences on what was thinned."""
    result = replace(result, fit=replace(result.fit, as_torch=False))
    mesh, measured = result.mesh(), result.fit.measured
    layers: list[Layer] = []
    if measured is not None:
        places = result.frame.from_unit(measured.points.double().numpy())
        points = Points(POINTS, places, shown=not len(mesh.faces))
        if len(mesh.faces):
            points = replace(points, colorings={TO_SURFACE: distance_coloring(distances_to(mesh, places))})
        layers.append(points)
    elif isinstance(given := getattr(result.target, "mesh", None), Mesh):
        layers.append(surface_of(INPUT_MESH, given, shown=not len(mesh.faces)))
    if len(mesh.faces):
        layers.append(surface_of(SURFACE, mesh))
    scene = Scene(layers)
    if truth is not None:
        scene = with_truth(scene, as_mesh(truth))
    scene, notes = _light(scene)
    return Exhibit("fit", scene, result.query), notes


def with_truth(scene: Scene, truth: Mesh) -> Scene:
    """A scene with the true surface as a layer, and all others coloured by their distance to it."""

    def measured(layer: Layer) -> Layer:
        places = layer.points if isinstance(layer, Points) else layer.vertices
        distances = distance_coloring(distances_to(truth, places))
        return replace(layer, colorings={TO_TRUTH: distances, **layer.colorings})

    true = Surface(TRUTH, truth.vertices, truth.faces, shown=False)
    return replace(scene, layers=[true, *map(measured, scene.layers)])


def _light(scene: Scene) -> tuple[Scene, list[str]]:
    """A scene that a browser turns smoothly, and sentences on what was thinned."""
    return thinned_scene(scene, points=MOST_POINTS, faces=MOST_FACES, faces_on_the_way=MOST_FACES)


def _name(folder: Path) -> str:
    """The last two names of a folder's path, as the last one is often but a time."""
    return "/".join(folder.resolve().parts[-2:])
