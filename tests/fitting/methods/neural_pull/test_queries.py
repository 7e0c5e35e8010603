import math

import pytest
import torch

from diffshape.fitting.methods.neural_pull.config import NeuralPull
from diffshape.fitting.methods.neural_pull.queries import PullQueries


@pytest.fixture(scope="module")
def points(directions):
    """800 points of a sphere, whose density is the same everywhere."""
    return torch.from_numpy(0.5 * directions(800)).float()


def queries(points, seed=0, **settings):
    return PullQueries(points, NeuralPull(**settings), torch.Generator().manual_seed(seed))


def test_every_query_has_the_point_of_the_scan_that_is_nearest_to_it(points):
    made = queries(points, queries=3)
    assert torch.equal(made.nearest, torch.cdist(made.points.double(), points.double()).argmin(dim=1))


def owners(made, points):
    """How often each point is the one around which a query was drawn, where queries stay close to their points."""
    return torch.cdist(made.points, points).argmin(dim=1).bincount(minlength=len(points))


@pytest.mark.parametrize(
    ("settings", "each"),
    [({"queries": 50, "pool": 10**6}, 50), ({"pool": 4000}, 5), ({"pool": 4799}, 5), ({"queries": 9, "pool": 2400}, 3)],
)
def test_points_have_equally_many_queries_and_the_pool_bounds_them(points, settings, each):
    made = queries(points, local_scale=1e-3, **settings)
    assert len(made) == 800 * each
    assert (owners(made, points) == each).all()


def test_a_pool_smaller_than_the_scan_takes_some_of_its_points(points):
    for settings in ({"pool": 200}, {"pool": 200, "queries": 2}):
        made = queries(points, local_scale=1e-3, **settings)
        assert len(made) == 200
        assert owners(made, points).max() == 1


def test_a_pool_that_does_not_divide_is_as_even_as_can_be(points):
    made = queries(points, local_scale=1e-3, queries=2, pool=1000)
    assert owners(made, points).bincount().tolist() == [0, 600, 200]


def spread(made, points):
    """Mean over the points of their queries' standard deviation on an axis, in distances to the 50th neighbour."""
    fiftieth = torch.cdist(points, points).sort(dim=1).values[:, 50]
    order = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))  # the first draw of the queries
    offsets = made.points.reshape(-1, len(points), 3) - points[order]
    return (offsets.square().mean(dim=(0, 2)).sqrt() / fiftieth[order]).mean().item()


@pytest.mark.parametrize(("scale", "expected"), [(0.2, 0.2), (1.0, 1.0), (None, 0.25 * math.sqrt(800 / 20_000))])
def test_queries_spread_by_the_50th_neighbour(points, scale, expected):
    """None is the released rule; that code divides in whole numbers, so that below 20,000 points its scale is 0."""
    assert spread(queries(points, queries=40, local_scale=scale), points) == pytest.approx(expected, rel=0.02)


def test_the_spread_follows_the_density(points):
    made = queries(torch.cat([points, 10 + 10 * points]), queries=20, local_scale=0.2)
    near = made.points.abs().amax(dim=1) < 3
    inner = (made.points[near].norm(dim=1) - 0.5).abs().mean()
    outer = ((made.points[~near] - 10).norm(dim=1) - 5).abs().mean()
    assert (outer / inner).item() == pytest.approx(10, rel=0.05)


def test_the_generator_decides(points):
    first, again, other = (queries(points, seed=seed, pool=4000).points for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_few_points_have_fewer_neighbours():
    points = torch.eye(3)
    made = queries(points, queries=2000, local_scale=1.0)
    offsets = made.points.reshape(-1, 3, 3)
    assert (offsets - offsets.mean(dim=0)).std().item() == pytest.approx(math.sqrt(2), rel=0.05)
