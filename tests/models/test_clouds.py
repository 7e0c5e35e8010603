import torch

from diffshape.models.clouds import draw_clouds

CLOUDS = torch.arange(5 * 20.0).reshape(5, 20, 1).expand(-1, -1, 3)
"""Clouds whose points are all different."""


def drawn(batch, points, seed=0):
    return draw_clouds(CLOUDS, batch, points, torch.Generator().manual_seed(seed))[..., 0]


def test_nothing_is_drawn_twice():
    found = drawn(3, 7)
    assert found.shape == (3, 7)
    assert len(found.unique()) == 21
    assert (found // 20 == (found // 20)[:, :1]).all()  # a row is of one cloud


def test_where_there_are_no_more_all_are_drawn():
    found = drawn(9, 99)
    assert torch.equal(found.flatten().sort().values, CLOUDS[..., 0].flatten())


def test_every_draw_is_another():
    assert not torch.equal(drawn(3, 7), drawn(3, 7, seed=1))
    assert torch.equal(drawn(3, 7), drawn(3, 7))
