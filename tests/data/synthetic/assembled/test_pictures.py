import math

import numpy as np
import pytest

from diffshape.data import draw_shapes
from diffshape.data.synthetic.assembled.draws import Draws
from diffshape.data.synthetic.assembled.families import FAMILIES
from diffshape.data.synthetic.assembled.part import inside, signed
from diffshape.data.synthetic.assembled.pictures import depth_image, hemisphere_views, look

SIZE = 32
LINE = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * math.sqrt(3)


def test_cameras_stand_upright_at_their_angles():
    front, side, above = look(np.array([0, np.pi / 2, 0]), np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(front, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(side @ (1, 0, 0), (0, 0, 1), atol=1e-12)  # what is at x is near
    np.testing.assert_allclose(above @ (0, 1, 0), (0, 0, 1), atol=1e-12)
    views = hemisphere_views((500, 2), np.random.default_rng(0))
    np.testing.assert_allclose(views @ views.swapaxes(2, 3), np.broadcast_to(np.eye(3), views.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(views), 1)
    assert (views[..., 1, 1] >= 0).all()
    assert views[..., 2, 1].mean() == pytest.approx(0.5, abs=0.03)  # even over the hemisphere


@pytest.mark.parametrize("family", ["chair", "plane", "superquadric", "csg"])
def test_depths_are_where_each_ray_first_meets_the_shape(family):
    right, up = np.meshgrid(LINE, -LINE)
    times = np.linspace(0.1, 1.9, 100)[:, None, None]
    for seed in range(6):
        parts = FAMILIES[family](Draws(1, np.random.default_rng(seed)))
        view = hemisphere_views((1, 1), np.random.default_rng(seed))[0]
        depth = depth_image(parts, view, SIZE)[0]
        along = np.stack(np.broadcast_arrays(right, up, 1 - times), axis=-1) @ view[0]
        held = inside(parts, tuple(np.moveaxis(along[None], -1, 0)))[0]
        assert not (held & ((depth == 0) | (times < depth))).any()
        places = (np.stack([right, up, 1 - depth], axis=-1) @ view[0])[depth > 0]
        np.testing.assert_allclose(signed(parts, places[None]), 0, atol=1e-9)


def test_silhouettes_are_the_shadows_of_the_voxels():
    shapes = draw_shapes("table", 4, points=None, volume_points=None, near_points=None, resolution=64, views=3)
    line = (np.arange(64) + 0.5) / 64 - 0.5
    for voxels, images, views in zip(shapes.voxels.numpy(), shapes.images.numpy(), shapes.views.numpy()):
        centers = line[np.stack(np.nonzero(voxels), axis=1)]
        for image, view in zip(images, views):
            x, y, _ = (centers @ view.T / math.sqrt(3) * 64).T
            shadow = np.zeros((64, 64), bool)
            shadow[np.floor(32 - y).astype(int), np.floor(x + 32).astype(int)] = True
            assert (shadow == (image > 0)).mean() > 0.97
            wide = np.pad(image > 0, 1)
            near = np.any([np.roll(wide, shift, (0, 1)) for shift in np.ndindex(2, 2)], axis=0)
            near |= np.any([np.roll(wide, (-a, -b), (0, 1)) for a, b in np.ndindex(2, 2)], axis=0)
            assert not (shadow & ~near[1:-1, 1:-1]).any()
