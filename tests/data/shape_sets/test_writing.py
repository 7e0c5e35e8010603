import numpy as np
import pytest
import torch

from diffshape.data import ShapeSet, read_shapes, write_shapes


def drawn(count=2):
    """A set with all the parts that the layout holds."""
    generator = torch.Generator().manual_seed(0)

    def points(number):
        return torch.rand(count, number, 3, generator=generator) - 0.5

    def inside(*sizes):
        return torch.rand(count, *sizes, generator=generator) < 0.5

    return ShapeSet(
        names=tuple(f"chairs/{number}" for number in range(count)),
        points=points(9),
        normals=torch.nn.functional.normalize(points(9), dim=-1),
        volume_points=points(21),
        occupancies=inside(21),
        near_points=points(5),
        near_occupancies=inside(5),
        near_distances=points(5)[..., 0],
        voxels=inside(4, 4, 4),
    )


def test_what_is_written_is_read_again_bit_for_bit(tmp_path):
    shapes = drawn()
    write_shapes(tmp_path, shapes)
    again = read_shapes(tmp_path, points=9, volume_points=21, near_points=5)
    assert again.names == shapes.names
    assert again.parts().keys() == shapes.parts().keys()
    for name, part in shapes.parts().items():
        if name == "normals":  # made of length 1 again
            assert torch.allclose(again.normals, part, atol=1e-6)
        else:
            assert torch.equal(getattr(again, name), part), name


@pytest.mark.parametrize("part", ["voxels", "near_points"])
def test_a_set_of_one_part_is_recognised(tmp_path, part):
    shapes = drawn()
    others = {"near_occupancies": shapes.near_occupancies} if part == "near_points" else {}
    write_shapes(tmp_path, ShapeSet(names=shapes.names, **{part: getattr(shapes, part)}, **others))
    again = read_shapes(tmp_path, near_points=5)
    assert again.parts().keys() == {part, *others}
    assert torch.equal(getattr(again, part), getattr(shapes, part))


def test_files_are_those_of_the_published_layout(tmp_path):
    shapes = drawn()
    write_shapes(tmp_path, shapes)
    with np.load(tmp_path / "chairs" / "1" / "points.npz") as file:
        assert {*file} == {"points", "occupancies", "loc", "scale"}
        assert file["occupancies"].dtype == np.uint8
        assert np.array_equal(np.unpackbits(file["occupancies"])[:21], shapes.occupancies[1])
    with np.load(tmp_path / "chairs" / "1" / "pointcloud.npz") as file:
        assert {*file} == {"points", "normals", "loc", "scale"}
        assert file["points"].dtype == np.float32


def test_parts_without_a_file_are_named_and_left_out(tmp_path):
    shapes = ShapeSet(names=("a",), points=torch.rand(1, 4, 3) - 0.5, images=torch.rand(1, 2, 4, 4))
    with pytest.warns(UserWarning, match="write_shapes: images are not written in this layout"):
        write_shapes(tmp_path, shapes)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "pointcloud.npz"]
    shapes = ShapeSet(names=("b",), points=torch.rand(1, 4, 3) - 0.5, volume_points=torch.rand(1, 4, 3) - 0.5)
    with pytest.warns(UserWarning, match="volume_points are not written"):
        write_shapes(tmp_path, shapes)
    assert read_shapes(tmp_path, points=4).parts().keys() == {"points"}
    with pytest.raises(ValueError, match="must have points, volume points, near points or voxels"):
        write_shapes(tmp_path, ShapeSet(names=("a",), images=torch.rand(1, 2, 4, 4)))


@pytest.mark.parametrize("names", [(), ("a", "a"), ("../a",), ("/a",), ("",), (".",), ("a/.b",)])
def test_names_must_be_paths_in_the_folder(tmp_path, names):
    with pytest.raises(ValueError, match="write_shapes: shapes"):
        write_shapes(tmp_path, ShapeSet(names=names, points=torch.zeros(len(names), 4, 3)))
    assert list(tmp_path.iterdir()) == []
