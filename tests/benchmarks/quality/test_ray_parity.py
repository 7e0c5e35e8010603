"""Inside by the parity of crossed faces."""

import igl
import numpy as np

from benchmarks.quality.ray_parity import ray_parity
from diffshape.data import torus_mesh


def test_ray_parity_counts_a_closed_mesh_rightly_whatever_the_direction():
    torus = torus_mesh()
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (2000, 3))
    inside = igl.winding_number(torus.vertices, torus.faces, points) > 0.5
    assert inside.any()
    for rays in (1, 11):
        assert np.array_equal(ray_parity(points, torus.vertices[torus.faces], rays=rays), inside)
