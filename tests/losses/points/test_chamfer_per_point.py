"""Chamfer before it is reduced: by hand, its means, masks, derivatives, refusals."""

import pytest
import torch

from diffshape import losses, ops

X = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
Y = torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0], [3.0, 4.0, 0.0]])


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("options", "x_distances", "y_distances", "x_indices"),
    [
        ({}, [1, 10], [1, 4, 16], [0, 0]),
        ({"squared": False}, [1, 10**0.5], [1, 2, 4], [0, 0]),
        ({"norm": 1}, [1, 4], [1, 2, 4], [0, 0]),
    ],
)
def test_hand_computed_values(options, x_distances, y_distances, x_indices):
    found = losses.chamfer_per_point(X, Y, **options)
    torch.testing.assert_close(found.x_distances, torch.tensor(x_distances).float())
    torch.testing.assert_close(found.y_distances, torch.tensor(y_distances).float())
    assert found.x_indices.tolist() == x_indices
    assert found.y_indices.tolist() == [0, 0, 1]


@pytest.mark.parametrize("counts", [(9, 7), (8, 8)])
@pytest.mark.parametrize("options", [{}, {"squared": False}, {"norm": 1}])
def test_their_means_are_the_chamfer_distance_and_their_indices_the_neighbors(counts, options):
    x, y = cloud(2, counts[0], 3), cloud(2, counts[1], 3, seed=1)
    found = losses.chamfer_per_point(x, y, **options)
    assert found.x_distances.shape == (2, counts[0])
    assert found.y_indices.shape == (2, counts[1])
    expected = losses.chamfer_distance(x, y, reduction="none", **options)
    torch.testing.assert_close(found.x_distances.mean(-1) + found.y_distances.mean(-1), expected)
    offsets = x - ops.gather_points(y, found.x_indices)
    distance = {"norm": lambda: offsets.abs().sum(-1), "squared": lambda: offsets.norm(dim=-1)}
    measure = distance[next(iter(options))] if options else lambda: offsets.square().sum(-1)
    torch.testing.assert_close(found.x_distances, measure())


def test_the_compiler_sees_one_graph():
    compiled = torch.compile(losses.chamfer_per_point, backend="aot_eager", fullgraph=True)
    for ours, expected in zip(compiled(X, Y), losses.chamfer_per_point(X, Y)):
        assert torch.equal(ours, expected)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X, Y[:, :2], {}, r"y must have shape \(M, 3\) like x, got \(3, 2\)"),
        (X[:0], Y, {}, "every sample of x needs a point"),
        (X, Y, {"norm": 0}, "norm must be"),
        (X, Y, {"norm": 1, "squared": True}, "norm=1 takes no squared=True"),
        (X, Y, {"x_mask": torch.ones(3).bool()}, r"x_mask must have shape \(2,\)"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(x, y, options, message):
    with pytest.raises(ValueError, match=f"^chamfer_per_point: {message}"):
        losses.chamfer_per_point(x, y, **options)
