import numpy as np
import pytest

from diffshape.data import icosphere
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface

pytest.importorskip("viser")


@pytest.fixture
def ball_scene() -> Scene:
    """A ball of radius 2 around (5, 0, 0): points, a surface with numbers, and what it was after 10 steps."""
    ball = icosphere(2)
    vertices = 4 * ball.vertices + [5, 0, 0]
    heights = Coloring(vertices[:, 2], -2.0, 2.0, "mm")
    surface = Surface("surface", vertices, ball.faces, {"height": heights})
    before = Surface("surface", vertices + np.array([0, 0, 1]), ball.faces, {"height": heights})
    return Scene([Points("scan", vertices, shown=False), surface], [(10, before)])


@pytest.fixture
def distance():
    """The distance to that ball."""
    return lambda places: np.linalg.norm(places - [5, 0, 0], axis=-1) - 2


@pytest.fixture
def viewer():
    """A viewer that draws when it is told to."""
    from diffshape.report.viewer.viewer import Viewer

    opened = Viewer(own_thread=False)
    yield opened
    opened.close()
