import pytest
import torch

from diffshape.fitting.scans.prior import isolation
from diffshape.fitting.scans.prior.isolation import isolated_points


@pytest.mark.parametrize("block", [100, 1 << 16])
def test_far_points_are_isolated_and_dense_and_sparse_parts_are_not(monkeypatch, block):
    monkeypatch.setattr(isolation, "BLOCK", block)
    grid = torch.cartesian_prod(torch.arange(16.0), torch.arange(16.0), torch.zeros(1)) / 16
    dense = torch.cartesian_prod(torch.arange(40.0), torch.arange(40.0), torch.zeros(1)) / 40
    strays = torch.tensor([[0.5, 0.5, 0.3], [30.0, 0.0, 0.0]])
    found = isolated_points(torch.cat([dense, grid + torch.tensor([1.4, 0.0, 0.0]), strays]))
    assert found[-2:].all()
    assert not found[:-2].any()


def test_few_points_are_not_isolated():
    assert not isolated_points(torch.eye(3)).any()
