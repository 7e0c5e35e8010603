"""Bodies, cavities and bodies in cavities, wound as they come: which of them are turned."""

import numpy as np
import pytest
import torch

from diffshape.data import icosphere
from diffshape.data.body_facing import inward_bodies
from diffshape.ops.face_orientation import connected_surfaces

BALL = icosphere(1, radius=1.0)


def spheres(*bodies):
    """Spheres of (radius, centre along x, 1 outward or -1 inward) as one mesh."""
    vertices = [radius * BALL.vertices + [x, 0, 0] for radius, x, _ in bodies]
    faces = [BALL.faces[:, ::facing] + 42 * number for number, (_, _, facing) in enumerate(bodies)]
    return torch.from_numpy(np.concatenate(vertices)), torch.from_numpy(np.concatenate(faces))


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
    assert inward_bodies(vertices, faces, connected_surfaces(faces)).tolist() == turned


def test_the_unit_does_not_matter():
    for unit in (1e-6, 1e6):
        vertices, faces = spheres((1, 0, 1), (0.001, 3, -1))
        assert inward_bodies(unit * vertices + unit, faces, connected_surfaces(faces)).tolist() == [False, True]


def test_open_and_flat_surfaces_are_left_alone():
    vertices, faces = spheres((1, 0, -1), (1, 3, -1))
    faces = faces[1:]
    assert inward_bodies(vertices, faces, connected_surfaces(faces)).tolist() == [False, True]
    flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    both_sides = torch.tensor([[0, 1, 2], [2, 1, 0]])
    assert not inward_bodies(flat, both_sides, connected_surfaces(both_sides)).any()
