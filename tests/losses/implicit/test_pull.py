import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.fields import MLP
from diffshape.losses import pull_loss


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def problem(count=8, seed=0):
    """Values, gradients, queries and nearest points, unrelated."""
    return (normal(count, seed=seed), *(normal(count, 3, seed=1000 * k + seed) for k in (1, 2, 3)))


def test_by_hand():
    """From (2, 0, 0) along (3, 0, 4) / 5 by 5 to (-1, 0, -4), and from (0, 1, 0) by 2 against the gradient to
    (0, 3, 0)."""
    values, gradients = torch.tensor([5.0, -2.0]), torch.tensor([[3.0, 0.0, 4.0], [0.0, 7.0, 0.0]])
    queries, nearest = (
        torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        torch.tensor([[2.0, 0.0, 0.0], [2.0, 3.0, 0.0]]),
    )
    each = pull_loss(values, gradients, queries, nearest, reduction="none")
    torch.testing.assert_close(each, torch.tensor([5.0, 2.0]))
    torch.testing.assert_close(pull_loss(values, gradients, queries, nearest), torch.tensor(3.5))
    torch.testing.assert_close(pull_loss(values, gradients, queries, nearest, squared=True), torch.tensor(14.5))
    torch.testing.assert_close(pull_loss(values, gradients, queries, nearest, reduction="sum"), torch.tensor(7.0))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_distance_of_either_sign_costs_nothing(sign):
    queries = normal(50, 3)
    radius = queries.norm(dim=-1, keepdim=True)
    loss = pull_loss(sign * (radius[:, 0] - 0.7), sign * queries / radius, queries, 0.7 * queries / radius)
    assert loss < 1e-15


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradcheck_in_all_tensors(squared, reduction):
    tensors = [tensor.requires_grad_() for tensor in problem()]
    assert torch.autograd.gradcheck(
        lambda *given: pull_loss(*given, squared=squared, reduction=reduction), tensors, raise_exception=True
    )


def test_parameters_learn_through_the_length_and_the_direction_of_the_pull():
    """By finite differences in a weight of a network, whose gradient is attached; without that part it is another."""
    field = MLP(hidden_layers=2, width=16, skip=(), beta=5.0).double()
    queries, nearest = normal(20, 3), normal(20, 3, seed=1)
    weight = field.network.weights[1]

    def loss(attached=True):
        values, gradients = field.value_and_gradient(queries)
        return pull_loss(values, gradients if attached else gradients.detach(), queries, nearest)

    with_direction, without = (torch.autograd.grad(loss(attached), weight)[0][2, 3] for attached in (True, False))
    ends = []
    for shift in (1e-6, -2e-6):
        with torch.no_grad():
            weight[2, 3] += shift
        ends.append(loss().item())
    expected = (ends[0] - ends[1]) / 2e-6
    assert with_direction.item() == pytest.approx(expected, rel=1e-6)
    assert without.item() != pytest.approx(expected, rel=1e-2)


@given(seed=st.integers(0, 1000), squared=st.booleans())
@settings(max_examples=25, deadline=None)
def test_rigid_motions_and_the_order_of_the_queries_change_nothing(seed, squared):
    values, gradients, queries, nearest = problem(seed=seed)
    rotation, _ = torch.linalg.qr(normal(3, 3, seed=seed + 1))
    shift, order = normal(3, seed=seed + 2), torch.randperm(8, generator=torch.Generator().manual_seed(seed))
    moved = values[order], *(part[order] @ rotation for part in (gradients, queries, nearest))
    moved = (*moved[:2], moved[2] + shift, moved[3] + shift)
    torch.testing.assert_close(
        pull_loss(*moved, squared=squared), pull_loss(values, gradients, queries, nearest, squared=squared)
    )


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_the_unit_of_length_scales_it_and_the_slope_of_the_field_does_not(seed, scale):
    values, gradients, queries, nearest = problem(seed=seed)
    loss = pull_loss(values, gradients, queries, nearest)
    torch.testing.assert_close(pull_loss(scale * values, gradients, scale * queries, scale * nearest), scale * loss)
    torch.testing.assert_close(pull_loss(values, scale * gradients, queries, nearest), loss)


@pytest.mark.parametrize("squared", [False, True])
def test_without_a_slope_the_query_stays_and_nothing_is_learnt_from_it(squared):
    values, gradients = torch.tensor([0.3], requires_grad=True), torch.zeros(1, 3, requires_grad=True)
    queries, nearest = torch.tensor([[1.0, 2.0, 2.0]]), torch.zeros(1, 3)
    loss = pull_loss(values, gradients, queries, nearest, squared=squared)
    loss.backward()
    assert loss.item() == pytest.approx(9 if squared else 3)
    assert torch.equal(gradients.grad, torch.zeros(1, 3))
    assert torch.equal(values.grad, torch.zeros(1))


def test_a_query_that_meets_its_point_has_gradient_zero():
    values, gradients = torch.tensor([2.0], requires_grad=True), torch.tensor([[0.0, 0.0, 4.0]], requires_grad=True)
    loss = pull_loss(values, gradients, torch.tensor([[0.0, 0.0, 2.0]]), torch.zeros(1, 3))
    loss.backward()
    assert loss == 0
    assert torch.equal(values.grad, torch.zeros(1))
    assert torch.equal(gradients.grad, torch.zeros(1, 3))


@pytest.mark.parametrize("size", [1e-15, 1e-8, 1e8, 1e15])
def test_the_slope_may_have_any_size(size):
    """A soft norm eps (sqrt(|g|^2 / eps^2 + 1) - 1) with eps 1e-12 overflows in float32 from about 1e7 on."""
    gradients = torch.tensor([[size, 0.0, 0.0]], requires_grad=True)
    loss = pull_loss(torch.tensor([0.5]), gradients, torch.tensor([[1.0, 0.0, 0.0]]), torch.zeros(1, 3))
    loss.backward()
    assert loss.item() == 0.5
    assert torch.isfinite(gradients.grad).all()


def test_masked_nan_goes_nowhere():
    values, gradients, queries, nearest = problem(5)
    keep = torch.tensor([True, False, True, True, False])
    expected = pull_loss(values[keep], gradients[keep], queries[keep], nearest[keep])
    broken = [torch.where(keep[:, None], part, torch.nan) for part in (gradients, queries, nearest)]
    broken = [torch.where(keep, values, torch.nan), *broken]
    broken = [part.requires_grad_() for part in broken]
    loss = pull_loss(*broken, mask=keep)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    for part in broken:
        assert torch.isfinite(part.grad).all()
        assert (part.grad[~keep] == 0).all()
    assert pull_loss(*broken, mask=keep, reduction="none")[~keep].eq(0).all()


def test_nothing_costs_nothing():
    empty = torch.zeros(0, 3)
    assert pull_loss(torch.zeros(0), empty, empty, empty) == 0
    nan = torch.full((2, 3), torch.nan)
    assert pull_loss(nan[:, 0], nan, nan, nan, mask=torch.zeros(2, dtype=torch.bool)) == 0


def test_half_precision_is_widened_and_leading_shapes_are_kept():
    values, gradients, queries, nearest = problem(6)
    loss = pull_loss(*(part.half() for part in (values, gradients, queries, nearest)))
    assert loss.dtype is torch.float32
    assert loss.item() == pytest.approx(pull_loss(values, gradients, queries, nearest).item(), rel=1e-2)
    shaped = values.reshape(2, 3), *(part.reshape(2, 3, 3) for part in (gradients, queries, nearest))
    each = pull_loss(*shaped, reduction="none")
    assert each.shape == (2, 3)
    torch.testing.assert_close(each.mean(), pull_loss(values, gradients, queries, nearest))


def test_two_dimensions():
    loss = pull_loss(torch.tensor([1.0]), torch.tensor([[1.0, 1.0]]), torch.zeros(1, 2), torch.zeros(1, 2))
    assert loss.item() == pytest.approx(math.hypot(*[math.sqrt(0.5)] * 2))


def test_wrong_arguments():
    x = torch.zeros(4, 3)
    with pytest.raises(ValueError, match=r"field_values must have shape \(4,\) like queries .* got \(4, 1\)"):
        pull_loss(torch.zeros(4, 1), x, x, x)
    with pytest.raises(ValueError, match=r"gradients must have shape \(4, 3\) like queries, got \(3,\)"):
        pull_loss(torch.zeros(4), torch.zeros(3), x, x)
    with pytest.raises(ValueError, match=r"nearest_points must have shape \(4, 3\)"):
        pull_loss(torch.zeros(4), x, x, torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\)"):
        pull_loss(torch.zeros(4), x, x, x, mask=torch.ones(1, dtype=torch.bool))
    with pytest.raises(ValueError, match="reduction must be"):
        pull_loss(torch.zeros(4), x, x, x, reduction="average")
