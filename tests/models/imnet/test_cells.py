import pytest
import torch

from diffshape.models.imnet.cells import cell_middles, chosen_cells, coarser, filled, near_surface


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("resolution", [16, 64, 256])
def test_middles_of_cells(resolution):
    """(i + 1/2) / R - 1/2 on each axis, also at 256, whose number does not fit into eight bits, nor 256^3 into half."""
    last = torch.tensor([0, resolution**3 - 1, 255 % resolution * resolution + 3], dtype=torch.int32)
    first, end, other = cell_middles(last, resolution).double()
    low = 0.5 / resolution - 0.5
    assert first.tolist() == pytest.approx([low] * 3)
    assert end.tolist() == pytest.approx([-low] * 3)
    assert other.tolist() == pytest.approx([low, low + (255 % resolution) / resolution, low + 3 / resolution])


def test_places_are_those_of_the_voxels():
    voxels = torch.zeros(1, 8, 8, 8, dtype=torch.bool)
    voxels[0, 1, 2, 5] = True
    cells = chosen_cells(voxels, 8, 512, generator())
    place = cells.places[0][cells.occupied[0]]
    assert cell_middles(place, 8).tolist() == [[1.5 / 8 - 0.5, 2.5 / 8 - 0.5, 5.5 / 8 - 0.5]]


def test_a_coarse_cell_is_occupied_where_one_voxel_is():
    voxels = torch.zeros(1, 8, 8, 8, dtype=torch.bool)
    voxels[0, 7, 3, 0] = True
    assert coarser(voxels, 4).nonzero().tolist() == [[0, 3, 1, 0]]
    assert coarser(voxels, 2).nonzero().tolist() == [[0, 1, 0, 0]]
    assert torch.equal(coarser(voxels, 8), voxels)


def test_near_the_surface_is_where_seven_cells_a_side_are_mixed():
    """By the loop over cells that the released code has; it leaves out three layers."""
    grid = torch.rand(14, 14, 14, generator=generator()) > 0.995
    near = near_surface(grid)
    for x, y, z in torch.cartesian_prod(*[torch.arange(14)] * 3).tolist():
        within = all(3 <= place < 11 for place in (x, y, z))
        cube = grid[x - 3 : x + 4, y - 3 : y + 4, z - 3 : z + 4] if within else grid[:0]
        assert near[x, y, z] == (within and bool(cube.any() and not cube.all()))
    assert not near_surface(torch.rand(6, 6, 6) > 0.5).any()


def test_cells_near_the_surface_come_first_and_none_twice():
    voxels = torch.zeros(1, 16, 16, 16, dtype=torch.bool)
    voxels[0, 7:9, 7:9, 7:9] = True
    near = near_surface(voxels[0]).flatten().nonzero()[:, 0]  # 8^3
    cells = chosen_cells(voxels, 16, 700, generator())
    assert cells.places.shape == cells.occupied.shape == (1, 700)
    assert len(cells.places.unique()) == 700
    assert set(near.tolist()) < set(cells.places[0].tolist())
    assert cells.occupied.sum() == 8


def test_of_too_many_near_cells_as_many_are_occupied_as_among_all_of_them():
    """One of each 2 x 2 x 2, an occupied one where there is one, would make a plate of one cell two cells thick."""
    voxels = torch.zeros(1, 32, 32, 32, dtype=torch.bool)
    voxels[0, 3:-3, 3:-3, 16] = True
    near = near_surface(voxels[0]).flatten()
    assert near.sum() == 26 * 26 * 7
    cells = chosen_cells(voxels, 32, 2000, generator())
    close = near[cells.places[0]]
    assert close.sum() == 1500  # three quarters
    assert len(cells.places.unique()) == 2000
    assert cells.occupied[0, close].float().mean().item() == pytest.approx(1 / 7, abs=0.03)
    assert not cells.occupied[0, ~close].any()


def test_no_cell_is_left_out_where_all_others_are_near():
    voxels = torch.zeros(1, 8, 8, 8, dtype=torch.bool)
    voxels[0, 4, 4, 4] = True
    cells = chosen_cells(voxels, 8, 511, generator())
    assert len(cells.places.unique()) == 511


def test_all_cells_of_a_small_grid():
    voxels = torch.rand(2, 8, 8, 8, generator=generator()) > 0.5
    cells = chosen_cells(voxels, 4, 1000, generator())
    assert cells.places.tolist() == [list(range(64))] * 2
    assert torch.equal(cells.occupied, coarser(voxels, 4).flatten(1))


def test_what_is_drawn_are_kept_cells_with_their_own_occupancies():
    voxels = torch.rand(3, 8, 8, 8, generator=generator()) > 0.5
    points, occupied = chosen_cells(voxels, 8, 100, generator()).draw(torch.tensor([2, 0]), 50, generator())
    assert (points.shape, occupied.shape) == ((2, 50, 3), (2, 50))
    x, y, z = ((points + 0.5) * 8).long().unbind(-1)
    assert torch.equal(voxels[torch.tensor([[2], [0]]), x, y, z].float(), occupied)


def test_shells_are_filled_and_cups_are_not():
    shell = torch.zeros(2, 7, 7, 7, dtype=torch.bool)
    shell[:, 1:6, 1:6, 1:6] = True
    shell[:, 2:5, 2:5, 2:5] = False
    shell[1, 3, 3, 5] = False  # a hole
    whole = filled(shell)
    assert whole[0].sum() == 125
    assert torch.equal(whole[1], shell[1])
