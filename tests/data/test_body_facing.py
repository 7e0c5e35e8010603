"""Bodies, cavities and bodies in cavities, wound as they come: which of them are turned."""

import numpy as np
import pytest
import torch

from diffshape.data import icosphere
from diffshape.data.body_facing import are_bodies, inward_bodies
from diffshape.ops.meshes.face_orientation import connected_surfaces

BALL = icosphere(1, radius=1.0)


def spheres(*bodies):
    """Spheres of (radius, centre along x, 1 outward or -1 inward) as one mesh."""
    vertices = [radius * BALL.vertices + [x, 0, 0] for radius, x, _ in bodies]
    faces = [BALL.faces[:, ::facing] + 42 * number for number, (_, _, facing) in enumerate(bodies)]
    return torch.from_numpy(np.concatenate(vertices)), torch.from_numpy(np.concatenate(faces))


def turned_of(vertices, faces):
    surfaces = connected_surfaces(faces)
    return inward_bodies(vertices, faces, surfaces, are_bodies(vertices, faces, surfaces)).tolist()


@pytest.mark.parametrize(
    ("bodies", "turned"),
    [
        ([(1, 0, 1)], [False]),
        ([(1, 0, -1)], [True]),
        ([(1, 0, 1), (0.5, 3, -1)], [False, True]),
        ([(1, 0, -1), (1, 3, 1), (1, 6, -1)], [True, False, True]),
        ([(1, 0, 1), (0.5, 0, -1)], [False, False]),  # a cavity
        ([(0.5, 0, -1), (1, 0, 1)], [False, False]),
        ([(1, 0, 1), (0.5, 0, 1)], [False, False]),  # a body in a body: both are inside, as given
        ([(1, 0, -1), (0.5, 0, 1)], [True, True]),  # a hollow ball, mirrored as a whole
        ([(1, 0, -1), (0.5, 0, -1)], [True, False]),  # a hollow ball whose hull alone was wrong
        ([(4, 0, 1), (2, 0, -1), (1, 0, 1)], [False, False, False]),  # a ball in the hole of a hollow ball
        ([(4, 0, 1), (2, 0, -1), (1, 0, -1)], [False, False, True]),
        ([(4, 0, -1), (2, 0, 1), (1, 0, -1)], [True, True, True]),
        ([(4, 0, 1), (1, 2, -1), (1, -2, -1), (1, 9, -1)], [False, False, False, True]),
        ([(1, 0, 1), (0.9, 1, -1)], [False, True]),  # they overlap, and neither lies in the other
    ],
)
def test_spheres(bodies, turned):
    vertices, faces = spheres(*bodies)
    assert turned_of(vertices, faces) == turned


def test_the_unit_does_not_matter():
    for unit in (1e-6, 1e6):
        vertices, faces = spheres((1, 0, 1), (0.001, 3, -1))
        assert turned_of(unit * vertices + unit, faces) == [False, True]


def test_small_holes_do_not_matter_and_large_ones_do():
    ball, both = icosphere(3, radius=1.0), torch.arange(2).repeat_interleave(1279)
    vertices = torch.from_numpy(np.concatenate([ball.vertices, ball.vertices + np.array([3, 0, 0])]))
    faces = torch.from_numpy(np.concatenate([ball.faces[1:], ball.faces[1:, ::-1] + 642]))
    assert turned_of(vertices, faces) == [False, True]
    upper = vertices[faces].mean(1)[:, 2] > 0.2
    surfaces = connected_surfaces(faces[upper])
    assert torch.equal(surfaces.of_face, both[upper])
    assert not are_bodies(vertices, faces[upper], surfaces).any()


def test_flat_surfaces_are_left_alone():
    flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    both_sides = torch.tensor([[0, 1, 2], [2, 1, 0]])
    assert turned_of(flat, both_sides) == [False]
    point = torch.tensor([[1, 1, 1]])
    assert not are_bodies(flat, point, connected_surfaces(point)).any()
