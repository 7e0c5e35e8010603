"""Reading a file that may hold a mesh or points."""

from os import PathLike
from pathlib import Path

from diffshape._arguments import checked
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.point_formats import read_content
from diffshape.data.meshes import Mesh, mesh_of
from diffshape.data.point_cloud import PointCloud
from diffshape.data.points import check_draws, cloud_of


@checked
def read_shape(path: str | PathLike[str], *, max_points: int | None = None, seed: int = 0) -> Mesh | PointCloud:
    """Read a file once: as a :class:`Mesh` if it has faces, as :func:`read_mesh`, else as :func:`read_points` does.

    Args:
        path: The file, in any format of these two; its suffix names the format.
        max_points: Draw at most this many points of a cloud at random; a mesh stays whole.
        seed: Seed of these draws.

    Returns:
        The mesh or the cloud, in file coordinates.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a LAS, LAZ or E57 file, without the extra.
        ReadError: (a ValueError) the file is empty, damaged, of an unknown format, or neither a mesh nor a shape.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.data import icosphere, write_mesh, write_points
    >>> ball = icosphere(1)
    >>> with TemporaryDirectory() as folder:
    ...     write_mesh(Path(folder, "ball.ply"), ball)
    ...     write_points(Path(folder, "scan.ply"), ball.vertices)
    ...     read_shape(Path(folder, "ball.ply")), read_shape(Path(folder, "scan.ply"))
    (Mesh(42 vertices, 80 faces), PointCloud(42 points))
    """
    check_draws("read_shape", max_points, seed)
    path = Path(path)
    content = read_content(path)
    if isinstance(content, Polygons) and content.has_faces:
        return mesh_of(content, path)
    return cloud_of(content, path, max_points=max_points, seed=seed)
