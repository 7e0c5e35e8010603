from typing import get_args

import numpy as np
import pytest

from diffshape.data import ReadError, icosphere, read_shapes, write_mesh, write_points
from diffshape.data.shape_sets.folder import files_of
from diffshape.data.shape_sets.layout_name import LayoutName
from diffshape.data.shape_sets.layouts.table import LAYOUTS, layout_of

BALL = icosphere(2)


def recognised(folder, name="auto"):
    layout, paths = layout_of(name, folder, files_of(folder).paths)
    return layout.name, sorted(path.name for path in paths)


def test_names_are_those_of_the_table():
    assert {"auto", *LAYOUTS} == set(get_args(LayoutName))
    assert all(name == layout.name for name, layout in LAYOUTS.items())


def test_layouts_are_recognised_by_what_is_in_the_files(tmp_path):
    write_points(tmp_path / "a.ply", BALL.vertices)
    assert recognised(tmp_path) == ("latent-3d-points", ["a.ply"])
    write_mesh(tmp_path / "a.ply", BALL)
    np.save(tmp_path / "numbers.npy", np.zeros(3))
    assert recognised(tmp_path) == ("meshes", ["a.ply"])
    (tmp_path / "a.ply").unlink()
    np.save(tmp_path / "b.npy", np.zeros((2, 1, 3, 3, 3)))
    (tmp_path / "numbers.npy").unlink()
    assert recognised(tmp_path) == ("voxels", ["b.npy"])
    (tmp_path / "b.npy").rename(tmp_path / "b.txt")
    (tmp_path / "shape").mkdir()
    np.savez(tmp_path / "shape" / "pointcloud.npz", points=np.zeros((2, 3)))
    assert recognised(tmp_path) == ("occupancy-networks", ["pointcloud.npz"])
    (tmp_path / "shape" / "pointcloud.npz").rename(tmp_path / "all.hdf5")
    assert recognised(tmp_path) == ("im-net", ["all.hdf5"])


def test_more_than_one_layout_is_a_question_and_none_names_them_all(tmp_path):
    with pytest.raises(ReadError, match=r"no layout of shapes is recognised; .*im-net: HDF5.*; meshes: mesh files"):
        read_shapes(tmp_path)
    write_mesh(tmp_path / "a.obj", BALL)
    np.save(tmp_path / "b.npy", np.ones((1, 2, 2, 2)))
    with pytest.raises(ReadError, match="has shapes of layouts 'meshes', 'voxels'; choose one with layout="):
        read_shapes(tmp_path)
    assert read_shapes(tmp_path, layout="voxels").names == ("b/00000",)
    with pytest.raises(ReadError, match="has no shapes of layout 'im-net', which is HDF5 files"):
        read_shapes(tmp_path, layout="im-net")
