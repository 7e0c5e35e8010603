import pytest
import torch

from diffshape.metrics import compare_surfaces, occupancy_iou
from diffshape.models import ImNet, ImNetConfig, ImNetNetwork, load


@pytest.fixture
def fresh(tiny):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ImNet(tiny).eval()


def test_two_shapes_are_learnt_by_heart(learnt, two):
    codes = learnt.codes_of(two)
    iou = occupancy_iou(learnt.occupied(two.volume_points, codes), two.occupancies)
    assert iou.min() > 0.85


def test_values_and_occupancies_agree(learnt, two):
    codes = learnt.codes_of(two)
    occupancies = learnt.occupancies(two.volume_points, codes)
    assert torch.equal(learnt.values(two.volume_points, codes), 0.5 - occupancies)
    assert torch.equal(learnt.occupied(two.volume_points, codes), occupancies > 0.5)


def test_meshes_are_closed_and_where_the_shapes_are(learnt, two):
    flat, tall = learnt.decode_codes(learnt.codes_of(two), 40)
    truth = torch.tensor([[12, 4, 12], [6, 14, 6]]) / 16
    for mesh, sides in zip((flat, tall), truth):
        low, high = mesh.vertices.min(0), mesh.vertices.max(0)
        assert high == pytest.approx(sides.numpy() / 2, abs=0.06)
        assert low == pytest.approx(-sides.numpy() / 2, abs=0.06)
        score = compare_surfaces(mesh, mesh, samples=100)
        assert score.watertight


def test_a_field_is_negative_inside(learnt, two):
    field = learnt.field_of(learnt.codes_of(two)[0])
    assert field(torch.zeros(1, 3)).item() < -0.2
    assert field(torch.tensor([[0.0, 0.4, 0.0]])).item() > 0.2


def test_codes_repeat_and_depend_on_no_other_shape(tiny, two):
    for version in ("improved", "original"):
        model = ImNet(ImNetConfig(network=ImNetNetwork(version=version, resolution=8, latent=4, encoder_width=2)))
        together = model.codes_of(two)
        assert model.training  # as it was
        assert torch.equal(together, model.codes_of(two))
        torch.testing.assert_close(together[1:], model.codes_of(two[1:]))


def test_of_finer_voxels_the_means_are_read(fresh, two):
    means = two.voxels.float().reshape(2, 8, 2, 8, 2, 8, 2).mean((2, 4, 6))
    assert ((means > 0) & (means < 1)).any()
    torch.testing.assert_close(fresh.encode(two.voxels), fresh.encoder(means))
    torch.testing.assert_close(fresh.encode(two.voxels.float()), fresh.encode(two.voxels))


def test_nothing_is_occupied_beyond_the_cube(fresh):
    points = torch.tensor([[[0.5, -0.5, 0.5], [0.501, 0, 0], [0, -0.501, 0], [0, 0, 9.0]]])
    for weight in fresh.decoder.weights:
        weight.data.zero_()
    fresh.decoder.offsets[-1].data.fill_(0.9)
    codes = torch.rand(1, fresh.latent)
    assert fresh.occupancies(points, codes)[0].tolist() == pytest.approx([0.9, 0, 0, 0])
    assert fresh.occupied(points, codes)[0].tolist() == [True, False, False, False]


def test_shells_are_filled_if_asked(two):
    shells = two.voxels.clone()
    shells[:, 6:10, 7:9, 6:10] = False
    network = ImNetNetwork(resolution=16, latent=4, encoder_width=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        filling = ImNet(ImNetConfig(network=network, fill=True)).eval()
    plain = ImNet(ImNetConfig(network=network)).eval()
    plain.load_state_dict(filling.state_dict())
    assert torch.equal(filling.encode(shells), plain.encode(two.voxels))
    assert not torch.equal(plain.encode(shells), plain.encode(two.voxels))


def test_interpolation_goes_straight(learnt, two):
    first, last = learnt.codes_of(two)
    codes = learnt.interpolate(first, last, 3)
    torch.testing.assert_close(codes[1], (first + last) / 2)
    assert torch.equal(codes[0], first)


def test_a_saved_model_comes_back_to_the_bit(learnt, two, tmp_path):
    learnt.save(tmp_path)
    back = load(tmp_path)
    assert type(back) is ImNet
    assert (back.config, back.training) == (learnt.config, False)
    assert torch.equal(back.codes_of(two), learnt.codes_of(two))
    codes = learnt.codes_of(two)
    assert torch.equal(back.occupancies(two.volume_points, codes), learnt.occupancies(two.volume_points, codes))


def test_a_shape_without_surface_is_an_empty_mesh(fresh):
    for offset in fresh.decoder.offsets[-1:]:
        offset.data.fill_(-9.0)
    mesh = fresh.mesh(torch.zeros(4), 8)
    assert (mesh.vertices.shape, mesh.faces.shape) == ((0, 3), (0, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: m.encode(torch.zeros(1, 8, 8, 4)),
            r"inputs must be voxels \(B, R, R, R\), R a multiple of 8, got \(1, 8, 8, 4\)",
        ),
        (lambda m: m.encode(torch.zeros(1, 12, 12, 12)), "R a multiple of 8"),
        (
            lambda m: m.occupancies(torch.zeros(1, 5, 3), torch.zeros(1, 3)),
            r"occupancies: codes must have shape \(B, 4\), got \(1, 3\)",
        ),
        (lambda m: m.occupancies(torch.zeros(2, 5, 3), torch.zeros(1, 4)), r"points must have shape \(1, P, 3\)"),
        (lambda m: m.occupied(torch.zeros(5, 3), torch.zeros(1, 4)), r"points must have shape \(1, P, 3\)"),
        (lambda m: m.mesh(torch.zeros(3)), r"mesh: code must have shape \(4,\), got \(3,\)"),
        (lambda m: m.mesh(torch.zeros(4), 1), "resolution must be at least 2"),
        (lambda m: m.interpolate(torch.zeros(4), torch.zeros(3), 2), r"first and last must have shape \(4,\)"),
    ],
)
def test_what_is_wrong_is_said(fresh, call, message):
    with pytest.raises(ValueError, match=message):
        call(fresh)
