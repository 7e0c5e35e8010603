"""Triangle meshes: the type, reading one from a file, and making one from anything that holds vertices and faces."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape.data.arrays import ReadError, usable_rows
from diffshape.data.attributes import Attributes, checked_attributes
from diffshape.data.formats.mesh_formats import read_polygons
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.mesh_arrays import mesh_arrays


class Mesh(tuple[NDArray[np.float64], NDArray[np.int64]]):
    """A triangle mesh: ``vertices`` (V, 3) float64 and ``faces`` (F, 3) int64, counter-clockwise seen from outside.

    A mesh is the pair of the two, so that ``vertices, faces = mesh`` works, with attributes and notes.

    Attributes:
        vertices, faces: The pair.
        attributes: Numbers of the vertices beside their coordinates, name -> array of V rows: colours as ``"colors"``,
            uint8 of shape (V, 3) or (V, 4), anything else as (V,) or (V, k) under the name it has in the file.
        notes: Changes and omissions when the mesh was read, a sentence each.

    >>> mesh = Mesh(np.eye(3), np.array([[0, 1, 2]]), attributes={"colors": np.zeros((3, 3), np.uint8)})
    >>> vertices, faces = mesh
    >>> mesh, vertices.shape, mesh.attributes["colors"].shape
    (Mesh(3 vertices, 1 faces), (3, 3), (3, 3))
    """

    attributes: Attributes
    notes: tuple[str, ...]

    def __new__(
        cls,
        vertices: NDArray[np.float64],
        faces: NDArray[np.int64],
        *,
        attributes: Mapping[str, NDArray[Any]] | None = None,
        notes: tuple[str, ...] = (),
    ) -> "Mesh":
        """The pair of arrays, with attributes and notes."""
        mesh = super().__new__(cls, (vertices, faces))
        mesh.attributes, mesh.notes = dict(attributes or {}), tuple(notes)
        return mesh

    @property
    def vertices(self) -> NDArray[np.float64]:
        """The coordinates of the vertices, (V, 3)."""
        return self[0]

    @property
    def faces(self) -> NDArray[np.int64]:
        """The vertices of each triangle, (F, 3)."""
        return self[1]

    def __repr__(self) -> str:
        return f"Mesh({len(self.vertices)} vertices, {len(self.faces)} faces)"

    def __getnewargs__(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        return self.vertices, self.faces


@checked
def read_mesh(path: str | PathLike[str]) -> Mesh:
    """Read a PLY, OBJ, OFF, STL or GLB file as triangles, in file coordinates.

    Polygons become triangles, along diagonals inside them. Vertices keep their order and number in PLY, OBJ and OFF,
    except that vertices which no face uses and which are NaN, infinite or beyond 1e30 are dropped; the
    coincident ones with which STL and GLB repeat every corner are merged. Colours and other numbers of the vertices
    come along in ``attributes``; ``notes`` tells what was changed, and what of the file is not read.

    Raises:
        FileNotFoundError: there is no such file.
        ReadError: the file is not a usable mesh: empty, cut short, without faces, with vertices that are not finite, or
            with faces that name vertices it does not have. Also a suffix that is not one of the five.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "square.obj")
    ...     _ = path.write_text("v 0 0 0\\nv 1 0 0\\nv 1 1 0\\nv 0 1 0\\nf 1 2 3 4\\n")
    ...     read_mesh(path).faces.tolist()
    [[0, 1, 2], [0, 2, 3]]
    """
    path = Path(path)
    return mesh_of(read_polygons(path), path)


def mesh_of(polygons: Polygons, path: Path) -> Mesh:
    """The mesh that a file holds, as ``read_mesh`` gives it.

    Args:
        polygons: Content of the file.
        path: The file, for messages.

    Raises:
        ReadError: There are no faces, or vertices and faces do not form a mesh.
    """
    if not polygons.has_faces:
        raise ReadError(
            f"{path}: holds {len(polygons.vertices)} points and no faces; give a mesh, or fit these points first"
        )
    try:
        triangles = polygons.triangles()
        mesh = as_mesh(Mesh(polygons.vertices, triangles, attributes=polygons.attributes, notes=polygons.notes))
    except ValueError as error:
        raise ReadError(f"{path}: not a usable mesh ({error})") from error
    small = int((polygons.counts < 3).sum())
    if small:
        notes = (*mesh.notes, f"{small:,} faces of fewer than three corners were left out.")
        return Mesh(*mesh, attributes=mesh.attributes, notes=notes)
    return mesh


def as_mesh(thing: Any) -> Mesh:
    """A :class:`Mesh` from a path, a (vertices, faces) pair, or an object that has both, like trimesh.Trimesh.

    Args:
        thing: Path of a mesh file; a :class:`Mesh`, which keeps its attributes and notes; a ``trimesh.Trimesh``; or
            (V, 3) numbers and (F, 3) integers as NumPy arrays, torch tensors or lists.

    Vertices that are not finite are dropped, with a note, if no face uses one.

    Raises:
        ValueError: wrong shapes or types, no faces, faces that use vertices which are missing or not finite.

    >>> as_mesh(([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])).vertices.shape
    (3, 3)
    """
    if isinstance(thing, (str, PathLike)):
        return read_mesh(thing)
    vertices, faces = mesh_arrays(thing)
    if len(faces) == 0:
        raise ValueError("faces is empty; a mesh needs at least one triangle")
    attributes, notes = {}, ()
    if isinstance(thing, Mesh):
        attributes, notes = checked_attributes(thing.attributes, len(vertices), function="as_mesh"), thing.notes
    return _of_places(Mesh(vertices, faces, attributes=attributes, notes=notes))


def _of_places(mesh: Mesh) -> Mesh:
    """The mesh without vertices that are NaN, infinite or beyond 1e30; a ValueError if a face uses one."""
    usable = usable_rows(mesh.vertices)
    if usable.all():
        return mesh
    used = np.zeros(len(usable), bool)
    used[mesh.faces] = True
    count = len(usable)
    if not usable[used].all():
        wrong = int((used & ~usable).sum())
        raise ValueError(f"{wrong} of {count} vertices are NaN, infinite or beyond 1e30; repair the mesh")
    dropped = count - int(usable.sum())
    told = f"{dropped:,} of {count:,} vertices, NaN, infinite or beyond 1e30 and used by no face, were dropped."
    return Mesh(
        mesh.vertices[usable],
        (np.cumsum(usable) - 1)[mesh.faces],
        attributes={name: values[usable] for name, values in mesh.attributes.items()},
        notes=(*mesh.notes, told),
    )
