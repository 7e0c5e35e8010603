"""What losses on two point sets promise beyond the laws of all losses: symmetry, digits, compiling, sentences."""

import math

import pytest
import torch

from diffshape import losses


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def sliced(x, y, **options):
    return losses.sliced_wasserstein_distance(
        x, y, projections=16, generator=torch.Generator().manual_seed(5), **options
    )


def sinkhorn(x, y, **options):
    tolerance = 1e-10 if x.dtype == torch.float64 else 1e-5
    return losses.sinkhorn_divergence(x, y, blur=1.0, tolerance=tolerance, **options)


def soft(**fixed):
    return lambda x, y, **options: losses.soft_chamfer_distance(x, y, **fixed, **options)


SOFT = {
    "softmin": {},
    "softmin, squared": {"squared": True},
    "softmin, debiased": {"debias": True},
    "expectation": {"mode": "expectation"},
    "expectation, squared": {"mode": "expectation", "squared": True},
}


LOSSES = {
    "chamfer": losses.chamfer_distance,
    "chamfer, unsquared": lambda x, y, **options: losses.chamfer_distance(x, y, squared=False, **options),
    "chamfer, sums": lambda x, y, **options: losses.chamfer_distance(x, y, point_reduction="sum", **options),
    "chamfer, largest": lambda x, y, **options: losses.chamfer_distance(x, y, point_reduction="max", **options),
    "chamfer, Manhattan": lambda x, y, **options: losses.chamfer_distance(x, y, norm=1, **options),
    "density-aware": lambda x, y, **options: losses.density_aware_chamfer_distance(x, y, alpha=0.5, **options),
    "hausdorff": losses.hausdorff_distance,
    "hausdorff, 80 %": lambda x, y, **options: losses.hausdorff_distance(x, y, quantile=0.8, **options),
    "sinkhorn": sinkhorn,
    "sliced": sliced,
    **{name: soft(**options) for name, options in SOFT.items()},
}

every = pytest.mark.parametrize("name", LOSSES)


@every
def test_both_sets_count_alike(name):
    loss = LOSSES[name]
    if name in SOFT:  # the default temperature is that of y
        loss = soft(temperature=0.3, **SOFT[name])
    x, y = cloud(9, 3), cloud(7, 3, seed=1)
    torch.testing.assert_close(loss(x, y), loss(y, x), rtol=1e-6, atol=1e-6)


@every
def test_digits_survive_far_from_the_origin(name):
    loss = LOSSES[name]
    x, y = cloud(9, 3).half().float(), cloud(7, 3, seed=1).half().float()
    x, y = ((each * 64).round() / 64 for each in (x, y))  # exact at 2^17 too
    torch.testing.assert_close(
        loss(x + 2**17, y + 2**17), loss(x, y), rtol=2e-2 if name == "sliced" else 1e-3, atol=1e-4
    )


@every
def test_the_compiler_sees_one_graph(name):
    loss = LOSSES[name]
    if name == "sliced":  # a generator cannot be traced
        loss = losses.sliced_wasserstein_distance
    x, y = cloud(2, 9, 3, dtype=torch.float32).requires_grad_(), cloud(2, 7, 3, seed=1, dtype=torch.float32)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    torch.manual_seed(0)
    expected = loss(x, y)
    torch.manual_seed(0)
    actual = compiled(x, y)
    torch.testing.assert_close(actual, expected)
    torch.testing.assert_close(torch.autograd.grad(actual, x)[0], torch.autograd.grad(expected, x)[0])


GOOD = torch.zeros(2, 4, 3)
MASK = torch.ones(2, 4).bool()


@every
@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (
            torch.zeros(3),
            GOOD,
            {},
            r"x must be floating point, shape \(B, N, D\) or \(N, D\), got torch.float32, \(3,\)",
        ),
        (GOOD.int(), GOOD.int(), {}, r"x must be floating point, shape .* got torch.int32, \(2, 4, 3\)"),
        (GOOD, torch.zeros(4, 3), {}, r"y must have shape \(2, M, 3\) like x, got \(4, 3\)"),
        (GOOD, torch.zeros(1, 4, 3), {}, r"y must have shape \(2, M, 3\) like x, got \(1, 4, 3\)"),
        (GOOD, torch.zeros(2, 4, 2), {}, r"y must have shape \(2, M, 3\) like x, got \(2, 4, 2\)"),
        (GOOD, GOOD.double(), {}, r"share dtype and device, got torch.float32 on cpu and torch.float64 on cpu"),
        (GOOD, GOOD[:, :0], {}, r"every sample of y needs a point that is neither masked nor of weight 0"),
        (GOOD[:, :0], GOOD, {}, r"every sample of x needs a point that is neither masked nor of weight 0"),
        (GOOD * math.nan, GOOD, {}, r"x has non-finite coordinates; remove or mask those points first"),
        (GOOD, GOOD + math.inf, {}, r"y has non-finite coordinates"),
        (GOOD, GOOD, {"x_mask": MASK[:1]}, r"x_mask must have shape \(2, 4\) like x without its last .*, got \(1, 4\)"),
        (GOOD, GOOD, {"y_mask": MASK.float()}, r"y_mask must be boolean, got torch.float32"),
        (GOOD, GOOD, {"y_mask": ~MASK}, r"every sample of y needs a point that is neither masked nor of weight 0"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(name, x, y, options, message):
    with pytest.raises(ValueError, match=f"^[a-z_]+_(distance|divergence): .*{message}"):
        LOSSES[name](x, y, **options)


@every
def test_an_unknown_reduction_is_refused(name):
    with pytest.raises(ValueError, match=r"reduction must be .* got 'average'"):
        LOSSES[name](GOOD, GOOD, reduction="average")


WEIGHTED = [name for name in LOSSES if name in ("chamfer", "chamfer, sums", "sinkhorn", "sliced")]


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (torch.tensor([[1.0, -1.0, 1.0, 1.0]] * 2), "x_weights must be finite and not negative"),
        (torch.full((2, 4), math.nan), "x_weights must be finite and not negative"),
        (torch.zeros(2, 4), "every sample of x needs a point that is neither masked nor of weight 0"),
        (torch.ones(4), r"x_weights must have shape \(2, 4\), one a point of x, got \(4,\)"),
    ],
)
def test_weights_that_cannot_weigh_are_refused(name, weights, message):
    with pytest.raises(ValueError, match=message):
        LOSSES[name](GOOD, GOOD, x_weights=weights)
