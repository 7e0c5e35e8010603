"""Readers on damaged files: whatever stands in them, a reader answers or raises ReadError, and takes little memory.

Small whole files of each format are damaged at random, the same way for the same seed. ``make fuzz`` tries many more.
"""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from damage import damaged
from diffshape.data import ReadError, icosphere, read_mesh, read_points, write_mesh
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.formats.point_formats import POINT_SUFFIXES, TABLES
from little_memory import ROOM, little_memory

from . import point_seeds


def mesh_seeds(suffix: str) -> list[bytes]:
    """A mesh as we write it, plain and with all that the format holds, and one with larger faces."""
    mesh, seeds = icosphere(0), []
    colors = np.arange(48, dtype=np.uint8).reshape(12, 4)
    options: list[dict] = [{}, {"normals": mesh.vertices}, {"attributes": {"colors": colors}}]
    with TemporaryDirectory() as folder:
        path = Path(folder, "seed" + suffix)
        for option in options:
            if (suffix in (".stl", ".off") and "normals" in option) or (suffix == ".stl" and option):
                continue
            write_mesh(path, *mesh, **option)
            seeds.append(path.read_bytes())
    return seeds + [text.encode() for text in _TEXTS.get(suffix, [])]


_AXES = "property float x\nproperty float y\nproperty float z\n"
_FACES = "property list uchar int vertex_indices\n"
_TEXTS = {
    ".obj": [
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0 # c\nv 1 1 0\nv 0.5 0.1 0\nv 0 1 0\nvn 0 0 1\nvt 0 0\n"
        "f 1/1/1 2//1 3 \\\n 4 5\nf -1 -2 -3\n",
    ],
    ".off": ["off\n# c\n5 2 0\n0 0 0\n2 0 0\n2 2 0\n1 0.5 0\n0 2 0\n5 0 1 2 3 4 255 0 0\n3 0 1 2\n"],
    ".stl": [
        "solid box\n"
        + "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 1e-1\nendloop\nendfacet\n" * 3
        + "endsolid box\n"
    ],
    ".ply": [
        f"ply\nformat ascii 1.0\ncomment c\nelement vertex 5\n{_AXES}property uchar red\nelement face 2\n{_FACES}"
        "end_header\n0 0 0 1\n2 0 0 2\n2 2 0 3\n1 0.5 0 4\n0 2 0 5\n5 0 1 2 3 4\n3 0 1 2\n",
        f"ply\nformat ascii 1.0\nelement vertex 4\n{_AXES}element tristrips 1\n{_FACES}"
        "end_header\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n6 0 1 2 -1 3 1\n",
    ],
}

PACKAGES = {".las": "laspy", ".laz": "lazrs", ".e57": "pye57"}
"""What a format cannot be read without."""


def table_seeds(suffix: str) -> list[bytes]:
    """Files of points of that suffix."""
    pytest.importorskip(PACKAGES.get(suffix, "numpy"))
    others = [make() for other, make in point_seeds.OTHER_SEEDS.values() if other == suffix]
    return [point_seeds.SEEDS[suffix](), *others]


def cloud_seeds(suffix: str) -> list[bytes]:
    """A format of meshes with points and no faces, where that may be."""
    match suffix:
        case ".ply":
            return [point_seeds.written(suffix)]
        case ".glb":
            return [point_seeds.glb()]
        case ".obj" | ".off":
            lines = point_seeds.rows(point_seeds.POINTS, point_seeds.COLORS / 255)
            return [
                ("COFF\n12 0 0\n" + lines if suffix == ".off" else re.sub("^(?=.)", "v ", lines, flags=re.M)).encode()
            ]
    return []


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    **{suffix: (lambda suffix=suffix: mesh_seeds(suffix) + cloud_seeds(suffix)) for suffix in MESH_SUFFIXES},
    **{suffix: (lambda suffix=suffix: table_seeds(suffix)) for suffix in TABLES},
}
"""Suffix -> what makes whole files of that format, to be damaged."""


def read_all(path: Path) -> None:
    """Every reader of a file; a ReadError is an answer, all else is not."""
    readers = [lambda: read_points(path, max_points=50)]
    if path.suffix in MESH_SUFFIXES:
        readers.append(lambda: read_mesh(path))
    for read in readers:
        try:
            shape = read()
        except ReadError as error:
            if not str(error).startswith(str(path)):
                raise
            continue
        points = shape.points if hasattr(shape, "points") else shape.vertices
        assert np.isfinite(points).all()
        assert all(len(column) == len(points) for column in shape.attributes.values())
        assert getattr(shape, "normals", None) is None or shape.normals.shape == points.shape


def failures(suffix: str, count: int, folder: Path, *, seed: int = 0) -> Iterator[tuple[str, bytes, Exception]]:
    """The damaged files of a format on which a reader fails, and how."""
    rng, seeds, path = random.Random(f"{suffix} {seed}"), SEEDS[suffix](), Path(folder, "damaged" + suffix)
    with little_memory():
        for _ in range(count):
            data = damaged(rng.choice(seeds), rng)
            path.write_bytes(data)
            try:
                read_all(path)
            except Exception as error:
                yield path.name, data, error


def test_every_format_has_seeds():
    assert set(SEEDS) == set(POINT_SUFFIXES)


@pytest.mark.parametrize("suffix", SEEDS)
def test_seeds_are_whole(tmp_path, suffix):
    for number, data in enumerate(SEEDS[suffix]()):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(data)
        assert len(read_points(path, max_points=50).points)


@pytest.mark.parametrize("suffix", SEEDS)
def test_damaged_files_are_read_or_refused(tmp_path, suffix):
    assert list(failures(suffix, 200, tmp_path)) == []


def test_readers_have_little_memory(tmp_path):
    with pytest.raises(MemoryError), little_memory():
        np.ones(ROOM // 4)
