import pytest
import torch
from torch.nn.functional import leaky_relu

from diffshape.models import ORIGINAL_IMNET, PUBLISHED_IMNET, ImNetNetwork
from diffshape.models.imnet.networks import PointDecoder, VoxelEncoder, clipped


def size(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(params=["improved", "original"])
def network(request):
    return ImNetNetwork(version=request.param, resolution=16, latent=5, width=3, encoder_width=2)


def test_parameters_as_published():
    """3.05 and 3.31 million in the decoders."""
    assert size(PointDecoder(PUBLISHED_IMNET.network)) == 3_054_593
    assert size(PointDecoder(ORIGINAL_IMNET.network)) == 3_309_185
    assert size(VoxelEncoder(PUBLISHED_IMNET.network)) == 6_949_120


def test_the_decoder_is_the_published_formula(network):
    """Point and code joined for every point, and again after each of the first four layers of the original."""
    decoder = PointDecoder(network)
    points, codes = torch.randn(2, 7, 3), torch.rand(2, 5)
    scale = {"improved": 1, "original": 2}[network.version]
    joined = torch.cat([scale * points, codes[:, None].expand(-1, 7, -1)], -1)
    hidden = joined
    last = len(decoder.weights) - 1
    for place, (weight, offset) in enumerate(zip(decoder.weights, decoder.offsets)):
        hidden = hidden @ weight.T + offset
        if place < last:
            hidden = leaky_relu(hidden, 0.02)
            if network.version == "original" and place < 4:
                hidden = torch.cat([hidden, joined], -1)
    wanted = (
        hidden.sigmoid()
        if network.version == "original"
        else torch.clamp(hidden, 0, 1) + 0.01 * (hidden.clamp_max(0) + (hidden - 1).clamp_min(0))
    )
    torch.testing.assert_close(decoder(points, codes), wanted[..., 0])


def test_widths_are_those_of_the_paper(network):
    outs = [len(weight) for weight in PointDecoder(network).weights]
    assert outs == {"improved": [24, 24, 24, 12, 6, 3, 1], "original": [48, 24, 12, 6, 3, 1]}[network.version]


def test_the_clip_keeps_a_hundredth_of_the_gradient():
    values = torch.tensor([-2.0, 0.3, 5.0], requires_grad=True)
    clipped(values).sum().backward()
    assert values.grad.tolist() == pytest.approx([0.01, 1.0, 0.01])
    assert clipped(torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_published_first_weights():
    for config, mean in ((PUBLISHED_IMNET, 1e-5), (ORIGINAL_IMNET, 0.0)):
        decoder = PointDecoder(config.network)
        for weight in decoder.weights[:-1]:
            assert weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert abs(weight.mean().item()) < 0.02 / weight.numel() ** 0.5 * 5
        assert decoder.weights[-1].std().item() == pytest.approx(0.02, rel=0.3)
        assert abs(decoder.weights[-1].mean().item() - mean) < 0.02 / 128**0.5 * 5
        assert all(not offset.any() for offset in decoder.offsets)


def test_narrow_networks_hear_the_point_at_once():
    """With the published weights the output of a narrow network hardly depends on it, and training stalls."""

    def spread(initialization):
        network = ImNetNetwork(initialization=initialization, latent=64, width=16)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            decoder = PointDecoder(network)
        points, codes = torch.rand(1, 2000, 3) - 0.5, torch.full((1, 64), 0.5)
        return decoder(points, codes).std().item()

    assert spread("kaiming") > 0.01 > 1e-3 > spread("published")


def test_codes_lie_between_0_and_1(network):
    encoder = VoxelEncoder(network)
    voxels = (torch.rand(3, 16, 16, 16) > 0.5).float()
    codes = encoder(voxels)
    assert codes.shape == (3, 5)
    assert bool(((codes > 0) & (codes < 1)).all())
    norms = {type(layer).__name__ for layer in encoder} & {"InstanceNorm3d", "BatchNorm3d"}
    assert norms == {{"improved": "InstanceNorm3d", "original": "BatchNorm3d"}[network.version]}


@pytest.mark.parametrize(("resolution", "convolutions"), [(8, 2), (16, 3), (32, 4), (64, 5)])
def test_the_encoder_halves_down_to_four_voxels(resolution, convolutions):
    encoder = VoxelEncoder(ImNetNetwork(resolution=resolution, encoder_width=2))
    assert sum(isinstance(layer, torch.nn.Conv3d) for layer in encoder) == convolutions
    assert encoder(torch.zeros(1, resolution, resolution, resolution)).shape == (1, 64)
