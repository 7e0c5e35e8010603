import numpy as np
import pytest

from diffshape.data import ReadError, read_points, write_mesh
from diffshape.data.point_formats import POINT_SUFFIXES, read_table

from .point_seeds import OTHER_SEEDS, POINTS, SEEDS, rows

PACKAGES = {".las": "laspy", ".laz": "lazrs", ".e57": "pye57"}


def read_or_refusal(path):
    """The cloud, or the words of a ReadError."""
    try:
        return read_points(path)
    except ReadError as error:
        return str(error)


def test_every_table_format_has_a_seed():
    meshes = {".ply", ".obj", ".off", ".stl", ".glb"}
    assert set(SEEDS) == set(POINT_SUFFIXES) - meshes


@pytest.mark.parametrize("name", [*SEEDS, *OTHER_SEEDS])
def test_damaged_files_are_read_or_refused(tmp_path, name):
    """No other exception, no warning, rows that belong together, whatever bytes are changed or missing."""
    suffix, make = (name, SEEDS[name]) if name in SEEDS else OTHER_SEEDS[name]
    pytest.importorskip(PACKAGES.get(suffix, "numpy"))
    path, whole, rng, refused = tmp_path / f"a{suffix}", make(), np.random.default_rng(0), 0
    for trial in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole) if trial % 2 else min(len(whole), 300), size=3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(damaged)) if trial % 4 == 0 else None])
        cloud = read_or_refusal(path)
        if isinstance(cloud, str):
            refused += 1
            assert path.name in cloud
        else:
            assert np.isfinite(cloud.points).all()
            assert all(len(column) == len(cloud) for column in cloud.attributes.values())
    assert refused > 10


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".pcd", SEEDS[".pcd"]().replace(b"DATA binary\n", b"DATA binary\n\x01\x00\xa0\x7f\xff\xff\xf0\x7f")),
        (".ptx", b"3\n2\n" + b"0 0 0\n" * 4 + b"1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n"),
        (".pcd", b"FIELDS x y z\nPOINTS 2\nDATA ascii\n\n   \n     "),
        (".asc", b"ncols 3\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1e308\n1 2 3\n"),
        (".npy", SEEDS[".npy"]().replace(b"<f8", b"<f2")),
        (".xyz", b"1 2 3 " * 5000),
        (".xyz", b"12\nC 1 2 3\n# no more\n"),
        (".xyz", b"1" * 200_000 + b" 1 1\n" + b"1 2 3\n" * 3),
        (".csv", b'"' + b"1,2,3\n" * 30_000),
    ],
)
def test_what_damaged_files_once_brought_up(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    cloud = read_or_refusal(path)
    assert path.name in cloud if isinstance(cloud, str) else np.isfinite(cloud.points).all()


def test_folders_and_unknown_suffixes(tmp_path):
    (tmp_path / "scans.xyz").mkdir()
    with pytest.raises(ReadError, match=r"scans.xyz: a folder; give one file of points in it"):
        read_table(tmp_path / "scans.xyz")
    with pytest.raises(ReadError, match=r"a folder"):
        read_points(tmp_path)
    with pytest.raises(ReadError, match=r"unknown point format; diffshape reads \.ply, .*\.pcd, .*\.las"):
        read_table(tmp_path / "a.blend")


def test_a_table_of_a_mesh_is_its_vertices(tmp_path):
    write_mesh(tmp_path / "a.ply", POINTS, [[0, 1, 2], [3, 4, 5]])
    assert np.array_equal(read_table(tmp_path / "a.ply").points, POINTS)


def test_rows_that_are_no_places_stay_in_a_table(tmp_path):
    (tmp_path / "a.xyz").write_text(rows(POINTS) + "nan 0 0\n")
    assert len(read_table(tmp_path / "a.xyz").points) == 13
    assert len(read_points(tmp_path / "a.xyz")) == 12
