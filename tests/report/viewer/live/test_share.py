"""Pieces of work that take a share of the time."""

import pytest

from diffshape.report.viewer.live.share import Share


@pytest.mark.parametrize("cost", [0.001, 0.3, 40.0])
def test_pieces_take_at_most_the_share_whatever_they_cost(cost):
    share, now, spent = Share(0.05, least=0.0), 0.0, 0.0
    share.begin(now, cost)
    for _ in range(400):
        now += 7 * cost
        if share.is_due(now):
            share.done(now, now + cost)
            now, spent = now + cost, spent + cost
        assert spent <= 0.05 * now + 1e-9
    assert spent > 0.03 * now


def test_cheap_pieces_are_a_while_apart():
    share = Share(0.05, least=2.0)
    share.begin(0.0, 0.001)
    share.done(10.0, 10.001)
    assert not share.is_due(12.0)
    assert share.is_due(12.001)
