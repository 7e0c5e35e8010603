import numpy as np
import pytest

from diffshape.data.synthetic.density import draw_density


def test_density_depends_on_the_direction_alone():
    center = np.array([1.0, 2.0, 3.0])
    directions = np.random.default_rng(0).standard_normal((2000, 3))
    weight = draw_density(center, np.random.default_rng(1))
    near = weight(center + 0.1 * directions)
    assert near == pytest.approx(weight(center + 7 * directions))
    assert 0 <= near.min() < near.max() <= 1
    assert weight(center[None]) == pytest.approx(weight(center[None] + 1e-310))
