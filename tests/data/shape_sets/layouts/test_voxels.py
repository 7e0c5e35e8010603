import numpy as np
import pytest
import torch

from diffshape.data import ReadError, read_shapes


def shell(low, high, side=12):
    voxels = np.zeros((side, side, side))
    voxels[low:high, low:high, low:high] = 1
    voxels[low + 1 : high - 1, low + 1 : high - 1, low + 1 : high - 1] = 0
    return voxels


SHELLS = np.stack([shell(2, 8), np.zeros((12, 12, 12)), shell(3, 11), shell(2, 8)])[:, None]
SIZES = {"points": 300, "volume_points": 3000, "near_points": 200}


def test_shells_are_filled_empty_and_repeated_ones_left_out_with_notes(tmp_path):
    np.save(tmp_path / "chair.npy", SHELLS)
    shapes = read_shapes(tmp_path, **SIZES)
    assert shapes.names == ("chair/00000", "chair/00002")
    assert shapes.voxels.sum((1, 2, 3)).tolist() == [6**3, 8**3]
    assert shapes.notes == (
        "1 of 4 arrays of voxels are empty and are left out.",
        "1 of 4 arrays of voxels repeat others and are left out.",
        "chair/00000, chair/00002: Voxels that others enclose were filled.",
    )


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_arrays_without_a_channel_of_any_type_and_in_archives(tmp_path, kind):
    solids = np.ones((2, 3, 3, 3), kind)
    solids[1, 0] = 0
    np.savez(tmp_path / "all.npz", train=solids[:1], test=solids[1:])
    shapes = read_shapes(tmp_path / "all.npz", **SIZES)
    assert shapes.names == ("all/train/00000", "all/test/00000")
    assert np.array_equal(shapes.voxels, solids == 1)
    assert shapes.notes == ()


def test_repeated_shapes_are_found_across_files_and_sizes_are_told_apart(tmp_path):
    np.save(tmp_path / "a.npy", SHELLS[:1])
    np.save(tmp_path / "b.npy", SHELLS[:1])
    assert read_shapes(tmp_path, **SIZES).names == ("a/00000",)
    np.save(tmp_path / "b.npy", np.ones((1, 2, 2, 2)))
    np.save(tmp_path / "a.npy", np.ones((1, 4, 4, 4)))
    assert read_shapes(tmp_path, resolution=2, **SIZES).names == ("a/00000", "b/00000")
    with pytest.raises(ReadError, match=r"b/00000: voxels \(2, 2, 2\), unlike \(4, 4, 4\) of others"):
        read_shapes(tmp_path, **SIZES)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((1, 2, 2, 2), 0.5), "must hold 0 or 1; shape 0 holds others"),
        (np.full((1, 2, 2, 2), np.nan), "must hold 0 or 1"),
        (np.ones((1, 2, 2, 3)), r"must be numbers of shape \(N, R, R, R\).*got float64, \(1, 2, 2, 3\)"),
        (np.ones((1, 2, 2, 2, 2)), "must be numbers of shape"),
        (np.zeros((0, 2, 2, 2)), "must be numbers of shape"),
        (np.full((1, 2, 2, 2), "a"), "must be numbers of shape"),
        (np.array([None]), "Python objects, which are never unpickled"),
        (np.zeros((2, 2, 2, 2)), "no shapes are left. 2 of 2 arrays of voxels are empty"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ReadError, match=message) as caught:
        read_shapes(tmp_path, layout="voxels", **SIZES)
    assert str(tmp_path) in str(caught.value)


def test_all_torn_files_are_named(tmp_path):
    for name in ("a.npy", "b.npy", "c.npy"):
        np.save(tmp_path / name, SHELLS)
    for name in ("a.npy", "c.npy"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:200])
    with pytest.raises(ReadError, match=r"2 of 3 files cannot be read: .*a.npy: .*; .*c.npy: "):
        read_shapes(tmp_path, **SIZES)


def test_points_agree_with_the_voxels(tmp_path):
    np.save(tmp_path / "a.npy", SHELLS)
    shapes = read_shapes(tmp_path, **SIZES)
    for points, inside in (
        (shapes.volume_points[0], shapes.occupancies[0]),
        (shapes.near_points[0], shapes.near_occupancies[0]),
    ):
        assert torch.equal((points + 1 / 12).abs().amax(-1) < 0.25, inside)  # voxels 2 to 7 of 12: -1/3 to 1/6
