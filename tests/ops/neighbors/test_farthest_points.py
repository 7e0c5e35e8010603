"""farthest_points: by hand, greedy by definition, tree and reference alike, masks, starts, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import ops
from diffshape.ops.neighbors.farthest_points import choose_reference


def cloud(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def greedy(points, count, start):
    """The definition, one point at a time."""
    chosen = [start]
    while len(chosen) < count:
        distances = (points[:, None] - points[chosen]).square().sum(-1).amin(1)
        distances[chosen] = -1
        chosen.append(int(distances.argmax()))
    return chosen


def test_hand_computed_values():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [10.0, 0.0], [10.0, 1.0], [0.0, 5.0]])
    assert ops.farthest_points(points, 5).tolist() == [0, 3, 4, 1, 2]
    assert ops.farthest_points(points, 2, start=3).tolist() == [3, 4]


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [1, 7, 40])
def test_it_is_greedy(dimension, count):
    points = cloud(2, 300, dimension, dtype=torch.float64)
    found = ops.farthest_points(points, count, start=11)
    assert found.shape == (2, count)
    assert found.dtype == torch.int64
    assert found.tolist() == [greedy(each, count, 11) for each in points]


@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 1000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_tree_has_the_choices_of_the_reference(n, count, seed, ties):
    points = cloud(2, n, 3, seed=seed)
    points = points.round() if ties else points
    count = min(n, count)
    expected = torch.empty(2, count, dtype=torch.int64)
    real = torch.ones(2, n).bool()
    choose_reference(points, real, torch.zeros(2).long(), torch.full((2,), count), expected)
    assert torch.equal(ops.farthest_points(points, count), expected)


@given(st.integers(0, 10_000), st.floats(-8, 8))
@settings(max_examples=20, deadline=None)
def test_motions_scales_and_permutations(seed, offset):
    points = cloud(40, 3, seed=seed, dtype=torch.float64)
    rotation = torch.linalg.qr(cloud(3, 3, seed=seed + 1, dtype=torch.float64)).Q
    expected = ops.farthest_points(points, 12)
    assert torch.equal(ops.farthest_points(3 * (points @ rotation) + offset, 12), expected)
    order = torch.cat([torch.zeros(1).long(), 1 + torch.randperm(39, generator=torch.Generator().manual_seed(seed))])
    assert torch.equal(order[ops.farthest_points(points[order], 12)], expected)


def test_all_points_are_chosen_once_even_if_they_coincide():
    assert ops.farthest_points(torch.zeros(5, 3), 5).tolist() == [0, 1, 2, 3, 4]
    assert sorted(ops.farthest_points(cloud(100, 3), 100).tolist()) == list(range(100))


@pytest.mark.parametrize("dimension", [3, 4])
def test_masked_points_are_never_chosen_and_what_is_missing_is_padded(dimension):
    points = cloud(3, 50, dimension)
    mask = torch.rand(3, 50, generator=torch.Generator().manual_seed(1)) < 0.6
    mask[1, 6:], mask[2] = False, False
    numbers = mask.sum(-1).tolist()
    points = torch.where(mask[..., None], points, math.nan)
    found = ops.farthest_points(points, 20, mask=mask, missing="pad")
    for b, number in enumerate(numbers):
        rows = mask[b].nonzero()[:, 0]
        count = min(number, 20)
        if count:
            assert torch.equal(found[b, :count], rows[ops.farthest_points(points[b, mask[b]], count)])
        assert (found[b, count:] == -1).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_nothing(threads):
    points = cloud(4, 500, 3)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = ops.farthest_points(points, 50)
    finally:
        torch.set_num_threads(before)
    assert found.tolist() == [greedy(each, 50, 0) for each in points]


def test_the_first_point_may_be_named_for_each_cloud_or_drawn():
    points, mask = cloud(2, 30, 3), torch.arange(30) < torch.tensor([[5], [30]])
    assert ops.farthest_points(points, 3, start=torch.tensor([4, 29]), mask=mask)[:, 0].tolist() == [4, 29]
    draws = [
        ops.farthest_points(points, 1, generator=torch.Generator().manual_seed(seed), mask=mask) for seed in range(40)
    ]
    assert {int(draw[0]) for draw in draws} == set(range(5))
    again = ops.farthest_points(points, 1, generator=torch.Generator().manual_seed(7), mask=mask)
    assert torch.equal(again, draws[7])


def test_other_dtypes_and_no_clouds():
    points = cloud(30, 3)
    half = points.half()
    assert torch.equal(ops.farthest_points(half, 9), ops.farthest_points(half.float(), 9))
    assert ops.farthest_points(torch.zeros(0, 5, 3), 2).shape == (0, 2)
    assert ops.farthest_points(torch.zeros(0, 3), 2, missing="pad").tolist() == [-1, -1]
    assert not ops.farthest_points(points.requires_grad_(), 3).requires_grad


POINTS = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("points", "count", "options", "message"),
    [
        (POINTS[0, 0], 1, {}, r"points must be real, shape \(B, N, D\) or \(N, D\), got torch.float32, \(3,\)"),
        (POINTS, 5, {}, "count must be at most the number of real points, 4, got 5"),
        (POINTS, 2, {"mask": torch.eye(4).bool()[:2]}, "count must be at most the number of real points, 1, got 2"),
        (POINTS, 0, {}, "count must be an integer of 1 or more, got 0"),
        (POINTS + math.nan, 1, {}, "points has non-finite coordinates"),
        (POINTS, 1, {"start": 4}, r"start must be the index of a real point, 0 to 3, got \[4, 4\]"),
        (POINTS, 1, {"start": 1, "mask": torch.eye(4).bool()[:2]}, r"start must be the index of a real point"),
        (POINTS, 1, {"start": torch.zeros(3).long()}, r"start must be an integer or integers of shape \(2,\)"),
        (POINTS, 1, {"start": 0, "generator": torch.Generator()}, "start names the first point and generator draws"),
        (POINTS, 1, {"mask": torch.ones(4).bool()}, r"mask must be boolean with shape \(2, 4\)"),
        (POINTS, 1, {"missing": "x"}, "missing must be one of 'raise', 'pad', got 'x'"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(points, count, options, message):
    with pytest.raises(ValueError, match=f"^farthest_points: {message}"):
        ops.farthest_points(points, count, **options)
