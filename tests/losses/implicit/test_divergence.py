import pytest
import torch

from diffshape.fields import Siren
from diffshape.losses import directional_divergence_loss, divergence_loss


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values_of_the_laplacian():
    laplacians = torch.tensor([0.0, 0.05, -3.0, 60.0, -70.0])
    expected = torch.tensor([0.1, 0.1, 3.0, 50.0, 50.0])
    torch.testing.assert_close(divergence_loss(laplacians, reduction="none"), expected)
    torch.testing.assert_close(divergence_loss(laplacians), expected.mean())
    torch.testing.assert_close(divergence_loss(laplacians, low=0.0, high=2.0, reduction="sum"), torch.tensor(6.05))


def test_hand_values_along_the_gradient():
    gradients = torch.tensor([[0.0, 0.0, 2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    curvatures = torch.tensor([8.0, -6.0, 0.0])
    values = directional_divergence_loss(curvatures, gradients, epsilon=1.0, reduction="none")
    torch.testing.assert_close(values, torch.tensor([8 / 5, 6 / 4, 0.0]))
    torch.testing.assert_close(directional_divergence_loss(curvatures, gradients, epsilon=1.0), values.mean())


def test_gradcheck():
    values = (3 * numbers(8)).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: divergence_loss(v, low=0.5, high=4.0), (values,))
    arguments = numbers(6).requires_grad_(), numbers(6, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(directional_divergence_loss, arguments)


def test_a_distance_bends_only_across_its_gradient():
    """|x| has the Laplacian 2 / |x|, all of it in the sphere."""
    points = torch.tensor([[0.0, 0.0, 0.5], [0.3, 0.4, 0.0]], dtype=torch.float64)
    hessians = torch.func.vmap(torch.func.hessian(lambda x: x.norm()))(points)
    gradients = torch.func.vmap(torch.func.grad(lambda x: x.norm()))(points)
    along = torch.einsum("ni,nij,nj->n", gradients, hessians, gradients)
    torch.testing.assert_close(divergence_loss(torch.einsum("nii->n", hessians)).item(), 4.0)
    assert directional_divergence_loss(along, gradients) < 1e-12


def test_finite_where_the_gradient_is_zero():
    gradients = torch.zeros(2, 3, requires_grad=True)
    curvatures = torch.zeros(2, requires_grad=True)
    loss = directional_divergence_loss(curvatures, gradients)
    loss.backward()
    assert loss == 0
    assert torch.equal(gradients.grad, torch.zeros(2, 3))
    assert torch.equal(curvatures.grad, torch.zeros(2))


def test_huge_values_are_bounded():
    laplacians = torch.tensor([1e30, -1e30, torch.inf], requires_grad=True)
    loss = divergence_loss(laplacians)
    loss.backward()
    assert loss == 50
    assert torch.equal(laplacians.grad, torch.zeros(3))


def test_masked_nan_goes_nowhere():
    mask = torch.tensor([True, False])
    laplacians = torch.tensor([3.0, torch.nan], requires_grad=True)
    loss = divergence_loss(laplacians, mask=mask)
    loss.backward()
    assert (loss.item(), laplacians.grad.tolist()) == (3, [1, 0])
    gradients = torch.tensor([[0.0, 0.0, 1.0], [torch.nan] * 3], requires_grad=True)
    loss = directional_divergence_loss(torch.tensor([3.0, torch.nan]), gradients, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, torch.tensor(3 / (1 + 1e-5)))
    assert torch.isfinite(gradients.grad).all()


def test_empty():
    assert divergence_loss(torch.zeros(0)) == 0
    assert directional_divergence_loss(torch.zeros(0), torch.zeros(0, 3)) == 0


def test_both_train_a_network():
    field, points = Siren(width=8).double(), numbers(20, 3) / 5
    _, gradients, curvatures = field.second_order(points, along="gradient")
    _, _, laplacians = field.second_order(points)
    for loss in (divergence_loss(laplacians, high=1e9), directional_divergence_loss(curvatures, gradients)):
        field.zero_grad()
        loss.backward(retain_graph=True)
        assert all(weight.grad.isfinite().all() and weight.grad.abs().sum() > 0 for weight in field.weights)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"need 0 <= low < high, got low 2\.0 and high 1\.0"):
        divergence_loss(torch.zeros(2), low=2.0, high=1.0)
    with pytest.raises(ValueError, match=r"need 0 <= low < high, got low -1\.0"):
        divergence_loss(torch.zeros(2), low=-1.0)
    with pytest.raises(ValueError, match="epsilon must be positive, got 0"):
        directional_divergence_loss(torch.zeros(2), torch.zeros(2, 3), epsilon=0.0)
    with pytest.raises(ValueError, match=r"curvatures must have shape \(2,\) like gradients .* got \(3,\)"):
        directional_divergence_loss(torch.zeros(3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"mask must have shape \(2,\) like laplacians, got \(2, 1\)"):
        divergence_loss(torch.zeros(2), mask=torch.ones(2, 1, dtype=torch.bool))
    with pytest.raises(ValueError, match="mask must be boolean"):
        directional_divergence_loss(torch.zeros(2), torch.zeros(2, 3), mask=torch.ones(2))
