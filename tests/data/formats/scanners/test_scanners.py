"""The formats of scanners and of the Point Cloud Library, from the seeds."""

import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.point_formats import read_table

from ...point_seeds import COLORS, GRID, NORMALS, OTHER_SEEDS, POINTS, SEEDS, packed_lzf


def seed(tmp_path, name):
    suffix, make = (name, SEEDS[name]) if name in SEEDS else OTHER_SEEDS[name]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(make())
    return path


@pytest.mark.parametrize("name", [*SEEDS, *OTHER_SEEDS])
def test_every_seed_is_read(tmp_path, name):
    for suffix, package in {".las": "laspy", ".laz": "lazrs", ".e57": "pye57"}.items():
        if name == suffix:
            pytest.importorskip(package)
    table = read_table(seed(tmp_path, name))
    if name == ".asc":
        assert len(table.points) == 12
    elif name == ".ptx":
        moved = POINTS[6:, [1, 0, 2]] * [-1, 1, 1] + [10, 20, 30]
        assert np.allclose(table.points, np.vstack([POINTS[[0, 1, 3, 4, 5]], moved]), rtol=1e-12)
    elif name == ".e57":
        assert np.allclose(table.points, POINTS + np.array([1, 2, 3]), atol=1e-6)  # the file holds float32
    else:
        assert np.allclose(table.points, POINTS, atol=1e-7 if name.startswith("pcd") else 1e-12)
    if "colors" in table.attributes and name != ".ptx":
        assert np.array_equal(table.attributes["colors"], COLORS)


@pytest.mark.parametrize("name", ["pcd ascii", "pcd binary", "pcd compressed"])
def test_pcd_fields(tmp_path, name):
    table = read_table(seed(tmp_path, name))
    assert list(table.attributes) == ["colors", "pair"]
    assert np.array_equal(table.attributes["colors"], COLORS)
    assert table.attributes["pair"].dtype == np.int16
    assert np.array_equal(table.attributes["pair"], np.arange(24).reshape(12, 2))


def test_written_pcd_comes_back(tmp_path):
    table = read_table(seed(tmp_path, ".pcd"))
    assert np.array_equal(table.points, POINTS)
    assert np.array_equal(table.normals, NORMALS)
    assert np.array_equal(table.attributes["intensity"], np.arange(12.0))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"POINTS 12", b"POINTS 1000000000000", "the file holds"),
        (b"POINTS 12", b"POINTS -1", "its header promises -1 points"),
        (b"WIDTH 12", b"WIDTH x", "no numbers"),
        (b"DATA binary", b"DATA packed", "DATA packed is unknown"),
        (b"SIZE 4", b"SIZE 3", "TYPE F, SIZE 3"),
        (b"COUNT 1", b"COUNT 0", "COUNT 0"),
        (b"FIELDS x", b"FIELDS u", "no columns named x, y and z"),
        (b"DATA", b"DADA", "no DATA line"),
        (b"TYPE F", b"TYPE", "a SIZE, a TYPE and a COUNT"),
    ],
)
def test_pcd_headers_that_cannot_be(tmp_path, old, new, message):
    path = seed(tmp_path, "pcd binary")
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(ReadError, match=message) as error:
        read_table(path)
    assert "a.pcd: not a readable PCD file" in str(error.value)


def test_pcd_unpacks_to_a_hundred_times_its_size_at_most(tmp_path):
    path = tmp_path / "a.pcd"
    plain = bytes(3 * 3_000_000)
    packed = packed_lzf(plain[:265]) * (len(plain) // 265 + 1)
    size = (len(plain) // 265 + 1) * 265
    head = f"FIELDS x y z\nSIZE 1 1 1\nTYPE U U U\nCOUNT 1 1 1\nPOINTS {size // 3}\nDATA binary_compressed\n"
    path.write_bytes(head.encode() + len(packed).to_bytes(4, "little") + size.to_bytes(4, "little") + packed)
    with pytest.raises(ReadError, match="more than 100 times the file"):
        read_table(path)


def test_a_moved_viewpoint_is_told(tmp_path):
    path = seed(tmp_path, "pcd ascii")
    path.write_bytes(path.read_bytes().replace(b"VIEWPOINT 0", b"VIEWPOINT 1"))
    assert "VIEWPOINT of the PCD file is not applied" in read_table(path).notes[0]


def test_ptx_leaves_out_rays_without_return(tmp_path):
    table = read_table(seed(tmp_path, ".ptx"))
    assert table.notes == (
        "The file holds 2 scans; all are read, in their common frame.",
        "1 rays without a return are left out.",
    )
    assert np.array_equal(table.attributes["colors"], np.delete(COLORS, 2, axis=0))
    assert (table.attributes["intensity"] == 0.5).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(b"3\n2\n", b"30000\n20000\n", 1), "600000000 points need"),
        (lambda text: text.rsplit(b"\n", 2)[0], "6 rows promised, 5 of 7 numbers found"),
        (lambda text: text.replace(b"0 0 0 1\n", b"0 0 0\n", 1), "does not begin with its size"),
        (lambda text: text[:-60] + b"\n", "a row is not x y z|rows promised"),
        (lambda text: b"\n\n", "holds no scan"),
    ],
)
def test_ptx_that_is_not_whole(tmp_path, change, message):
    path = seed(tmp_path, ".ptx")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReadError, match=message):
        read_table(path)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_las_keeps_its_columns(tmp_path, suffix):
    pytest.importorskip("lazrs")
    table = read_table(seed(tmp_path, suffix))
    assert np.array_equal(table.attributes["intensity"], np.arange(12))
    assert table.attributes["intensity"].dtype == np.uint16
    assert np.array_equal(table.attributes["colors"], COLORS)
    assert {"classification", "gps_time", "return_number"} <= table.attributes.keys()


@pytest.mark.parametrize(
    ("suffix", "place", "octets", "message"),
    [
        (".las", 107, b"\xff\xff\xff\x7f", "2147483647 points need"),
        (".las", 100, b"\xff\xff\xff\xff", "4294967295 variable length records"),
        (".las", 96, b"\xff\xff\xff\x0f", "ends before its points"),
        (".las", 0, b"LESS", "does not begin with a header of LAS"),
        (".laz", 107, b"\xff\xff\xff\x7f", "more than 100 times the file"),
        (".laz", 227 + 54 + 36, b"\xff\xff", "the record of its packing is damaged"),
    ],
)
def test_las_headers_that_cannot_be(tmp_path, suffix, place, octets, message):
    pytest.importorskip("lazrs")
    path = seed(tmp_path, suffix)
    content = path.read_bytes()
    path.write_bytes(content[:place] + octets + content[place + len(octets) :])
    with pytest.raises(ReadError, match=message):
        read_table(path)


def test_laz_written_in_one_stream(tmp_path):
    """The place of its table of chunks is unknown in front, and stands at the end."""
    pytest.importorskip("lazrs")
    path = seed(tmp_path, ".laz")
    content = bytearray(path.read_bytes())
    start = int.from_bytes(content[96:100], "little")
    path.write_bytes(content[:start] + b"\xff" * 8 + content[start + 8 :] + content[start : start + 8])
    assert np.allclose(read_table(path).points, POINTS, atol=1e-12)


@pytest.mark.parametrize(("suffix", "package"), [(".las", "laspy"), (".e57", "pye57")])
def test_a_missing_extra_is_named(tmp_path, monkeypatch, suffix, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"x" * 400)
    with pytest.raises(ImportError, match=rf"a{suffix}: .*pip install {package}"):
        read_table(path)


def test_damaged_e57(tmp_path):
    pytest.importorskip("pye57")
    path = seed(tmp_path, ".e57")
    for content in (path.read_bytes()[:2000], b"x" * 2000):
        path.write_bytes(content)
        with pytest.raises(ReadError, match="not a readable E57 file"):
            read_table(path)


def test_a_grid_of_heights_is_points(tmp_path):
    path = tmp_path / "a.asc"
    path.write_text(GRID + "1 2 3\n4 -9999 6\n7 8 9\n10 11 12\n")
    table = read_table(path)
    assert table.points[0].tolist() == [500005, 4500035, 1]
    assert table.points[-1].tolist() == [500025, 4500005, 12]
    assert len(table.points) == 11
    assert "3 x 4 heights" in table.notes[0]
    assert "1 cells without a height" in table.notes[0]
    path.write_text(GRID.replace("corner", "center").upper() + "1 2 3 4 5 6\n7 8 9 10 11 12\n")
    assert read_table(path).points[0].tolist() == [500000, 4500030, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GRID + "1 2 3\n", "3 x 4 heights, 3 found"),
        (GRID.replace("ncols 3", "ncols 3000000000") + "1 2 3\n", "3000000000 x 4 heights, 3 found"),
        (GRID + "1 2 3\n4 x 6\n7 8 9\n10 11 12\n", "words among them"),
        (GRID.replace("cellsize 10\n", "") + "1 2 3\n", "needs ncols, nrows, xllcorner, yllcorner and cellsize"),
        (GRID.replace("cellsize 10", "cellsize 0") + "1 2 3\n" * 4, "whose cells are 0.0 x 0.0"),
    ],
)
def test_grids_that_are_not_whole(tmp_path, content, message):
    path = tmp_path / "a.asc"
    path.write_text(content)
    with pytest.raises(ReadError, match=message):
        read_table(path)


def test_a_damaged_scale_of_las_makes_places_that_are_none(tmp_path, recwarn):
    pytest.importorskip("laspy")
    path = seed(tmp_path, ".las")
    content = path.read_bytes()
    path.write_bytes(content[:131] + np.array([1e308] * 3, "<f8").tobytes() + content[155:])
    assert np.isinf(read_table(path).points).any()
    assert not recwarn.list
