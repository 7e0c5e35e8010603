import pytest
import torch

from diffshape import data, models, training
from diffshape.models import Reconstruction, build_model, reconstruction_error

LEARNT = {
    "points": (
        models.PointCloudConfig(
            network=models.PointCloudNetwork(points=48, tokens=8, width=32, hidden=(64,), layers=1, latent=8)
        ),
        lambda shapes: shapes.points(48),
        200,
        1e-2,
        8.0,
    ),
    "mesh": (
        models.MeshConfig(network=models.MeshNetwork(subdivisions=1, hidden=(64, 64), latent=8)),
        lambda shapes: shapes.meshes(1)[0],
        200,
        5e-3,
        8.0,
    ),
    "voxel": (
        models.VoxelConfig(network=models.VoxelNetwork(resolution=9, base_channels=8, layers=2, latent=16)),
        lambda shapes: shapes.voxels(9),
        400,
        1e-2,
        4.0,
    ),
}


@pytest.mark.parametrize("name", LEARNT)
def test_training_lowers_the_error_on_shapes_not_seen(name):
    config, represent, steps, rate, factor = LEARNT[name]
    seen, unseen = (represent(data.shape_family("ellipsoid", count, seed=count)) for count in (64, 16))
    model = build_model(config)
    before = reconstruction_error(model, unseen)
    training.train(
        Reconstruction(model, seen, batch=8),
        budget=training.Steps(steps),
        optimizer=training.Adam(lr=rate),
        schedule=training.WarmupCosine(),
    )
    after = reconstruction_error(model, unseen)
    mean = float(model.loss(*pair_with_mean(config, seen, unseen)).total)
    assert after < before / factor
    if name != "points":  # clouds have no mean
        assert after < 0.6 * mean


def pair_with_mean(config, seen, unseen):
    """The best answer that ignores what it was given, and the truth."""
    seen, unseen = torch.tensor(seen), torch.tensor(unseen)
    mean = seen.float().mean(0)
    mean = torch.logit(mean, eps=1e-3) if isinstance(config, models.VoxelConfig) else mean
    return mean.expand(unseen.shape).contiguous(), unseen


def test_the_same_seed_trains_to_the_same_bits(config, samples):
    def trained():
        model = build_model(config)
        training.train(Reconstruction(model, samples, batch=2, seed=5), budget=training.Steps(3))
        return list(model.parameters())

    assert all(map(torch.equal, trained(), trained()))


def test_draws_go_on_from_a_checkpoint(config, samples):
    task = Reconstruction(build_model(config), samples, batch=2)
    task.loss(0, 0.0)
    kept = task.state()
    expected = task.loss(1, 0.0).total
    task.loss(2, 0.0)
    task.load_state(kept)
    assert task.loss(1, 0.0).total == expected


def test_the_error_does_not_depend_on_the_batch_and_leaves_the_mode(config, samples):
    model = build_model(config).train()
    assert reconstruction_error(model, samples, batch=3) == pytest.approx(
        reconstruction_error(model, samples), rel=1e-5
    )
    assert model.training


def test_nothing_to_learn_from_is_refused(config, samples):
    with pytest.raises(ValueError, match="one sample or more, got none"):
        Reconstruction(build_model(config), samples[:0])
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        Reconstruction(build_model(config), samples, batch=0)
