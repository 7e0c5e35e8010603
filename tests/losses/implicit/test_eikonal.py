import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import eikonal_loss


def gradients(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values():
    g = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 0.5], [1.0, 0.0, 0.0]])
    assert eikonal_loss(g, reduction="none").tolist() == [16, 0.25, 0]
    assert eikonal_loss(g, reduction="sum") == 16.25
    torch.testing.assert_close(eikonal_loss(g), torch.tensor(16.25 / 3))
    assert eikonal_loss(g, squared=False, reduction="none").tolist() == [4, 0.5, 0]


@pytest.mark.parametrize("shape", [(3,), (5, 2), (2, 4, 3), (0, 3)])
def test_shapes(shape):
    assert eikonal_loss(gradients(*shape), reduction="none").shape == shape[:-1]
    assert eikonal_loss(gradients(*shape)).shape == ()


@pytest.mark.parametrize("squared", [True, False])
def test_gradcheck(squared):
    assert torch.autograd.gradcheck(lambda g: eikonal_loss(g, squared=squared), (gradients(6, 3).requires_grad_(),))


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_invariant_to_rotation_and_order(seed):
    g = gradients(7, 3, seed=seed)
    rotation, _ = torch.linalg.qr(gradients(3, 3, seed=seed + 1))
    torch.testing.assert_close(eikonal_loss(g.flip(0) @ rotation), eikonal_loss(g))


@pytest.mark.parametrize("squared", [True, False])
def test_zero_gradient_is_finite(squared):
    g = torch.zeros(2, 3, requires_grad=True)
    loss = eikonal_loss(g, squared=squared)
    loss.backward()
    assert loss == 1
    assert torch.equal(g.grad, torch.zeros(2, 3))


@pytest.mark.parametrize("size", [1e-12, 1e-8, 1e8, 1e15])
def test_tiny_and_huge_gradients(size):
    """A soft norm eps (sqrt(|g|^2 / eps^2 + 1) - 1) with eps 1e-12 overflows in float32 from about 1e7 on."""
    g = torch.tensor([size, 0.0, 0.0], requires_grad=True)
    loss = eikonal_loss(g)
    loss.backward()
    torch.testing.assert_close(loss.item(), (1 - size) ** 2, rtol=1e-6, atol=0)
    torch.testing.assert_close(g.grad, torch.tensor([2 * (size - 1), 0, 0]))


def test_half_precision():
    g = torch.tensor([[3e-4, 4e-4, 0.0]], dtype=torch.float16)  # squares of it vanish in half precision
    torch.testing.assert_close(eikonal_loss(g).float(), torch.tensor((1 - 5e-4) ** 2), rtol=1e-3, atol=0)


def test_masked_nan_goes_nowhere():
    g = gradients(3, 3)
    with_nan = torch.cat([g, torch.full((2, 3), torch.nan, dtype=g.dtype)]).requires_grad_()
    loss = eikonal_loss(with_nan, mask=torch.tensor([True, True, True, False, False]))
    loss.backward()
    torch.testing.assert_close(loss, eikonal_loss(g))
    assert torch.equal(with_nan.grad[3:], torch.zeros(2, 3, dtype=g.dtype))
    assert torch.isfinite(with_nan.grad).all()


def test_empty_and_all_masked():
    assert eikonal_loss(torch.zeros(0, 3)) == 0
    assert eikonal_loss(torch.full((2, 3), torch.nan), mask=torch.zeros(2, dtype=torch.bool)) == 0


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\) like gradients without .* got \(3,\)"):
        eikonal_loss(torch.zeros(4, 3), mask=torch.ones(3, dtype=torch.bool))
    with pytest.raises(ValueError, match="mask must be boolean"):
        eikonal_loss(torch.zeros(4, 3), mask=torch.ones(4))
    with pytest.raises(ValueError, match="got a scalar"):
        eikonal_loss(torch.tensor(1.0))
    with pytest.raises(ValueError, match="reduction must be"):
        eikonal_loss(torch.zeros(4, 3), reduction="average")
