"""assign and optimality_gap: hand values, brute force, SciPy, proofs of optimality, masks, the compiler, bad input."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from diffshape import ops
from diffshape.ops.transport.assign import match_points


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def costs(x, y, squared=False):
    table = (x.double()[:, None] - y.double()).square().sum(-1)
    return table if squared else table.sqrt()


def cost(x, y, indices, squared=False):
    return costs(x, y, squared)[torch.arange(len(x)), indices].mean()


def optimum(x, y, squared=False):
    table = costs(x, y, squared)
    return table[linear_sum_assignment(table.numpy())].mean()


def is_permutation(indices):
    return torch.equal(indices.sort(-1).values, torch.arange(indices.shape[-1]).expand_as(indices))


def test_hand_values():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [3.0]])
    assert ops.assign(x, y.flip(0)).dtype == torch.int64
    assert ops.assign(x, y.flip(0), squared=True).tolist() == [1, 0]  # 1 + 4 rather than 9 + 0
    far = torch.tensor([[1.1, 0.0], [0.0, 0.1]])  # nearest to both is the first
    assert ops.assign(torch.tensor([[1.0, 0.0], [0.6, 0.0]]), far).tolist() == [0, 1]


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_every_permutation_was_tried(count, squared):
    for seed in range(5):
        x, y = cloud(count, 2, seed=seed), cloud(count, 2, seed=seed + 100)
        best = min(cost(x, y, list(p), squared) for p in itertools.permutations(range(count)))
        torch.testing.assert_close(cost(x, y, ops.assign(x, y, squared=squared), squared), best, rtol=1e-12, atol=0)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 3, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_as_cheap_as_scipy(dimension, squared, dtype):
    x, y = cloud(300, dimension, dtype=dtype), cloud(300, dimension, seed=1, dtype=dtype) + 0.3
    indices = ops.assign(x, y, squared=squared)
    assert is_permutation(indices)
    torch.testing.assert_close(cost(x, y, indices, squared), optimum(x, y, squared), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (torch.zeros(70, 3), torch.zeros(70, 3)),  # all ties
        (torch.zeros(70, 3), cloud(70, 3)),  # coincident on one side
        (cloud(70, 3).float(), cloud(70, 3).float()),  # equal clouds
        (cloud(10, 3).repeat(7, 1), cloud(10, 3, seed=1).repeat_interleave(7, 0)),  # duplicates on both sides
        (torch.cartesian_prod(*[torch.arange(4.0)] * 3), torch.cartesian_prod(*[torch.arange(4.0)] * 3) + 0.5),
        (cloud(70, 3), cloud(70, 3, seed=1) + 1e4),  # far apart
        (cloud(70, 3) * 0.01, cloud(70, 3, seed=1) * 10),  # a blob
        (cloud(70, 3) * 1e-3 + 1e6, cloud(70, 3, seed=1) * 1e-3 + 1e6),  # far from the origin
        (cloud(70, 3) * 1e-150, cloud(70, 3, seed=1) * 1e-150),
        (torch.arange(70.0)[:, None] ** 3, torch.arange(70.0)[:, None] ** 3 + 1),
    ],
    ids=["points", "point", "equal", "duplicates", "lattice", "far", "blob", "offset", "tiny", "line"],
)
@pytest.mark.parametrize("squared", [False, True])
def test_awkward_clouds_are_solved_and_proved(x, y, squared):
    x, y = x.to(y), y.double()
    x = x.double()
    indices = ops.assign(x, y, squared=squared)
    assert is_permutation(indices)
    torch.testing.assert_close(cost(x, y, indices, squared), optimum(x, y, squared), rtol=1e-9, atol=1e-300)
    spread = costs(x, y, squared).max()
    assert 0 <= ops.optimality_gap(x, y, indices, squared=squared) <= 1e-13 * spread


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_motion_and_scale_change_nothing_and_a_permutation_moves_the_indices(seed, offset, scale):
    x, y = cloud(2, 20, 3, seed=seed), cloud(2, 20, 3, seed=seed + 1)
    rotation = torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    expected = ops.assign(x, y)
    assert torch.equal(ops.assign(scale * (x @ rotation) + offset, scale * (y @ rotation) + offset), expected)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(ops.assign(x[:, order], y), expected[:, order])
    assert torch.equal(order[ops.assign(x, y[:, order])], expected)


@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.1, 0.01, 1e-4]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_auction_keeps_its_bound(seed, epsilon, squared):
    x, y = cloud(60, 3, seed=seed), 0.2 * cloud(60, 3, seed=seed + 1)
    indices = ops.assign(x, y, solver="auction", epsilon=epsilon, squared=squared)
    assert is_permutation(indices)
    assert cost(x, y, indices, squared) <= (1 + epsilon) * optimum(x, y, squared) * (1 + 1e-12)


def test_the_auction_stops_early():
    x, y = cloud(200, 3), cloud(200, 3, seed=1)
    exact, rough = ops.assign(x, y), ops.assign(x, y, solver="auction", epsilon=0.5)
    assert cost(x, y, rough) > cost(x, y, exact)


def test_clouds_that_coincide_cost_the_auction_nothing():
    x = cloud(50, 3)
    assert ops.assign(x, x, solver="auction").tolist() == list(range(50))


def test_a_broken_assignment_shows_by_how_much():
    x, y = cloud(2, 40, 3), cloud(2, 40, 3, seed=1)
    indices = ops.assign(x, y)
    broken = indices.clone()
    broken[1, [0, 1]] = indices[1, [1, 0]]
    gap = ops.optimality_gap(x, y, broken)
    assert gap.shape == (2,)
    assert gap[0] <= 1e-14
    torch.testing.assert_close(gap[1], cost(x[1], y[1], broken[1]) - cost(x[1], y[1], indices[1]))
    assert gap[1] > 1e-3


def test_masked_points_are_paired_among_themselves():
    x, y = cloud(2, 30, 3), cloud(2, 30, 3, seed=1)
    x_mask, y_mask = torch.ones(2, 30, dtype=torch.bool), torch.ones(2, 30, dtype=torch.bool)
    x_mask[0, [3, 7]] = False
    y_mask[0, [0, 29]] = False
    x, y = x.masked_fill(~x_mask[..., None], math.nan), y.masked_fill(~y_mask[..., None], math.inf)
    indices = ops.assign(x, y, x_mask=x_mask, y_mask=y_mask)
    assert is_permutation(indices)
    assert indices[0, [3, 7]].tolist() == [0, 29]
    alone = ops.assign(x[0, x_mask[0]], y[0, y_mask[0]])
    assert torch.equal(indices[0, x_mask[0]], y_mask[0].nonzero()[:, 0][alone])
    assert torch.equal(indices[1], ops.assign(x[1], y[1]))
    assert (ops.optimality_gap(x, y, indices, x_mask=x_mask, y_mask=y_mask) <= 1e-14).all()
    nothing = torch.zeros(30, dtype=torch.bool)
    assert ops.assign(x[0], y[0], x_mask=nothing, y_mask=nothing).tolist() == list(range(30))


@pytest.mark.parametrize("solver", ["exact", "auction"])
def test_a_batch_is_its_clouds_one_by_one(solver):
    x, y = cloud(5, 40, 3), cloud(5, 40, 3, seed=1)
    together = ops.assign(x, y, solver=solver)
    for b in range(5):
        assert torch.equal(ops.assign(x[b], y[b], solver=solver), together[b])


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0, 4, 3)])
def test_nothing_is_assigned_nothing(shape):
    assert ops.assign(torch.zeros(shape), torch.zeros(shape)).shape == shape[:-1]
    indices = torch.zeros(shape[:-1], dtype=torch.int64)
    assert ops.optimality_gap(torch.zeros(shape), torch.zeros(shape), indices).shape == shape[:-2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32])
def test_other_numbers_are_widened(dtype):
    x, y = ((100 * cloud(30, 3, seed=seed)).to(dtype) for seed in (0, 1))
    assert torch.equal(ops.assign(x, y), ops.assign(x.double(), y.double()))


def test_the_compiler_sees_one_graph():
    x, y = cloud(2, 12, 3), cloud(2, 12, 3, seed=1)

    def matched(x, y):
        return y.gather(1, ops.assign(x, y, solver="auction")[..., None].expand_as(y))

    assert torch.equal(torch.compile(matched, backend="eager", fullgraph=True)(x, y), matched(x, y))


def test_the_operator_keeps_its_promises_to_pytorch():
    real = torch.ones(2, 12, dtype=torch.bool)
    torch.library.opcheck(match_points, (cloud(2, 12, 3), cloud(2, 12, 3, seed=1), real, real, False, 0.0))


GOOD = torch.zeros(2, 4, 3)
REAL = torch.ones(2, 4, dtype=torch.bool)
LESS = torch.tensor([[True] * 4, [True, True, True, False]])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (torch.zeros(3), torch.zeros(3), {}, r"x must have shape \(B, N, D\) or \(N, D\), got \(3,\)"),
        (GOOD, torch.zeros(2, 5, 3), {}, r"needs as many points on each side, y of shape \(2, 4, 3\).*got \(2, 5, 3\)"),
        (GOOD, GOOD[0], {}, r"y of shape \(2, 4, 3\) like x, got \(4, 3\)"),
        (GOOD, GOOD.double(), {}, r"share dtype and device, got torch.float32 on cpu and torch.float64 on cpu"),
        (GOOD * math.nan, GOOD, {}, r"x has non-finite coordinates"),
        (GOOD, GOOD + math.inf, {}, r"y has non-finite coordinates"),
        (GOOD + 1e20, GOOD, {}, r"x is too large, squared distances overflow torch.float32"),
        (GOOD, GOOD, {"solver": "sinkhorn"}, "solver must be one of 'exact', 'auction', got 'sinkhorn'"),
        (GOOD, GOOD, {"epsilon": 0.1}, r'epsilon belongs to solver="auction", got 0.1 with "exact"'),
        (GOOD, GOOD, {"solver": "auction", "epsilon": 0.0}, r"epsilon must be positive and finite, got 0.0"),
        (GOOD, GOOD, {"solver": "auction", "epsilon": math.nan}, r"epsilon must be positive and finite, got nan"),
        (
            GOOD,
            GOOD,
            {"x_mask": REAL[0]},
            r"x_mask must be boolean with shape \(2, 4\), got torch.bool with shape \(4,\)",
        ),
        (GOOD, GOOD, {"y_mask": REAL.long()}, r"y_mask must be boolean .* got torch.int64 with shape \(2, 4\)"),
        (GOOD, GOOD, {"y_mask": LESS}, r"leave as many points on each side, in sample 1 they leave 4 and 3"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(x, y, options, message):
    with pytest.raises(ValueError, match=f"^assign: .*{message}"):
        ops.assign(x, y, **options)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        (torch.arange(4), r"indices must be int64 of shape \(2, 4\), got torch.int64, \(4,\)"),
        (torch.zeros(2, 4), r"indices must be integers, shape .*, got torch.float32, \(2, 4\)"),
        (torch.zeros(2, 4, dtype=torch.int64), r"indices must be a permutation"),
        (torch.arange(1, 5).repeat(2, 1), r"indices must be a permutation"),
        (torch.arange(4).flip(0).repeat(2, 1), r"indices must pair real points with real points"),
    ],
)
def test_a_gap_is_only_told_of_a_permutation(indices, message):
    with pytest.raises(ValueError, match=f"^optimality_gap: {message}"):
        ops.optimality_gap(GOOD, GOOD, indices, x_mask=LESS, y_mask=LESS)
