import pytest
import torch

from box_clouds import box_clouds
from diffshape.losses import chamfer_distance
from diffshape.models import PointNetConfig, PointNetNetwork, build_model, load, train_autoencoder

NETWORK = PointNetNetwork(points=64, encoder=(32, 64), latent=16, decoder=(64,))


RELU = PointNetConfig(network=PointNetNetwork(points=8, encoder=(8,), latent=4, final_relu=True))


@pytest.mark.parametrize("loss", ["chamfer", "earth_mover"])
def test_two_shapes_are_learnt(loss):
    """In evaluation mode, whose batch norm has other statistics than that of training."""
    shapes = box_clouds(2, 64)
    config = PointNetConfig(network=NETWORK, loss=loss, lr=5e-3)
    model = train_autoencoder(shapes, config, steps=100, device="cpu").model
    made = model.decode_codes(model.codes_of(shapes))
    between = chamfer_distance(shapes.points[:1], shapes.points[1:])
    assert chamfer_distance(made, shapes.points) < 0.1 * between


def test_codes_do_not_depend_on_the_order_of_the_points():
    model = build_model(PointNetConfig(network=NETWORK)).eval()
    clouds = box_clouds(3).points
    order = torch.randperm(clouds.shape[1], generator=torch.Generator().manual_seed(0))
    codes = model.encode(clouds)
    assert torch.allclose(codes, model.encode(clouds[:, order]), atol=1e-6)
    assert (codes[0] - codes[1]).abs().max() > 1e-3


def test_every_point_may_count():
    """The code is a maximum over the points: a point far out changes it, one that is there twice does not."""
    model = build_model(PointNetConfig(network=NETWORK)).eval()
    cloud = box_clouds(1).points
    far = torch.tensor([[[5.0, -5.0, 5.0]]])
    assert not torch.allclose(model.encode(torch.cat([cloud, far], 1)), model.encode(cloud))
    assert torch.allclose(model.encode(torch.cat([cloud, cloud[:, :9]], 1)), model.encode(cloud), atol=1e-6)


def test_codes_and_shapes_come_from_evaluation_mode_and_leave_the_mode_alone():
    model = build_model(PointNetConfig(network=NETWORK)).train()
    shapes = box_clouds(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    together = model.codes_of(shapes)
    alone = torch.cat([model.codes_of(shapes[number : number + 1]) for number in range(3)])
    assert torch.allclose(together, alone, atol=1e-6)  # batch norm in training would mix the shapes
    assert model.decode_codes(together).requires_grad is together.requires_grad is False
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_codes_with_a_final_relu_are_never_negative():
    clouds = box_clouds(4).points
    assert build_model(RELU).encode(clouds).min() >= 0
    plain = build_model(PointNetConfig(network=PointNetNetwork(points=8, encoder=(8,), latent=4)))
    assert plain.encode(clouds[:, :1]).min() < 0  # the maximum over one point


def test_codes_below_zero_decode_as_zero_where_no_cloud_has_them():
    """A Gaussian fitted to codes that end in a ReLU leaks below 0."""
    model = build_model(RELU)
    codes = torch.tensor([[-1.0, 0.5, -0.2, 2.0]])
    assert torch.equal(model.decode_codes(codes), model.decode_codes(codes.clamp(min=0)))
    assert not torch.equal(model.decode_codes(codes), model.decode(codes))


def test_a_saved_model_gives_the_same_bits(tmp_path):
    shapes = box_clouds(3)
    model = train_autoencoder(shapes, PointNetConfig(network=NETWORK), steps=2, device="cpu").model
    model.save(tmp_path)
    other = load(tmp_path)
    assert other.config == model.config
    assert torch.equal(other.decode_codes(other.codes_of(shapes)), model.decode_codes(model.codes_of(shapes)))


def test_wrong_shapes_are_named():
    model = build_model(PointNetConfig(network=NETWORK))
    with pytest.raises(ValueError, match=r"PointNetModel: samples must have shape \(B, N, 3\), got \(2, 0, 3\)"):
        model.encode(torch.zeros(2, 0, 3))
    with pytest.raises(ValueError, match=r"PointNetModel: codes must have shape \(B, 16\), got \(16,\)"):
        model.decode_codes(torch.zeros(16))
