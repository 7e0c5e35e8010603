"""The scene of files: a layer for each."""

from collections.abc import Sequence
from pathlib import Path

from diffshape._arguments import checked
from diffshape.data import Mesh, PointCloud, read_shape
from diffshape.data.up import Up, up_of
from diffshape.report.scene.layers import Layer, Points, Scene, Surface
from diffshape.report.scene.numbers import colorings_of, own_colors


@checked
def scene_of_files(paths: Sequence[str | Path], *, up: Up | None = None) -> Scene:
    """The scene of files of meshes and points, in their own coordinates, a layer each under the name of its file.

    Args:
        paths: Files, one or more, as ``data.read_shape`` reads them.
        up: Axis that points up; None: that of the first file's format.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: There is no path, or a file is damaged, or of an unknown format.
    """
    if not paths:
        raise ValueError("scene_of_files: paths must name one file or more")
    return Scene([layer_of(Path(path).name, read_shape(path)) for path in paths], up=up or up_of(paths[0]))


def layer_of(name: str, shape: Mesh | PointCloud) -> Layer:
    """A mesh or a cloud as a layer."""
    return surface_of(name, shape) if isinstance(shape, Mesh) else points_of(name, shape)


def surface_of(name: str, mesh: Mesh, *, shown: bool = True) -> Surface:
    """A mesh as a layer, with its colours and with those of its other numbers that a scale can show."""
    attributes = mesh.attributes
    return Surface(name, mesh.vertices, mesh.faces, colorings_of(attributes), own_colors(attributes), shown)


def points_of(name: str, cloud: PointCloud, *, shown: bool = True) -> Points:
    """A cloud as a layer, with its colours and with those of its other numbers that a scale can show."""
    return Points(name, cloud.points, own_colors(cloud.attributes), colorings_of(cloud.attributes), shown)
