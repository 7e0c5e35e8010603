"""Seeing points: fronts hide backs, gaps do not."""

import pytest
import torch

from diffshape.ops.local_quadrics import tangents
from diffshape.ops.visibility import fibonacci_directions, visible_from

EYE = torch.eye(3, dtype=torch.float64)[None]


def sheet(z: float, n: int = 20) -> torch.Tensor:
    """A grid of spacing 1 / n in the plane z."""
    steps = torch.arange(n, dtype=torch.float64) / n
    return torch.cat([torch.cartesian_prod(steps, steps), torch.full((n * n, 1), z, dtype=torch.float64)], dim=1)


def test_directions_are_unit_and_even():
    directions = fibonacci_directions(64)
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(64, dtype=torch.float64))
    cosines = directions @ directions.T - 2 * torch.eye(64)
    assert cosines.max(dim=1).values.min() > 0.9  # everyone has a neighbour within 25 degrees
    assert cosines.max() < 0.99  # and none within 8


def test_front_hides_back():
    points = torch.cat([sheet(1.0), sheet(0.0)])
    seen = visible_from(points, EYE, cell=0.1, slack=0.3)[0]
    assert seen[:400].all()
    assert not seen[400:].any()
    behind = visible_from(points, EYE * torch.tensor([[1.0], [-1.0], [-1.0]]).double(), cell=0.1, slack=0.3)[0]
    assert behind[400:].all()
    assert not behind[:400].any()


def test_within_the_slack_both_are_seen():
    assert visible_from(torch.cat([sheet(0.2), sheet(0.0)]), EYE, cell=0.1, slack=0.3).all()


def test_hidden_behind_the_next_cell_too():
    points = torch.tensor([[0.05, 0.05, 1.0], [0.15, 0.05, 0.0], [0.35, 0.05, 0.0]])
    assert visible_from(points, torch.eye(3)[None], cell=0.1, slack=0.5).tolist() == [[True, False, True]]


def test_ball_is_seen_on_the_near_side_only():
    ball = fibonacci_directions(4000)
    directions = fibonacci_directions(5)
    frames = torch.cat([tangents(directions), directions[:, None]], dim=1)
    seen = visible_from(ball, frames, cell=0.1, slack=0.25)
    height = directions @ ball.T
    assert seen[height > 0.6].all()
    assert not seen[height < -0.4].any()
    for each, frame in zip(seen, frames):
        assert torch.equal(each, visible_from(ball, frame[None], cell=0.1, slack=0.25)[0])


def test_no_points_and_no_directions():
    assert visible_from(torch.zeros(0, 3), torch.eye(3)[None], cell=0.1, slack=0.1).shape == (1, 0)
    assert visible_from(torch.zeros(4, 3), torch.zeros(0, 3, 3), cell=0.1, slack=0.1).shape == (0, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": torch.zeros(3)}, r"points must have shape \(N, 3\)"),
        ({"points": torch.full((2, 3), torch.nan)}, "points has non-finite"),
        ({"points": torch.tensor([[0.0, 0, 0], [1e20, 1e20, 0]])}, "cell 0.1 is too small for these points"),
        ({"frames": torch.eye(3)}, r"frames \(D, 3, 3\)"),
        ({"cell": 0.0}, "cell must be positive"),
        ({"slack": -1.0}, "slack 0 or more"),
    ],
)
def test_what_cannot_be_seen_is_refused(changes, message):
    arguments = {"points": torch.rand(4, 3), "frames": torch.eye(3)[None], "cell": 0.1, "slack": 0.1} | changes
    with pytest.raises(ValueError, match=f"^visible_from: .*{message}"):
        visible_from(**arguments)
