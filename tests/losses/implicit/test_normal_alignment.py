import pytest
import torch

from diffshape.losses import normal_alignment_loss


def vectors(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values():
    gradients = torch.tensor([[0.0, 0.0, 5.0], [0.0, -2.0, 0.0], [3.0, 4.0, 0.0]])
    normals = torch.tensor([[0.0, 0.0, 0.1], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    expected = torch.tensor([0.0, 2.0, 0.4])
    torch.testing.assert_close(normal_alignment_loss(gradients, normals, reduction="none"), expected)
    torch.testing.assert_close(normal_alignment_loss(gradients, normals), torch.tensor(0.8))
    torch.testing.assert_close(normal_alignment_loss(gradients, normals, reduction="sum"), torch.tensor(2.4))
    unsigned = normal_alignment_loss(gradients, normals, oriented=False, reduction="none")
    torch.testing.assert_close(unsigned, torch.tensor([0.0, 0.0, 0.4]))


@pytest.mark.parametrize("oriented", [True, False])
def test_gradcheck(oriented):
    arguments = vectors(6, 3).requires_grad_(), vectors(6, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda g, n: normal_alignment_loss(g, n, oriented=oriented), arguments)


def test_is_that_of_torch_between_random_directions():
    g, n = vectors(50, 3), vectors(50, 3, seed=1)
    expected = 1 - torch.nn.functional.cosine_similarity(g, n, dim=-1)
    torch.testing.assert_close(normal_alignment_loss(g, n, reduction="none"), expected)


@pytest.mark.parametrize("zero", ["gradients", "normals"])
def test_a_zero_vector_costs_one_and_pulls_nowhere(zero):
    given = {"gradients": torch.ones(2, 3), "normals": torch.ones(2, 3)}
    given[zero] = torch.zeros(2, 3)
    given["gradients"].requires_grad_()
    loss = normal_alignment_loss(**given)
    loss.backward()
    assert loss == 1
    assert torch.equal(given["gradients"].grad, torch.zeros(2, 3))


@pytest.mark.parametrize("size", [1e-25, 1e-8, 1e8, 1e25])
def test_length_does_not_count(size):
    g, n = vectors(9, 3), vectors(9, 3, seed=1)
    torch.testing.assert_close(
        normal_alignment_loss((g * size).float(), n.float()), normal_alignment_loss(g, n).float(), rtol=1e-5, atol=0
    )


def test_masked_nan_goes_nowhere():
    g, n = vectors(3, 3), vectors(3, 3, seed=1)
    nan = torch.full((1, 3), torch.nan, dtype=g.dtype)
    with_nan = torch.cat([g, nan]).requires_grad_()
    loss = normal_alignment_loss(with_nan, torch.cat([n, nan]), mask=torch.tensor([True, True, True, False]))
    loss.backward()
    torch.testing.assert_close(loss, normal_alignment_loss(g, n))
    assert torch.isfinite(with_nan.grad).all()
    assert torch.equal(with_nan.grad[3:], torch.zeros_like(nan))


def test_empty_and_all_masked():
    assert normal_alignment_loss(torch.zeros(0, 3), torch.zeros(0, 3)) == 0
    none = torch.zeros(2, dtype=torch.bool)
    assert normal_alignment_loss(torch.full((2, 3), torch.nan), torch.ones(2, 3), mask=none) == 0


def test_wrong_arguments():
    g = torch.zeros(4, 3)
    with pytest.raises(ValueError, match=r"normals must have shape \(4, 3\) like gradients, got \(3, 3\)"):
        normal_alignment_loss(g, torch.zeros(3, 3))
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\) like gradients without"):
        normal_alignment_loss(g, g, mask=torch.ones(4, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"gradients must have shape \(..., D\), D >= 1, got \(\)"):
        normal_alignment_loss(torch.tensor(1.0), torch.tensor(1.0))
    with pytest.raises(ValueError, match="reduction must be"):
        normal_alignment_loss(g, g, reduction="average")
