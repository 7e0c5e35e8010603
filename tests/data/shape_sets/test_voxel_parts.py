import pytest
import torch

from diffshape.data import ReadError
from diffshape.data.shape_sets.cube import voxel_middles
from diffshape.data.shape_sets.layouts.layout import Wanted
from diffshape.data.shape_sets.voxel_parts import coarser, near_parts, surface_samples, values_at, voxel_parts

WANTED = Wanted(points=50, volume_points=4000, near_points=None, resolution=None, views=None, image_size=None)


def generator():
    return torch.Generator().manual_seed(0)


def bar():
    """Two voxels of 4 in a row, along y, from the low side of the cube."""
    voxels = torch.zeros(4, 4, 4, dtype=torch.bool)
    voxels[1, :2, 3] = True
    return voxels


def test_surface_points_lie_evenly_on_the_sides_with_outward_normals():
    points, normals = surface_samples(bar(), 5000, generator())
    middle, half = torch.tensor([-0.125, -0.25, 0.375]), torch.tensor([0.125, 0.25, 0.125])
    offsets = (points - middle) / half
    axis = normals.abs().argmax(-1, keepdim=True)
    assert torch.allclose(offsets.gather(1, axis), normals.gather(1, axis))
    assert offsets.abs().max() < 1 + 1e-6
    share = (axis == 1).float().mean()  # 2 of the 10 sides
    assert abs(share - 0.2) < 0.03


def test_volume_points_are_middles_even_beyond_the_cube():
    parts = voxel_parts(bar(), WANTED, generator())
    cells = (parts["volume_points"] + 0.5) * 4 - 0.5
    assert torch.allclose(cells, cells.round(), atol=1e-5)
    assert cells.round().unique().tolist() == [-1, 0, 1, 2, 3, 4]
    full = (cells.round() == torch.tensor([1, 0, 3])).all(-1) | (cells.round() == torch.tensor([1, 1, 3])).all(-1)
    assert torch.equal(parts["occupancies"], full)
    expected = 2 / 4**3 / 1.1**3
    assert abs(full.float().mean() - expected) < 0.01


def test_near_points_have_a_neighbour_that_is_other():
    parts = near_parts(bar(), 2000, generator())
    cells = ((parts["near_points"] + 0.5) * 4).floor().long()
    assert {*map(tuple, cells.tolist())} == {(x, y, z) for x in (0, 1, 2) for y in (-1, 0, 1, 2) for z in (2, 3, 4)}
    assert torch.equal(parts["near_occupancies"], values_at(bar(), cells))


def test_coarser_voxels_are_full_where_half_are():
    voxels = torch.zeros(4, 4, 4, dtype=torch.bool)
    voxels[:2, :2, 0] = True  # 4 of 8
    voxels[2:, 2:, 3] = torch.tensor([[True, True], [True, False]])  # 3 of 8
    assert coarser(voxels, 2).nonzero().tolist() == [[0, 0, 0]]
    assert torch.equal(coarser(voxels, 4), voxels)
    with pytest.raises(ReadError, match=r"4\^3 voxels do not make 8\^3"):
        coarser(voxels, 8)


def test_no_voxels_are_no_shape():
    with pytest.raises(ReadError, match="all its voxels are empty"):
        voxel_parts(torch.zeros(4, 4, 4, dtype=torch.bool), WANTED, generator())


def test_values_are_found_at_the_middles_of_voxels():
    cells = ((voxel_middles(4) + 0.5) * 4).floor().long().reshape(-1, 3)
    assert torch.equal(values_at(bar(), cells).reshape(4, 4, 4), bar())
