"""What every autoencoder promises, and what each of the three does."""

from dataclasses import replace

import pytest
import torch
import trimesh

from diffshape.models import MeshConfig, MeshNetwork, VoxelConfig, VoxelNetwork, build_model

from ..conftest import SMALL, samples_of


def test_shapes_come_back_and_codes_decode(config, samples):
    model = build_model(config).eval()
    codes = model.encode(samples)
    assert codes.shape == (4, 4)
    assert model(samples).shape == samples.shape
    assert torch.equal(model.decode(codes), model(samples))


def test_the_same_seed_gives_the_same_weights_and_leaves_random_numbers_alone(config):
    state = torch.get_rng_state()
    one, same, other = build_model(config, seed=1), build_model(config, seed=1), build_model(config, seed=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, one.parameters(), same.parameters()))
    assert not all(map(torch.equal, one.parameters(), other.parameters()))


def test_what_goes_in_matters(config, samples):
    model = build_model(config).eval()
    codes = model.encode(samples)
    assert (codes[0] - codes[1]).abs().max() > 1e-3


def test_every_parameter_is_trained(config, samples):
    model = build_model(config)
    for p in model.parameters():  # the mesh decoder starts at zero, which stops what is before it
        torch.nn.init.normal_(p, std=0.3, generator=torch.Generator().manual_seed(0)) if not p.any() else None
    model.loss(model(samples), samples).total.backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_wrong_shapes_are_refused(kind, config, samples):
    model = build_model(config)
    for wrong in (samples[0], samples[..., :2]):
        with pytest.raises(ValueError, match="samples must have shape"):
            model.encode(wrong)
    with pytest.raises(ValueError, match=r"codes must have shape \(B, 4\), got \(2, 3\)"):
        model.decode(torch.zeros(2, 3))


def test_settings_of_something_else_are_refused():
    with pytest.raises(
        TypeError, match="must be a PointCloudConfig, a PointNetConfig, a MeshConfig or a VoxelConfig, got a dict"
    ):
        build_model({})


@pytest.mark.parametrize("kind", ["points", "mesh"])
def test_the_order_and_the_number_of_points_do_not_matter(kind):
    model, points = build_model(SMALL[kind]).eval(), samples_of("points")
    order = torch.randperm(points.shape[1], generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.encode(points[:, order]), model.encode(points), rtol=1e-4, atol=1e-5)
    assert model(points[:, :5]).shape == model(points).shape


@pytest.mark.parametrize("template", ["icosphere", "torus"])
def test_a_mesh_starts_as_its_closed_template(template):
    model = build_model(MeshConfig(network=MeshNetwork(template=template, subdivisions=1)))
    made = model(torch.rand(2, 10, 3))
    assert torch.equal(made, model.template.expand_as(made))
    assert trimesh.Trimesh(made[0].detach().numpy(), model.faces.numpy(), process=False).is_watertight


@pytest.mark.parametrize("resolution", [4, 5, 7, 12, 20, 24, 33])
@pytest.mark.parametrize("layers", [1, 3])
def test_any_resolution_comes_out_as_it_went_in(resolution, layers):
    network = VoxelNetwork(resolution=resolution, base_channels=1, layers=layers, latent=2)
    model = build_model(VoxelConfig(network=network))
    assert model(torch.zeros(2, *[resolution] * 3)).shape == (2, *[resolution] * 3)


def test_boolean_grids_are_read(samples):
    model, grids = build_model(SMALL["voxel"]).eval(), samples_of("voxel")
    assert torch.equal(model(grids), model(grids.float()))


def test_a_batch_does_not_mix_its_samples(config, samples):
    model = build_model(replace(config)).eval()
    torch.testing.assert_close(model(samples)[:1], model(samples[:1]), rtol=1e-4, atol=1e-5)
