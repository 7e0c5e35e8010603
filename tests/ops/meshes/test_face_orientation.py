"""Faces that were turned are found again; surfaces that agree, or cannot, are left alone."""

import numpy as np
import pytest
import torch

from diffshape.data import icosphere, torus_mesh
from diffshape.ops.meshes.face_orientation import connected_surfaces, faces_against_the_rest


def turn(faces, which):
    return torch.where(which[:, None], faces.flip(1), faces)


@pytest.mark.parametrize("mesh", [icosphere(3), torus_mesh()], ids=["sphere", "torus"])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.3])
def test_the_fewer_faces_are_found(mesh, share):
    faces = torch.from_numpy(mesh.faces)
    which = torch.rand(len(faces), generator=torch.Generator().manual_seed(0)) < share
    assert torch.equal(faces_against_the_rest(turn(faces, which)), which)


def test_every_surface_is_judged_alone():
    """An outer shell and a cavity, each with a fault, keep their own directions."""
    shell = torch.from_numpy(icosphere(1).faces)
    faces = torch.cat([shell, shell.flip(1) + 42])
    which = torch.zeros(len(faces), dtype=torch.bool)
    which[[3, 100]] = True
    assert torch.equal(faces_against_the_rest(turn(faces, which)), which)


def test_of_equally_many_the_first_face_stays():
    assert faces_against_the_rest(torch.tensor([[0, 1, 2], [1, 2, 3]])).tolist() == [False, True]


def test_edges_of_three_faces_connect_nothing():
    fan = torch.tensor([[0, 1, 2], [0, 1, 3], [0, 1, 4]])
    assert not faces_against_the_rest(fan).any()


def test_a_moebius_strip_has_no_right_side():
    """Five triangles in a ring, each sharing an edge with the next."""
    strip = torch.tensor([[i, (i + 1) % 5, (i + 2) % 5] for i in range(5)])
    assert not faces_against_the_rest(strip).any()


def test_one_face_and_degenerate_faces():
    assert faces_against_the_rest(torch.tensor([[0, 1, 2]])).tolist() == [False]
    assert faces_against_the_rest(torch.tensor([[0, 0, 1], [2, 2, 2]])).shape == (2,)
    assert faces_against_the_rest(torch.from_numpy(np.zeros((0, 3), np.int64))).shape == (0,)


def test_surfaces_that_touch_along_an_edge_are_two_without_rims():
    one, other = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], [[0, 4, 1], [0, 1, 5], [1, 4, 5], [0, 5, 4]]
    surfaces = connected_surfaces(torch.tensor(one + other))
    assert surfaces.of_face.tolist() == [0] * 4 + [1] * 4
    assert surfaces.rims.shape == (0, 2)


def test_holes_and_single_faces_have_rims():
    faces = torch.from_numpy(icosphere(1).faces)
    surfaces = connected_surfaces(torch.cat([faces[1:], faces + 42, torch.tensor([[100, 101, 102]])]))
    assert surfaces.of_rim.tolist().count(0) == surfaces.of_rim.tolist().count(2) == 3
    assert {*surfaces.rims[surfaces.of_rim == 0].flatten().tolist()} == {*faces[0].tolist()}
    assert 1 not in surfaces.of_rim
    assert surfaces.of_face.bincount().tolist() == [79, 80, 1]
