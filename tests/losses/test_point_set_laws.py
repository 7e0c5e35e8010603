"""What every loss on two point sets promises: symmetry, scale, masks, precision, derivatives, compiling, bad input."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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


# each with the power of a scale that it is multiplied by, None where it is not a power
LOSSES = {
    "chamfer": (losses.chamfer_distance, 2),
    "chamfer, unsquared": (lambda x, y, **options: losses.chamfer_distance(x, y, squared=False, **options), 1),
    "chamfer, sums": (lambda x, y, **options: losses.chamfer_distance(x, y, point_reduction="sum", **options), 2),
    "chamfer, largest": (lambda x, y, **options: losses.chamfer_distance(x, y, point_reduction="max", **options), 2),
    "chamfer, Manhattan": (lambda x, y, **options: losses.chamfer_distance(x, y, norm=1, **options), 1),
    "density-aware": (lambda x, y, **options: losses.density_aware_chamfer_distance(x, y, alpha=0.5, **options), None),
    "hausdorff": (losses.hausdorff_distance, 1),
    "hausdorff, 80 %": (lambda x, y, **options: losses.hausdorff_distance(x, y, quantile=0.8, **options), 1),
    "sinkhorn": (sinkhorn, None),
    "sliced": (sliced, 1),
    **{name: (soft(**options), 2 if "squared" in options else 1) for name, options in SOFT.items()},
}
ZERO_AT_IDENTITY = [name for name in LOSSES if name not in ("softmin", "softmin, squared") and "expect" not in name]

every = pytest.mark.parametrize("name", LOSSES)


@every
@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_order_of_points_changes_nothing(name, seed):
    loss, _ = LOSSES[name]
    x, y = cloud(9, 3, seed=seed), cloud(7, 3, seed=seed + 1)
    generator = torch.Generator().manual_seed(seed)
    shuffled = loss(x[torch.randperm(9, generator=generator)], y[torch.randperm(7, generator=generator)])
    torch.testing.assert_close(shuffled, loss(x, y), rtol=1e-9, atol=1e-9)


@every
@given(st.integers(0, 1000), st.floats(-50, 50))
@settings(max_examples=10, deadline=None)
def test_a_translation_changes_nothing(name, seed, offset):
    loss, _ = LOSSES[name]
    x, y = cloud(9, 3, seed=seed), cloud(7, 3, seed=seed + 1)
    torch.testing.assert_close(loss(x + offset, y + offset), loss(x, y), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("sliced", "chamfer, Manhattan")])
def test_a_rotation_changes_nothing(name):
    loss, _ = LOSSES[name]
    x, y = cloud(9, 3), cloud(7, 3, seed=1)
    rotation = torch.linalg.qr(cloud(3, 3, seed=2)).Q
    torch.testing.assert_close(loss(x @ rotation, y @ rotation), loss(x, y), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, (_, power) in LOSSES.items() if power])
@given(st.floats(0.01, 100))
@settings(max_examples=10, deadline=None)
def test_a_scale_multiplies_by_its_power(name, scale):
    loss, power = LOSSES[name]
    x, y = cloud(9, 3), cloud(7, 3, seed=1)
    torch.testing.assert_close(loss(scale * x, scale * y), scale**power * loss(x, y), rtol=1e-9, atol=1e-12)


@every
def test_both_sets_count_alike(name):
    loss, _ = LOSSES[name]
    if name in SOFT:  # the default temperature is that of y
        loss = soft(temperature=0.3, **SOFT[name])
    x, y = cloud(9, 3), cloud(7, 3, seed=1)
    torch.testing.assert_close(loss(x, y), loss(y, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ZERO_AT_IDENTITY)
def test_equal_sets_are_at_distance_zero_and_others_are_not(name):
    loss, _ = LOSSES[name]
    x = cloud(2, 9, 3)
    torch.testing.assert_close(loss(x, x.flip(1), reduction="none"), torch.zeros(2).double(), rtol=0, atol=1e-6)
    assert (loss(x, x + 1, reduction="none") > 1e-3).all()


@every
def test_first_and_second_derivatives(name):
    loss, _ = LOSSES[name]
    x, y = cloud(2, 5, 3).requires_grad_(), cloud(2, 4, 3, seed=1).requires_grad_()
    if name in SOFT:  # the default temperature follows the data without gradient
        loss = soft(temperature=0.7, **SOFT[name])
    if name == "sinkhorn":

        def loss(x, y):
            return losses.sinkhorn_divergence(x, y, blur=1.5, tolerance=1e-13)

    assert torch.autograd.gradcheck(loss, (x, y), atol=1e-7)
    assert torch.autograd.gradgradcheck(loss, (x, y), atol=1e-6)


@every
def test_a_batch_is_its_samples_one_by_one(name):
    loss, _ = LOSSES[name]
    x, y = cloud(3, 9, 3), cloud(3, 7, 3, seed=1)
    alone = torch.stack([loss(x[b], y[b]) for b in range(3)])
    assert alone.shape == (3,)
    torch.testing.assert_close(loss(x, y, reduction="none"), alone, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(loss(x, y, reduction="sum"), alone.sum(), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(loss(x, y), alone.mean(), rtol=1e-6, atol=1e-6)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_masked_points_are_as_good_as_gone(name, dtype):
    loss, _ = LOSSES[name]
    x, y = cloud(2, 9, 3, dtype=dtype), cloud(2, 7, 3, seed=1, dtype=dtype)
    x_mask, y_mask = torch.ones(2, 9).bool(), torch.ones(2, 7).bool()
    x_mask[0, [0, 4]], y_mask[1, 6], y_mask[0, 0] = False, False, False
    x = torch.where(x_mask[..., None], x, torch.nan).requires_grad_()
    y = torch.where(y_mask[..., None], y, torch.inf).requires_grad_()
    values = loss(x, y, x_mask=x_mask, y_mask=y_mask, reduction="none")
    for b in range(2):
        torch.testing.assert_close(values[b], loss(x[b, x_mask[b]], y[b, y_mask[b]]), rtol=1e-4, atol=1e-5)
    for gradient, mask in zip(torch.autograd.grad(values.sum(), (x, y)), (x_mask, y_mask)):
        assert gradient.isfinite().all()
        assert (gradient[~mask] == 0).all()
        assert (gradient[mask] != 0).any()


@every
def test_float32_agrees_with_float64(name):
    loss, _ = LOSSES[name]
    x, y = cloud(2, 40, 3), cloud(2, 30, 3, seed=1)
    torch.testing.assert_close(loss(x.float(), y.float()).double(), loss(x, y), rtol=2e-4, atol=1e-5)


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(name, dtype):
    loss, _ = LOSSES[name]
    x, y = cloud(9, 3, dtype=dtype).requires_grad_(), cloud(7, 3, seed=1, dtype=dtype)
    value = loss(x, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(x.float(), y.float()))
    value.backward()
    assert x.grad.dtype == dtype
    assert x.grad.isfinite().all()


AWKWARD = {
    "coincident": (torch.zeros(4, 3), torch.zeros(5, 3)),
    "equal": (cloud(6, 3), cloud(6, 3)),
    "duplicates": (cloud(3, 3).repeat(3, 1), cloud(3, 3, seed=1).repeat(2, 1)),
    "one point each": (torch.zeros(1, 3), torch.ones(1, 3)),
    "one against many": (torch.zeros(1, 3), cloud(5, 3)),
    "far apart": (cloud(5, 3), cloud(5, 3) + 1e4),
    "far away": (cloud(5, 3) + 1e6, cloud(6, 3, seed=1) + 1e6),
    "tiny": (1e-12 * cloud(5, 3), 1e-12 * cloud(6, 3, seed=1)),
}


@every
@pytest.mark.parametrize("place", AWKWARD)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.filterwarnings("ignore:entropic transport")
def test_value_and_gradient_are_finite_at_awkward_places(name, place, dtype):
    loss, _ = LOSSES[name]
    x, y = (each.to(dtype).clone().requires_grad_() for each in AWKWARD[place])
    if name == "sinkhorn":

        def loss(x, y):
            return losses.sinkhorn_divergence(x, y, iterations=20)

    value = loss(x, y)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, (x, y)))


@every
def test_digits_survive_far_from_the_origin(name):
    loss, _ = LOSSES[name]
    x, y = cloud(9, 3).half().float(), cloud(7, 3, seed=1).half().float()
    x, y = ((each * 64).round() / 64 for each in (x, y))  # exact at 2^17 too
    torch.testing.assert_close(
        loss(x + 2**17, y + 2**17), loss(x, y), rtol=2e-2 if name == "sliced" else 1e-3, atol=1e-4
    )


@every
def test_the_compiler_sees_one_graph(name):
    loss, _ = LOSSES[name]
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
        LOSSES[name][0](x, y, **options)


@every
def test_an_unknown_reduction_is_refused(name):
    with pytest.raises(ValueError, match=r"reduction must be .* got 'average'"):
        LOSSES[name][0](GOOD, GOOD, reduction="average")


WEIGHTED = [name for name in LOSSES if name in ("chamfer", "chamfer, sums", "sinkhorn", "sliced")]


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_whole_weight_is_a_repeated_point(name):
    loss, _ = LOSSES[name]
    x, y = cloud(4, 3), cloud(5, 3, seed=1)
    weights = torch.tensor([1.0, 3.0, 0.0, 2.0]).double()
    repeated = x.repeat_interleave(weights.long(), 0)
    options = {"direction": "x_to_y"} if "chamfer" in name else {}
    weighted = loss(x, y, x_weights=weights, **options)
    torch.testing.assert_close(weighted, loss(repeated, y, **options), rtol=1e-5, atol=1e-6)


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
        LOSSES[name][0](GOOD, GOOD, x_weights=weights)
