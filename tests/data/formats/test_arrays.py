import struct
import zipfile

import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import mapped_array, read_archive, read_npy, read_npz

ROWS = np.random.default_rng(0).normal(size=(8, 6))
ROWS[:, 3:] /= np.linalg.norm(ROWS[:, 3:], axis=1, keepdims=True)


def test_npy(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, ROWS.astype(np.float32))
    table = read_npy(path)
    assert np.array_equal(table.points, ROWS[:, :3].astype(np.float32))
    assert table.normals is not None


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 2)), r"\(N, 3\), got \(5, 2\)"),
        (np.zeros((3, 50)), "transpose them"),
        (np.zeros((2, 5, 3)), r"got \(2, 5, 3\)"),
        (np.array(["a"]), "must have shape"),
    ],
)
def test_npy_shapes(tmp_path, array, message):
    path = tmp_path / "a.npy"
    np.save(path, array)
    with pytest.raises(ValueError, match=message):
        read_npy(path)


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ReadError, match="not a readable NumPy array"):
        read_npy(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", points=np.array([{}], object))
    with pytest.raises(ReadError, match="not a readable NumPy archive"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [10, 100])
def test_numpy_files_cut_short(tmp_path, cut):
    for name, save, read in [("a.npy", np.save, read_npy), ("a.npz", np.savez, read_npz)]:
        path = tmp_path / name
        save(path, ROWS)
        path.write_bytes(path.read_bytes()[:-cut])
        with pytest.raises(ReadError, match="not a readable"):
            read(path)


def test_npz_finds_its_array(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, anything=ROWS[:, :3])
    assert np.array_equal(read_npz(path).points, ROWS[:, :3])
    np.savez(path, scale=np.ones(1), xyz=ROWS[:, :3], normals=ROWS[:, 3:])
    table = read_npz(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert np.array_equal(table.normals, ROWS[:, 3:])
    np.savez(path, a=ROWS, b=ROWS)
    with pytest.raises(ReadError, match="holds a, b; name the points"):
        read_npz(path)


def promised(shape, kind="<f4"):
    """An NPY header without the numbers."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


@pytest.mark.parametrize(
    "content",
    [
        promised((10**12, 3)),
        promised((-1, 3)),
        promised((2**62, 4)),
        b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + (b"-" * 8000 + b"1").ljust(8999) + b"\n",
        b"\x93NUMPY\x09\x00" + promised((1, 3))[8:],
    ],
)
def test_sizes_that_a_file_cannot_hold(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"a.npy: not a readable NumPy array"):
        read_npy(path)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("points.npy", content)
    with pytest.raises(ReadError, match=r"a.npz: not a readable NumPy archive"):
        read_npz(tmp_path / "a.npz")


def test_an_archive_unpacks_to_a_hundred_times_its_size_at_most(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("points", "a", "b"):
            archive.writestr(f"{name}.npy", promised((3 * 10**6, 3), "|i1") + bytes(9 * 10**6))
    with pytest.raises(ReadError, match="unpack to 216000000 bytes, more than 100 times the file"):
        read_npz(path)


def test_content_counts_not_the_name(tmp_path):
    np.save(tmp_path / "a.npy", ROWS[:, :3])
    (tmp_path / "a.npy").rename(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", points=ROWS[:, :3])
    (tmp_path / "c.npz").rename(tmp_path / "d.npy")
    assert np.array_equal(read_npz(tmp_path / "b.npz").points, ROWS[:, :3])
    assert np.array_equal(read_npy(tmp_path / "d.npy").points, ROWS[:, :3])


def test_fields_are_found_by_name(tmp_path):
    array = np.zeros(8, [("intensity", "u2"), ("z", "f4"), ("y", "f4"), ("x", "f8")])
    array["x"], array["y"], array["z"] = ROWS[:, :3].T.astype(np.float32)
    np.save(tmp_path / "a.npy", array)
    table = read_npy(tmp_path / "a.npy")
    assert np.array_equal(table.points, ROWS[:, :3].astype(np.float32))
    assert table.attributes["intensity"].dtype == np.uint16


def test_other_arrays_are_attributes(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, points=ROWS[:, :3], rgb=ROWS[:, :3] * 0 + 0.5, label=np.arange(8), name=np.array(["a"] * 8), n=8)
    table = read_npz(path)
    assert table.attributes["colors"].tolist() == [[128, 128, 128]] * 8
    assert table.attributes["label"].tolist() == list(range(8))
    assert list(table.attributes) == ["colors", "label"]
    assert table.notes == ("Array 'name' holds <U1, no numbers, and is left out.",)


def test_arrays_of_an_archive_by_name(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, points=ROWS, bits=np.arange(3, dtype=np.uint8), junk=np.array([None]))
    assert {*read_archive(path, ("points", "bits", "missing"))} == {"points", "bits"}
    assert np.array_equal(read_archive(path, ("bits",))["bits"], [0, 1, 2])
    with pytest.raises(ReadError, match=r"junk.*never unpickled"):
        read_archive(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ReadError, match=r"a.npz: not a readable NumPy archive"):
        read_archive(path, ("bits",))


def test_a_mapped_array_is_the_array_and_a_torn_one_is_named(tmp_path):
    path = tmp_path / "a.npy"
    for array in (ROWS, np.zeros((0, 3))):
        np.save(path, array)
        assert np.array_equal(mapped_array(path), array)
    np.save(path, ROWS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ReadError, match="384 bytes and the file holds 383"):
        mapped_array(path)


def test_bytes_that_pack_well_are_no_bomb(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, voxels=np.zeros(9 << 20, np.uint8))
    assert path.stat().st_size < 20_000
    assert len(read_archive(path)["voxels"]) == 9 << 20
    np.savez_compressed(path, voxels=np.zeros((9 << 20) + 1))
    with pytest.raises(ReadError, match="more than 100 times the file"):
        read_archive(path)
