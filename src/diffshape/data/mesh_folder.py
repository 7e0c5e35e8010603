"""All mesh files of a folder."""

from os import PathLike
from pathlib import Path

from diffshape._arguments import checked
from diffshape.data.arrays import ReadError
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.formats.paths import is_apple_double
from diffshape.data.meshes import Mesh, read_mesh


@checked
def read_mesh_folder(folder: str | PathLike[str]) -> dict[str, Mesh]:
    """The meshes in a folder by file name, in order of the names.

    Other files are passed over, and so are folders within and the ``._`` files that a Mac leaves beside meshes.

    Args:
        folder: Folder of PLY, OBJ, OFF, STL or GLB files.

    Raises:
        FileNotFoundError: There is no such folder.
        ReadError: The folder has no mesh files, or some cannot be read; all of those are named.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("b.obj", "a.obj"):
    ...         _ = Path(folder, name).write_text("v 0 0 0\\nv 1 0 0\\nv 0 1 0\\nf 1 2 3\\n")
    ...     list(read_mesh_folder(folder))
    ['a.obj', 'b.obj']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder", str(folder))
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in MESH_SUFFIXES and path.is_file()]
    paths = [path for path in files if not is_apple_double(path)]
    if not paths:
        raise ReadError(f"{folder}: no mesh files ({', '.join(MESH_SUFFIXES)}) are in it")
    meshes, wrong = {}, []
    for path in paths:
        try:
            meshes[path.name] = read_mesh(path)
        except (ValueError, OSError) as error:  # noqa: PERF203
            wrong.append(str(error))
    if wrong:
        raise ReadError(f"{len(wrong)} of {len(paths)} meshes cannot be read: {'; '.join(wrong)}")
    return meshes
