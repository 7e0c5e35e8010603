"""The same value as other libraries where a definition is shared; skipped where they are not installed."""

import pytest
import torch

from diffshape import losses


def clouds(x_count=60, y_count=45):
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(count, 3, generator=generator).double() for count in (x_count, y_count))


@pytest.mark.parametrize("p", [1, 2])
def test_pot_sliced_wasserstein(p):
    ot = pytest.importorskip("ot")
    x, y = clouds()
    ours = losses.sliced_wasserstein_distance(x, y, p=p, projections=4000, generator=torch.Generator().manual_seed(0))
    theirs = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), p=p, n_projections=4000, seed=0)
    assert ours.item() == pytest.approx(theirs, rel=0.03)  # other directions: the mean of 4,000 is good to a percent


@pytest.mark.parametrize("blur", [0.3, 0.7])
def test_pot_entropic_transport(blur):
    ot = pytest.importorskip("ot")
    x, y = clouds()
    costs = torch.cdist(x, y).square() / 2
    plan = ot.sinkhorn([], [], costs.numpy(), blur**2, method="sinkhorn_log", stopThr=1e-13, numItermax=100_000)
    plan = torch.from_numpy(plan)
    expected = (plan * costs).sum() + blur**2 * (plan * (plan * plan.numel()).log()).sum()
    ours = losses.sinkhorn_divergence(x, y, blur=blur, debias=False, tolerance=1e-11)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_geomloss_sinkhorn_divergence(p, weighted):
    geomloss = pytest.importorskip("geomloss")
    x, y = clouds()
    x_weights = (
        torch.rand(60, generator=torch.Generator().manual_seed(1)).double() if weighted else torch.ones(60).double()
    )
    theirs = geomloss.SamplesLoss("sinkhorn", p=p, blur=0.5, scaling=0.999, backend="tensorized")
    a, b = x_weights / x_weights.sum(), torch.full((45,), 1 / 45).double()
    ours = losses.sinkhorn_divergence(x, y, p=p, blur=0.5, x_weights=x_weights, tolerance=1e-11)
    tolerance = 1e-5 if p == 2 else 1e-3  # for p = 1 theirs puts every point 1e-4 away from itself
    assert ours.item() == pytest.approx(theirs(a, x, b, y).item(), rel=tolerance)
