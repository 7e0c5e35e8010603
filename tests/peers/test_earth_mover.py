"""earth_mover_distance is POT's ot.emd2 for uniform weights on equally many points."""

import pytest
import torch

from diffshape import losses

ot = pytest.importorskip("ot")


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_the_value_is_that_of_pot(squared, scale):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(200, 3, dtype=torch.float64, generator=generator) for _ in range(2))
    x = scale * x
    table = ot.dist(x.numpy(), y.numpy(), metric="sqeuclidean" if squared else "euclidean")
    expected = torch.tensor(ot.emd2([], [], table), dtype=torch.float64)
    torch.testing.assert_close(losses.earth_mover_distance(x, y, squared=squared), expected, rtol=1e-9, atol=0)
