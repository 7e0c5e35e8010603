import pytest
import torch

from diffshape.models import FlowConfig, train_flow


@pytest.mark.parametrize("solver", ["euler", "heun"])
def test_two_codes_are_learnt(solver, autoencoder, shapes):
    """Nearly all samples are one of the two, about half of them each."""
    codes = autoencoder.codes_of(shapes[:2])
    config = FlowConfig(hidden=(64, 64), lr=5e-3, solver=solver)
    model = train_flow(autoencoder, shapes[:2], config, steps=600, device="cpu").model
    distances = torch.cdist(model.draw_codes(300), codes)
    apart = torch.dist(*codes)
    assert (distances.amin(1) < 0.1 * apart).double().mean() > 0.8
    assert 0.35 < distances.argmin(1).double().mean() < 0.65


def test_codes_that_never_vary_are_kept(autoencoder, shapes):
    model = train_flow(autoencoder, shapes[:1], steps=2, device="cpu").model
    assert model.draw_codes(3).isfinite().all()
