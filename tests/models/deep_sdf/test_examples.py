import numpy as np
import pytest

from diffshape.data import draw_meshes, shape_family, write_mesh
from diffshape.models import DrawnShapes, ShapeFolder, deep_sdf_shapes


def test_drawn_shapes_to_learn_from_are_not_those_to_be_tested_on():
    data = DrawnShapes(family="torus", shapes=3, test_shapes=2)
    learn, test = deep_sdf_shapes(data)
    assert (list(learn), list(test)) == (["torus 0", "torus 1", "torus 2"], ["new torus 0", "new torus 1"])
    assert not np.array_equal(learn["torus 0"].vertices, test["new torus 0"].vertices)
    expected, _ = shape_family("torus", 3, seed=0).meshes()
    assert np.array_equal(learn["torus 2"].vertices, expected[2])
    other, _ = deep_sdf_shapes(data, seed=1)
    assert not np.array_equal(learn["torus 0"].vertices, other["torus 0"].vertices)


def test_chairs_are_drawn_as_meshes():
    learn, test = deep_sdf_shapes(DrawnShapes(family="chair", shapes=1, test_shapes=1), seed=2)
    assert np.array_equal(learn["chair 0"].vertices, draw_meshes("chair", 1, seed=4)[0].vertices)
    assert np.array_equal(test["new chair 0"].vertices, draw_meshes("chair", 1, seed=5)[0].vertices)


@pytest.fixture
def folder(tmp_path):
    vertices, faces = shape_family("box", 10).meshes(0)
    for number, each in enumerate(vertices):
        write_mesh(tmp_path / f"{number}.ply", each, faces)
    return tmp_path


def test_a_folder_is_split_into_two_parts(folder):
    learn, test = deep_sdf_shapes(ShapeFolder(folder=str(folder), holdout=0.3))
    assert len(test) == 3
    assert sorted([*learn, *test]) == [f"{number}.ply" for number in range(10)]
    assert deep_sdf_shapes(ShapeFolder(folder=str(folder), holdout=0.3), seed=1)[1].keys() != test.keys()


def test_one_mesh_is_too_few(folder):
    for number in range(1, 10):
        (folder / f"{number}.ply").unlink()
    with pytest.raises(ValueError, match="one mesh is too few"):
        deep_sdf_shapes(ShapeFolder(folder=str(folder)))
