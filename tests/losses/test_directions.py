import pytest
import torch

from diffshape.losses.directions import unit_vectors


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 1e30])
def test_any_length_has_its_direction(size):
    vectors = torch.tensor([[0.0, 3.0, -4.0], [2.0, 0.0, 0.0]]) * size
    torch.testing.assert_close(unit_vectors(vectors), torch.tensor([[0.0, 0.6, -0.8], [1.0, 0.0, 0.0]]))


def test_zero_stays_zero_and_pulls_nowhere():
    vectors = torch.zeros(2, 3, requires_grad=True)
    units = unit_vectors(vectors)
    units.sum().backward()
    assert torch.equal(units, torch.zeros(2, 3))
    assert torch.equal(vectors.grad, torch.zeros(2, 3))


def test_nan_is_not_hidden():
    assert unit_vectors(torch.tensor([[torch.nan, 1.0]])).isnan().all()


def test_gradcheck():
    vectors = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(unit_vectors, (vectors,))
