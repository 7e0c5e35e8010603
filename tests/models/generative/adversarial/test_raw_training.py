import pytest
import torch

from box_clouds import box_clouds
from diffshape.data import ShapeSet
from diffshape.models import RawGANConfig, load, train_raw_gan

PLACE = torch.tensor([0.5, -0.5, 0.0])


def lumps():
    """Three lumps of points about one place, far from where the generator begins."""
    noise = torch.randn(3, 40, 3, generator=torch.Generator().manual_seed(0))
    return ShapeSet(names=("a", "b", "c"), points=PLACE + 0.1 * noise)


@pytest.fixture(scope="module", params=["gan", "wgan-gp"])
def model(request):
    config = RawGANConfig(
        objective=request.param,
        critic_steps=2,
        points=32,
        generator=(64,),
        point_features=(32, 64),
        critic=(32,),
        noise=4,
        lr=2e-3,
    )
    return train_raw_gan(lumps(), config, steps=200, device="cpu").model


def test_clouds_move_to_where_real_ones_are(model):
    assert (model.sample(50).mean((0, 1)) - PLACE).norm() < 0.35


def test_coordinates_are_learnt_at_mean_0_and_deviation_1_or_as_they_are():
    clouds, small = lumps(), {"points": 8, "noise": 4}
    scales = {
        each: train_raw_gan(clouds, RawGANConfig(standardized=each, **small), steps=1, device="cpu").model.scale
        for each in (True, False)
    }
    assert torch.allclose(scales[True].mean, clouds.points.mean((0, 1)))
    assert torch.allclose(scales[True].deviation, clouds.points.flatten(0, 1).std(0, correction=0))
    assert torch.equal(scales[False].restored(clouds.points), clouds.points)


def test_it_samples_saves_and_blends(model, tmp_path):
    codes = model.draw_codes(5, seed=2)
    assert codes.shape == (5, 4)
    assert torch.equal(model.sample(5, seed=2), model.decode_codes(codes))
    assert not torch.equal(model.sample(5, seed=2), model.sample(5, seed=3))
    model.save(tmp_path)
    assert torch.equal(load(tmp_path).sample(5), model.sample(5))
    between = model.interpolate(codes[0], codes[1], 3)
    assert torch.allclose(between[1], (codes[0] + codes[1]) / 2)


def test_noise_has_its_spread():
    model = train_raw_gan(box_clouds(2, 64), RawGANConfig(points=8, noise_spread=0.2), steps=1, device="cpu").model
    assert model.draw_codes(500).std() == pytest.approx(0.2, rel=0.05)


def test_too_few_points_are_refused():
    with pytest.raises(
        ValueError, match="train_raw_gan: config: points must be at most 64, as many as each shape has, got 512"
    ):
        train_raw_gan(box_clouds(2, 64), steps=1)


def test_other_codes_are_refused(model):
    with pytest.raises(ValueError, match=r"RawGAN: codes must have shape \(B, 4\), got \(2, 3\)"):
        model.decode_codes(torch.zeros(2, 3))
