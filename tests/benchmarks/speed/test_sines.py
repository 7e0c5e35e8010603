import pytest
import torch

from benchmarks.speed.sines import DERIVATIVES, step
from diffshape.fields import Siren


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_both_ways_give_the_same_gradients(derivative):
    field = Siren(hidden_layers=3, width=16, start="multi-frequency").double()
    points = torch.rand(30, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5
    ours, theirs = (step(way, field, points) for way in DERIVATIVES[derivative].values())
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)
