"""The other side of a thin wall."""

import torch

from diffshape.ops.orientation.opposite_sheets import opposite_sheets


def sheets(*heights):
    """Square grids of spacing 1 at heights, with normals along z of either sign, and the count of a sheet."""
    x, y = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    flat = torch.stack([x.flatten(), y.flatten()], dim=1).double()
    points = torch.cat([torch.cat([flat, torch.full((144, 1), z, dtype=torch.float64)], dim=1) for z in heights])
    normals = torch.zeros_like(points)
    normals[:, 2] = 1 - 2.0 * (torch.arange(len(points)) % 2)
    return points, normals


def test_two_sheets_face_each_other():
    points, normals = sheets(0.0, 1.5)
    across = opposite_sheets(points, normals)
    assert (across[:144] == torch.tensor([0.0, 0.0, 1.0])).all()
    assert (across[144:] == torch.tensor([0.0, 0.0, -1.0])).all()


def test_one_sheet_has_none_across():
    assert not opposite_sheets(*sheets(0.0)).any()


def test_a_sheet_between_two_has_both_and_so_none():
    across = opposite_sheets(*sheets(0.0, 1.5, 3.0))
    assert not across[144:288].any()
    assert across[:144].any(dim=1).all()


def test_walls_that_meet_are_not_across_from_each_other():
    points, normals = sheets(0.0)
    wall, normal = points[:, [2, 1, 0]] + 1.0, normals[:, [2, 1, 0]]
    assert not opposite_sheets(torch.cat([points, wall]), torch.cat([normals, normal])).any()


def test_normals_that_are_unknown_have_none_across():
    points, normals = sheets(0.0, 1.5)
    assert not opposite_sheets(points, 0 * normals).any()
