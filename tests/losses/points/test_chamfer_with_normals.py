"""Chamfer and normals in one search: by hand, the same as both calls, and searched once."""

import math

import pytest
import torch

from diffshape import losses
from diffshape.losses.points import arguments as point_sets

X = torch.tensor([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
Y = torch.tensor([[0.0, 0.0, 1.0], [5.0, 0.0, 1.0], [5.0, 0.0, 2.0]])
UP, TILTED = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, 0.6, 0.8])
X_NORMALS, Y_NORMALS = torch.stack([UP, -UP]), torch.stack([TILTED, UP, TILTED])


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (1, (1 + 1 + 4) / 3, 0.1, 0.4 / 3)),
        ({"squared": False}, (1, 4 / 3, 0.1, 0.4 / 3)),
        ({"norm": 1}, (1, 4 / 3, 0.1, 0.4 / 3)),
        ({"point_reduction": "sum"}, (2, 6, 0.1, 0.4 / 3)),
        ({"oriented": True}, (1, 2, (0.2 + 2) / 2, (0.2 + 2 + 1.8) / 3)),
    ],
)
def test_hand_computed_values(options, expected):
    found = losses.chamfer_with_normals(X, Y, X_NORMALS, Y_NORMALS, **options)
    torch.testing.assert_close(torch.stack(found), torch.tensor(expected).float())
    torch.testing.assert_close(found.distance, torch.tensor(expected[0] + expected[1]).float())
    torch.testing.assert_close(found.normals, torch.tensor(expected[2] + expected[3]).float())


@pytest.mark.parametrize("counts", [(9, 7), (8, 8)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_it_is_both_losses(counts, reduction):
    x, y = cloud(2, counts[0], 3), cloud(2, counts[1], 3, seed=1)
    x_normals, y_normals = cloud(2, counts[0], 3, seed=2), cloud(2, counts[1], 3, seed=3)
    x_mask, y_mask = torch.ones(2, counts[0]).bool(), torch.ones(2, counts[1]).bool()
    x_mask[0, 3], y_mask[1, :2] = False, False
    x, x_normals = (torch.where(x_mask[..., None], each, math.nan).requires_grad_() for each in (x, x_normals))
    options = {"x_mask": x_mask, "y_mask": y_mask, "reduction": reduction}
    found = losses.chamfer_with_normals(x, y, x_normals, y_normals, **options)
    distance, normals = (
        losses.chamfer_distance(x, y, **options),
        losses.chamfer_normal_loss(x, y, x_normals, y_normals, **options),
    )
    torch.testing.assert_close(found.distance, distance)
    torch.testing.assert_close(found.normals, normals)
    total, expected = (found.distance + found.normals).sum(), (distance + normals).sum()
    for ours, theirs in zip(torch.autograd.grad(total, (x, x_normals)), torch.autograd.grad(expected, (x, x_normals))):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("counts", "masked", "searches"),
    [
        ((9, 7), True, ["nearest_neighbors"] * 2),
        ((8, 8), True, ["nearest_neighbors"]),
        ((9, 7), False, ["search_both_ways"]),
        ((8, 8), False, ["search_both_ways"]),
    ],
)
def test_no_direction_is_searched_twice(counts, masked, searches, monkeypatch):
    calls = []

    def counted(name):
        search = getattr(point_sets, name)

        def count(*arguments, **options):
            calls.append(name)
            return search(*arguments, **options)

        monkeypatch.setattr(point_sets, name, count)

    counted("nearest_neighbors")
    counted("search_both_ways")
    x, y = cloud(counts[0], 3), cloud(counts[1], 3, seed=1)
    losses.chamfer_with_normals(x, y, x, y, x_mask=torch.ones(counts[0], dtype=torch.bool) if masked else None)
    assert calls == searches


def test_the_compiler_sees_one_graph():
    compiled = torch.compile(losses.chamfer_with_normals, backend="aot_eager", fullgraph=True)
    expected = losses.chamfer_with_normals(X, Y, X_NORMALS, Y_NORMALS)
    torch.testing.assert_close(torch.stack(compiled(X, Y, X_NORMALS, Y_NORMALS)), torch.stack(expected))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x_normals": Y_NORMALS}, r"x_normals must have shape \(2, 3\) like x, got \(3, 3\)"),
        ({"point_reduction": "max"}, "point_reduction must be one of 'mean', 'sum', got 'max'"),
        ({"norm": 1, "squared": True}, "norm=1 takes no squared=True"),
        ({"y_mask": torch.zeros(3).bool()}, "every sample of y needs a point"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(options, message):
    normals = {"x_normals": X_NORMALS, "y_normals": Y_NORMALS} | options
    with pytest.raises(ValueError, match=f"^chamfer_with_normals: {message}"):
        losses.chamfer_with_normals(X, Y, **normals)
