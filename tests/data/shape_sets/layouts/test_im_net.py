import sys

import numpy as np
import pytest
import torch

from diffshape.data import ReadError, read_shapes

h5py = pytest.importorskip("h5py")

SIDE = 16


def box(low, high):
    voxels = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    voxels[low:high, low : high - 1, low : high - 2] = 1
    return voxels


VOXELS = np.stack([box(3, 12), box(2, 14)])
CELLS = np.random.default_rng(0).integers(0, SIDE, (2, 50, 3)).astype(np.uint8)
VALUES = np.stack([voxels[tuple(cells.T)] for voxels, cells in zip(VOXELS, CELLS)])


def write(path, **changes):
    arrays = {
        "voxels": VOXELS[..., None],
        "points_16": CELLS,
        "values_16": VALUES[..., None],
        "pixels": np.full((2, 3, 4, 4), 51, np.uint8),
        **changes,
    }
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            if array is not None:
                file.create_dataset(name, data=array)


def read(path, **options):
    return read_shapes(path, **{"points": 40, "volume_points": 500, "near_points": 50, **options})


def test_points_are_middles_of_voxels(tmp_path):
    write(tmp_path / "chair.hdf5")
    shapes = read(tmp_path, views=2)
    assert shapes.names == ("chair/00000", "chair/00001")
    assert np.array_equal(shapes.voxels, VOXELS == 1)
    assert np.allclose(shapes.near_points, (CELLS.astype(float) + 0.5) / SIDE - 0.5)
    assert np.array_equal(shapes.near_occupancies, VALUES == 1)
    assert shapes.images.shape == (2, 2, 4, 4)
    assert torch.allclose(shapes.images, torch.tensor(0.2))
    assert read(tmp_path, views=1, image_size=3).images.shape == (2, 1, 3, 3)


def test_the_improved_version_keeps_indices_of_256_voxels_which_do_not_overflow(tmp_path):
    fine = np.full((2, 50, 3), 255, np.uint8)
    write(tmp_path / "all.h5", points_16=fine)
    assert torch.equal(read(tmp_path).near_points.unique(), torch.tensor([255.5 / 256 - 0.5]))


def test_the_finest_points_are_taken(tmp_path):
    write(tmp_path / "a.hdf5", points_64=np.full((2, 60, 3), 63, np.uint8), values_64=np.zeros((2, 60, 1), np.uint8))
    assert torch.equal(read(tmp_path).near_points.unique(), torch.tensor([63.5 / 64 - 0.5]))


def test_a_list_beside_the_file_names_the_shapes(tmp_path):
    write(tmp_path / "all.hdf5")
    (tmp_path / "all.txt").write_text("03001627/x\n03001627/y\n")
    assert read(tmp_path / "all.hdf5").names == ("all/03001627/x", "all/03001627/y")
    (tmp_path / "all.txt").write_text("03001627/x\n")
    with pytest.raises(ReadError, match=r"all.txt: must name each of the 2 shapes of all.hdf5 once, got 1 lines"):
        read(tmp_path)


def test_without_points_there_are_no_near_ones(tmp_path):
    write(tmp_path / "a.hdf5", points_16=None, values_16=None)
    shapes = read(tmp_path)
    assert shapes.near_points is None
    assert shapes.points.shape == (2, 40, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"voxels": None}, "no data set 'voxels'"),
        ({"voxels": VOXELS[..., 0]}, r"voxels must have 4 dimensions or more, got shape \(2, 16, 16\)"),
        ({"voxels": VOXELS[:, :8]}, r"voxels must have shape \(N, R, R, R, 1\)"),
        ({"voxels": VOXELS * 2}, "a/00000: .*voxels must be 0 or 1"),
        ({"voxels": VOXELS * np.nan}, "voxels must be 0 or 1"),
        ({"voxels": VOXELS * 0}, "all its voxels are empty"),
        ({"values_16": None}, "no data set 'values_16'"),
        ({"values_16": VALUES[:, :7]}, "with as many values_16"),
        ({"values_16": VALUES[:1]}, "values_16 has 1 rows and no row 1"),
        ({"points_16": CELLS.astype(np.float32)}, "points_16 must be whole numbers"),
        ({"points_16": CELLS.astype(np.int64) + 300}, "indices beyond 256 voxels"),
        ({"pixels": np.zeros((2, 3, 4, 4))}, "pixels must be bytes"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, changes, message):
    write(tmp_path / "a.hdf5", **changes)
    with pytest.raises(ReadError, match=message) as caught:
        read(tmp_path, views=1)
    assert "a.hdf5" in str(caught.value)


def test_all_torn_files_are_named(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path / f"{name}.hdf5")
    (tmp_path / "a.hdf5").write_bytes(b"no HDF5")
    (tmp_path / "c.hdf5").write_bytes((tmp_path / "b.hdf5").read_bytes()[:900])
    with pytest.raises(ReadError, match=r"2 of 3 files cannot be read: .*a.hdf5: .*; .*c.hdf5: "):
        read(tmp_path)


def test_h5py_is_named_where_it_is_missing(tmp_path, monkeypatch):
    write(tmp_path / "a.hdf5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"a.hdf5: HDF5 files are read with h5py, .* pip install h5py"):
        read(tmp_path)
