import numpy as np
import pytest

from diffshape.data import ReadError, read_points, write_mesh
from diffshape.data.formats.point_formats import read_table

from ..point_seeds import POINTS, SEEDS, rows


def read_or_refusal(path):
    """The cloud, or the words of a ReadError."""
    try:
        return read_points(path)
    except ReadError as error:
        return str(error)


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
    with pytest.raises(ReadError, match=r"scans.xyz: is a folder; give one file of points in it"):
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


def test_what_a_mac_keeps_beside_a_file_is_told(tmp_path):
    (tmp_path / "._scan.xyz").write_bytes(b"\x00\x05\x16\x07" + bytes(100))
    with pytest.raises(ReadError, match=r"hidden file that a Mac keeps beside scan\.xyz; give that one"):
        read_points(tmp_path / "._scan.xyz")
