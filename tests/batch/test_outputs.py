import numpy as np
import pytest

from diffshape.batch.outputs import surface_facts
from diffshape.data import Mesh, box_mesh, icosphere


def test_a_closed_box_has_its_volume():
    facts = surface_facts(box_mesh(2, sides=(2.0, 3.0, 4.0)))
    assert facts["volume"] == pytest.approx(24)
    assert (facts["watertight"], facts["bodies"]) == (True, 1)


def test_an_open_mesh_has_no_volume():
    vertices, faces = icosphere(1)[:2]
    facts = surface_facts(Mesh(vertices, faces[1:]))
    assert facts == {"vertices": 42, "faces": 79, "watertight": False, "bodies": 1, "volume": None}


def test_bodies_are_counted_and_their_volumes_added():
    vertices, faces = box_mesh(1)[:2]
    one = surface_facts(Mesh(vertices, faces))["volume"]
    both = np.concatenate([vertices, vertices + 10]), np.concatenate([faces, faces + len(vertices)])
    facts = surface_facts(Mesh(*both))
    assert facts["bodies"] == 2
    assert facts["volume"] == pytest.approx(2 * one)


def test_no_surface_is_nothing():
    facts = surface_facts(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64)))
    assert facts == {"vertices": 0, "faces": 0, "watertight": False, "bodies": 0, "volume": None}
